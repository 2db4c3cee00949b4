//! The demonstration model that is shipped: its figure is the one that was logged, and what its page says of it holds.
#![cfg(feature = "run")]

mod support;

use headmap::score::run::{
    AblationAsk, AblationTask, DynamicAsk, PAPER_TEMPLATES, ablate, order_by_score, score_dynamic,
};
use headmap::score::{Options, SilentHost, score_relations};
use pollster::block_on;
use serde::Deserialize;
use support::{open, path, relation};

/// Of models/demo/training.json, what the trainer says of the shipped weights.
#[derive(Deserialize)]
struct Shipped {
    figure: Figure,
}

#[derive(Deserialize)]
struct Figure {
    hits: Vec<Vec<u32>>,
    suppression_hits: Vec<Vec<u32>>,
    total: usize,
}

fn shipped() -> Shipped {
    serde_json::from_str(&std::fs::read_to_string(path("models/demo/training.json")).unwrap()).unwrap()
}

fn names() -> (Vec<Vec<u32>>, Vec<Vec<u32>>, usize) {
    let model = open(&path("models/demo")).unwrap();
    let relations = [relation("name_copying", 1)];
    let result = block_on(score_relations(&model, &relations, Options::default(), &SilentHost)).unwrap();
    let names = &result.relations[0];
    assert!(names.invalid.is_empty());
    (names.hits.clone(), names.suppression_hits.clone(), names.total)
}

#[test]
fn the_figure_is_the_one_that_was_shipped() {
    let Shipped { figure } = shipped();
    assert_eq!(names(), (figure.hits, figure.suppression_hits, figure.total));
}

#[test]
fn heads_that_copy_names_stand_beside_heads_that_do_not() {
    let (hits, _, total) = names();
    let best = *hits.iter().flatten().max().unwrap();
    let near_zero = hits.iter().flatten().filter(|h| **h * 20 <= total as u32).count();
    assert!(f64::from(best) >= 0.7 * total as f64, "{hits:?} of {total}");
    assert!(near_zero * 3 >= hits.len() * hits[0].len(), "{hits:?} of {total}");
}

/// Pearson's r over all heads and the paper's four templates, source position given.
#[test]
fn static_scores_foretell_the_running_model() {
    let (hits, _, total) = names();
    let model = open(&path("models/demo")).unwrap();
    let ask = DynamicAsk {
        name: "name_copying".into(),
        pairs: relation("name_copying", 1).pairs,
        templates: PAPER_TEMPLATES.map(str::to_owned).to_vec(),
        k: 1,
        multi_token: false,
    };
    let found = block_on(score_dynamic(&model, &ask, &SilentHost)).unwrap();
    let mut points = Vec::new();
    for template in &found.templates {
        for (row, dynamic) in hits.iter().zip(&template.without_context.hits) {
            let share = |h: u32, of: usize| f64::from(h) / of as f64;
            points.extend(
                row.iter()
                    .zip(dynamic)
                    .map(|(s, d)| (share(*s, total), share(*d, template.total))),
            );
        }
    }
    let r = pearson(&points);
    assert!(r >= 0.7, "r = {r}");
}

fn pearson(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(a, b), p| (a + p.0 / n, b + p.1 / n));
    let sum = |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| f(p.0 - mx, p.1 - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// The paper's causal check: without the best copying heads the model no longer copies; without others it does.
#[test]
fn taking_the_copying_heads_away_takes_the_copying_away() {
    let (hits, _, _) = names();
    let model = open(&path("models/demo")).unwrap();
    let ask = AblationAsk {
        order: order_by_score(&hits, 3),
        tasks: vec![AblationTask {
            id: "names".into(),
            title: "Names".into(),
            template: " John-> John; Donna-> Donna; <X>->".into(),
            pairs: relation("name_copying", 1).pairs,
        }],
        draws: 5,
        seed: 7,
    };
    let found = block_on(ablate(&model, &ask, &SilentHost)).unwrap();
    let task = &found.tasks[0];
    let lost = |right: u32| f64::from(task.clean) - f64::from(right);
    let m = task.ranked.len() - 1;
    let by_random = task.random.iter().map(|draw| lost(draw[m])).sum::<f64>() / task.random.len() as f64;
    println!(
        "clean {} of {}, ranked {:?}, random {:?}",
        task.clean, task.total, task.ranked, task.random
    );
    assert!(lost(task.ranked[m]) * 2.0 >= f64::from(task.clean), "{:?}", task.ranked);
    assert!(
        by_random * 5.0 < lost(task.ranked[m]),
        "{:?} against {:?}",
        task.ranked,
        task.random
    );
}
