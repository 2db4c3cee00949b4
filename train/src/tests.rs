//! A few steps of a small training, and the text.

use crate::measure::{Measure, scores};
use crate::recipe::{Recipe, Shape};
use crate::train::{Training, last};
use crate::{Studio, export};
use headmap::checkpoint::FileSource;
use std::path::{Path, PathBuf};

fn recipe(steps: usize) -> Recipe {
    Recipe {
        shape: Shape {
            n_layer: 2,
            n_head: 2,
            d_model: 32,
            n_ctx: 32,
        },
        steps,
        batch: 8,
        warm_up: 5,
        cool_down: 5,
        ..Recipe::default()
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("headmap-train-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn losses(folder: &Path) -> Vec<f64> {
    let log = std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
    let lines = log
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
    lines.filter_map(|l| l["loss_sentences"].as_f64()).collect()
}

/// Trains up to each step of `stops` in turn, each time from the files alone; gives the folder.
fn trained(name: &str, recipe: &Recipe, stops: &[usize]) -> PathBuf {
    let out = folder(name);
    for stop in stops {
        go_on(recipe, &out, *stop);
    }
    out
}

fn go_on(recipe: &Recipe, out: &Path, until: usize) {
    let studio = Studio::open().unwrap();
    let windows = studio.windows(recipe);
    let used = studio.used(&windows);
    let measure = Measure::new(&studio.author, &studio.vocabulary);
    let training = Training {
        recipe,
        windows: &windows,
        measure: &measure,
        used: &used,
        n_vocab: studio.vocabulary.len(),
        out,
    };
    training.run(until, 1000).unwrap();
}

#[test]
fn the_loss_falls_within_a_few_steps() {
    let out = trained("falls", &recipe(100), &[100]);
    let found = losses(&out);
    assert_eq!(found.len(), 2);
    assert!(found[1] < found[0] - 0.5, "{found:?}");
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn a_training_that_was_stopped_ends_in_the_same_weights() {
    let recipe = recipe(12);
    let [a, b] = [trained("whole", &recipe, &[12]), trained("stopped", &recipe, &[5, 12])];
    let studio = Studio::open().unwrap();
    let values = |out: &PathBuf| -> Vec<f32> {
        let model = last(&recipe, studio.vocabulary.len(), out).unwrap();
        model
            .wte
            .val()
            .into_data()
            .iter::<f32>()
            .chain(model.h[1].out.weight.val().into_data().iter::<f32>())
            .collect()
    };
    assert!(values(&a) == values(&b), "the weights differ");
    // As if it had been stopped between two checkpoints: what the log says beyond the last is done again.
    let log = b.join("log.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(
        &log,
        format!("{text}{{\"step\":13,\"loss_sentences\":9.9}}\n{{\"step\":1"),
    )
    .unwrap();
    go_on(&recipe, &b, 12);
    assert_eq!(std::fs::read_to_string(&log).unwrap(), text);
    for out in [a, b] {
        std::fs::remove_dir_all(out).unwrap();
    }
}

/// Long or short, up to the cooling down it is the same training.
#[test]
fn a_training_can_be_made_shorter_until_it_cools_down() {
    let (long, short) = (recipe(30), recipe(12));
    let [a, b] = [trained("short", &short, &[12]), trained("shortened", &long, &[7])];
    go_on(&short, &b, 12);
    let measured = |out: &PathBuf| -> String {
        let log = std::fs::read_to_string(out.join("log.jsonl")).unwrap();
        log.lines().last().unwrap().to_owned()
    };
    assert!(measured(&a).contains("name_copying"));
    assert_eq!(measured(&a), measured(&b));
    let studio = Studio::open().unwrap();
    let weights = |out: &PathBuf| -> Vec<f32> {
        let model = last(&short, studio.vocabulary.len(), out).unwrap();
        model.wte.val().into_data().iter::<f32>().collect()
    };
    assert!(weights(&a) == weights(&b), "the weights differ");
    assert!(short.agrees(&long, 7) && !short.agrees(&long, 8));
    for out in [a, b] {
        std::fs::remove_dir_all(out).unwrap();
    }
}

#[test]
fn another_recipe_does_not_go_on_with_a_training() {
    let out = trained("other", &recipe(2), &[2]);
    let other = Recipe { seed: 3, ..recipe(2) };
    let studio = Studio::open().unwrap();
    let windows = studio.windows(&other);
    let measure = Measure::new(&studio.author, &studio.vocabulary);
    let training = Training {
        recipe: &other,
        windows: &windows,
        measure: &measure,
        used: &[],
        n_vocab: 1,
        out: &out,
    };
    let refused = training.run(2, 1000).unwrap_err().to_string();
    assert!(refused.contains("another recipe"), "{refused}");
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn the_shipped_model_is_of_this_recipe_and_this_text() {
    let file = crate::root().join("models/demo/training.json");
    let shipped: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(shipped["recipe_sha256"], Recipe::default().hash());
    assert_eq!(
        serde_json::from_value::<Recipe>(shipped["recipe"].clone()).unwrap(),
        Recipe::default()
    );
    let text = crate::report::hex(include_bytes!("../text/grammar.json"));
    assert_eq!(shipped["text_sha256"], text);
    let more = crate::report::hex(include_bytes!("../text/more.json"));
    assert_eq!(shipped["more_text_sha256"], more);
}

/// The trainer's own scores against Headmap's, on the files that it writes.
#[test]
fn what_is_written_scores_the_same_in_headmap() {
    let recipe = recipe(30);
    let out = trained("written", &recipe, &[30]);
    let studio = Studio::open().unwrap();
    let model = last(&recipe, studio.vocabulary.len(), &out).unwrap();
    let model = export::export(model, &recipe, &out).unwrap();
    let source = FileSource::open(&out.join("model.safetensors")).unwrap();
    let config = std::fs::read_to_string(out.join("config.json")).unwrap();
    let measure = Measure::new(&studio.author, &studio.vocabulary);
    let tokenizer = studio.vocabulary.into_inner();
    let theirs = crate::headmap_scores(source, &config, tokenizer);
    let names = measure.scored.iter().find(|s| s.name == "name_copying").unwrap();
    let ours = scores(&model, &names.pairs, names.k);
    assert_eq!(theirs.0, ours[0]);
    assert_eq!(theirs.1, ours[1]);
    assert!(
        ours[0].iter().flatten().any(|hits| *hits > 0),
        "nothing to compare: {ours:?}"
    );
    std::fs::remove_dir_all(out).unwrap();
}

/// A field that a file lacks is the shipped model's, and would change with it.
#[test]
fn the_recipes_of_the_trials_name_every_number() {
    let all = Recipe {
        more_phrases: true,
        strangers: 0.2,
        excuse_held_out: true,
        other_words: 0.15,
        odd_names: 0.25,
        slips: 0.5,
        slipped_words: 0.1,
        ..Recipe::default()
    };
    let fields = |recipe: serde_json::Value| -> Vec<String> { recipe.as_object().unwrap().keys().cloned().collect() };
    let fields_of_all = fields(serde_json::to_value(all).unwrap());
    for file in std::fs::read_dir(crate::root().join("train/recipes")).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        let recipe: Recipe = serde_json::from_slice(&text).unwrap();
        assert!(recipe.steps > recipe.cool_down);
        assert_eq!(fields(serde_json::from_slice(&text).unwrap()), fields_of_all);
    }
}
