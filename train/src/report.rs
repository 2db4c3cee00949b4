//! What is shipped beside the weights: training.json, with the recipe, the log, and what the shipped weights do.

use crate::measure::{Measure, scores};
use crate::model::Gpt2;
use crate::recipe::Recipe;
use crate::text::Dice;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// Draws of random heads that an ablation is compared with.
const DRAWS: usize = 20;
/// Sets of questions on which heads are ablated.
const ABLATED_ON: [&str; 3] = ["names", "new_names", "capitals"];

/// `model` must hold the values that were written, rounded to 16 bits: the page sees no others.
pub fn report(model: &Gpt2, recipe: &Recipe, measure: &Measure, log: &Path, out: &Path) -> Result<Value> {
    let lines = fs::read_to_string(log)?;
    let lines: Vec<Value> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?;
    let pick = |key: &str| -> Vec<&Value> { lines.iter().filter(|line| !line[key].is_null()).collect() };
    let steps = pick("loss_sentences");
    let mut measured: Vec<Value> = pick("measured")
        .iter()
        .map(|line| with_step(&line["measured"], &line["step"]))
        .collect();
    let last = measured
        .last_mut()
        .ok_or_else(|| Error::other("the log has no measurement"))?;
    *last = with_step(&measure.of(model), &last["step"].clone());
    let names = measure
        .scored
        .iter()
        .find(|s| s.name == "name_copying")
        .expect("names are measured");
    let [hits, suppression_hits] = scores(model, &names.pairs, names.k);
    let file = |name: &str| -> Result<String> { Ok(hex(&fs::read(out.join(name))?)) };
    let mut report = json!({
        "about": "Headmap's demonstration model: how it was trained and what it does. Made by train/.",
        "recipe": recipe,
        "recipe_sha256": recipe.hash(),
        "text_sha256": hex(include_bytes!("../text/grammar.json")),
        "sha256": {
            "model.safetensors": file("model.safetensors")?,
            "config.json": file("config.json")?,
            "tokenizer.json": file("tokenizer.json")?,
        },
        "seconds": seconds(&steps),
        "steps": steps,
        "measured": measured,
        "figure": { "hits": hits, "suppression_hits": suppression_hits, "total": names.pairs.len() },
        "ablation": ablation(model, measure, &hits),
    });
    if recipe.more_phrases {
        report["more_text_sha256"] = hex(include_bytes!("../text/more.json")).into();
    }
    Ok(report)
}

fn with_step(of: &Value, step: &Value) -> Value {
    let mut of = of.clone();
    of["step"] = step.clone();
    of
}

pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Of all runs of the program together: its clock starts anew with each.
fn seconds(steps: &[&Value]) -> u64 {
    let clock: Vec<u64> = steps.iter().filter_map(|s| s["seconds"].as_u64()).collect();
    let ends = clock.windows(2).filter(|pair| pair[1] < pair[0]).map(|pair| pair[0]);
    ends.sum::<u64>() + clock.last().unwrap_or(&0)
}

/// The heads in the order of their static name-copying score, taken away one after the other at the last position;
/// beside it, as many random other heads.
fn ablation(model: &Gpt2, measure: &Measure, hits: &[Vec<usize>]) -> Value {
    let mut heads: Vec<(usize, usize)> = (0..hits.len())
        .flat_map(|l| (0..hits[l].len()).map(move |h| (l, h)))
        .collect();
    heads.sort_by_key(|(l, h)| (std::cmp::Reverse(hits[*l][*h]), *l, *h));
    let most = (heads.len() / 4).max(1);
    let mut tasks = serde_json::Map::new();
    for set in ABLATED_ON {
        let clean = measure.accuracy(model, set, &[]);
        let ranked: Vec<f64> = (1..=most).map(|m| measure.accuracy(model, set, &heads[..m])).collect();
        let random: Vec<f64> = (1..=most)
            .map(|m| random_others(model, measure, set, &heads, m))
            .collect();
        tasks.insert(
            set.into(),
            json!({ "clean": clean, "ranked": ranked, "random": random }),
        );
    }
    let single: Vec<Value> = heads
        .iter()
        .map(|head| json!({ "head": head, "names": measure.accuracy(model, "names", &[*head]) }))
        .collect();
    json!({ "order": &heads[..most], "draws": DRAWS, "tasks": tasks, "single": single })
}

/// Mean accuracy without `m` heads that are not among the first `m`.
fn random_others(model: &Gpt2, measure: &Measure, set: &str, heads: &[(usize, usize)], m: usize) -> f64 {
    let mut dice = Dice::new(0, 2);
    let mut sum = 0.0;
    for _ in 0..DRAWS {
        let mut rest = heads[m..].to_vec();
        let mut off = Vec::new();
        for _ in 0..m {
            off.push(rest.swap_remove(dice.below(rest.len())));
        }
        sum += measure.accuracy(model, set, &off);
    }
    sum / DRAWS as f64
}
