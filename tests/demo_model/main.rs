//! The demonstration model that is shipped: its figure is the one that was logged, and what is said of it holds, as
//! the product itself measures it. Counts are pinned; the goals they are held against are in the names of the tests.
#![cfg(feature = "run")]

mod ablation;
mod questions;
#[path = "../support/mod.rs"]
mod support;

use headmap::relation::Pair;
use headmap::score::run::{
    AblationAsk, AblationDocument, AblationTask, DynamicAsk, PAPER_TEMPLATES, ablate, score_dynamic,
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

/// Static hits of name copying, [layer][head], of its suppression, and of how many pairs.
fn names() -> (Vec<Vec<u32>>, Vec<Vec<u32>>, usize) {
    let model = open(&path("models/demo")).unwrap();
    let relations = [relation("name_copying", 1)];
    let result = block_on(score_relations(&model, &relations, Options::default(), &SilentHost)).unwrap();
    let names = &result.relations[0];
    assert!(names.invalid.is_empty());
    (names.hits.clone(), names.suppression_hits.clone(), names.total)
}

fn task(id: &str, template: &str, pairs: Vec<Pair>) -> AblationTask {
    AblationTask {
        id: id.into(),
        title: id.into(),
        template: template.into(),
        pairs,
    }
}

fn asked(order: Vec<(usize, usize)>, tasks: Vec<AblationTask>, draws: usize) -> AblationDocument {
    let model = open(&path("models/demo")).unwrap();
    let ask = AblationAsk {
        order,
        tasks,
        draws,
        seed: 7,
    };
    block_on(ablate(&model, &ask, &SilentHost)).unwrap()
}

#[test]
fn the_figure_is_the_one_that_was_shipped() {
    let Shipped { figure } = shipped();
    assert_eq!(names(), (figure.hits, figure.suppression_hits, figure.total));
}

#[test]
fn heads_that_copy_names_stand_beside_heads_that_do_not() {
    let (hits, _, total) = names();
    let all: Vec<u32> = hits.concat();
    let copying = all.iter().filter(|h| f64::from(**h) >= 0.7 * total as f64).count();
    let near_zero = all.iter().filter(|h| f64::from(**h) <= 0.05 * total as f64).count();
    assert_eq!((copying, near_zero), (3, 19), "{hits:?} of {total}");
    assert_eq!((all.iter().max(), total), (Some(&147), 155));
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
    let correlation = |with_context: bool| {
        let mut points = Vec::new();
        for template in &found.templates {
            let dynamic = if with_context {
                &template.with_context
            } else {
                &template.without_context
            };
            let share = |h: u32, of: usize| f64::from(h) / of as f64;
            for (s, d) in hits.concat().iter().zip(dynamic.hits.concat()) {
                points.push((share(*s, total), share(d, template.total)));
            }
        }
        pearson(&points)
    };
    let [without, with] = [false, true].map(correlation);
    assert!(without >= 0.99 && with >= 0.82, "r = {without}, with context {with}");
}

fn pearson(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(a, b), p| (a + p.0 / n, b + p.1 / n));
    let sum = |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| f(p.0 - mx, p.1 - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}
