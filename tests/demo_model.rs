//! The demonstration model that is shipped: its figure is the one that was logged, and what is said of it holds, as
//! the product itself measures it. Counts are pinned; the goals they are held against are in the names of the tests.
#![cfg(feature = "run")]

mod support;

use headmap::relation::Pair;
use headmap::score::run::{
    AblationAsk, AblationDocument, AblationTask, DynamicAsk, PAPER_TEMPLATES, PatternsAsk, ablate, attention_scores,
    order_by_score, score_dynamic,
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
    assert_eq!((copying, near_zero), (2, 9), "{hits:?} of {total}");
    assert_eq!((all.iter().max(), total), (Some(&139), 155));
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
    assert!(without >= 0.98 && with >= 0.78, "r = {without}, with context {with}");
}

fn pearson(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(a, b), p| (a + p.0 / n, b + p.1 / n));
    let sum = |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| f(p.0 - mx, p.1 - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// The names that the model knows, and apart those in every fifth place: in the training's sentences they never come twice.
fn known_and_held_out_names() -> [Vec<Pair>; 2] {
    let model = open(&path("models/demo")).unwrap();
    let relations = [relation("name_copying", 1)];
    let result = block_on(score_relations(&model, &relations, Options::default(), &SilentHost)).unwrap();
    let mut lists = [vec![], vec![]];
    for (i, (source, target, ..)) in result.relations[0].kept.iter().enumerate() {
        lists[usize::from(i % 5 == 4)].push((source.clone(), target.clone()));
    }
    lists
}

/// As the training's sentences are, in both orders.
const NAME_PHRASES: [&str; 6] = [
    "When <X> and John went to the store, John gave a drink to",
    "When John and <X> went to the store, John gave a drink to",
    "After <X> and Anna were at the park, Anna said hello to",
    "After Anna and <X> met at the park, Anna said hello to",
    "The friends Kevin and <X> met at the park. Later Kevin looked at",
    "The teacher saw Laura and <X> at the beach. Then Laura thanked",
];

/// With openings and endings that the training never saw.
const NEW_NAME_PHRASES: [&str; 8] = [
    "Once <X> and John went to the store, John handed a ring to",
    "Once John and <X> went to the store, John handed a ring to",
    "Because <X> and Anna were talking, Anna walked over to",
    "Because Anna and <X> were talking, Anna walked over to",
    "This morning <X> and Kevin had lunch at the hotel. Kevin returned the key to",
    "This morning Kevin and <X> had lunch at the hotel. Kevin returned the key to",
    "Near the river stood <X> and Laura. Then Laura opened the door for",
    "Near the river stood Laura and <X>. Then Laura opened the door for",
];

/// Right answers of the whole model, of all prompts.
fn right(templates: &[&str], pairs: &[Pair]) -> (u32, usize) {
    let tasks = templates.iter().map(|t| task(t, t, pairs.to_vec())).collect();
    // Some head has to be named; what is left without it is not looked at.
    let found = asked(vec![(0, 0)], tasks, 0);
    for task in &found.tasks {
        println!("{}: {} of {}", task.id, task.clean, task.total);
    }
    (
        found.tasks.iter().map(|t| t.clean).sum(),
        found.tasks.iter().map(|t| t.total).sum(),
    )
}

/// The goal is 90 %: reached where the model knows names and phrases, missed where either is new.
#[test]
fn the_right_one_of_two_names() {
    let [known, held_out] = known_and_held_out_names();
    let found = [
        right(&NAME_PHRASES, &known),
        right(&NEW_NAME_PHRASES, &known),
        right(&NAME_PHRASES, &held_out),
        right(&NEW_NAME_PHRASES, &held_out),
    ];
    assert_eq!(found, [(744, 744), (712, 992), (64, 186), (20, 248)]);
}

const NEW_CAPITAL_PHRASES: [&str; 4] = [
    "The most famous city in <X> is",
    "The teacher flew to <X> and stayed in",
    "The government of <X> is in",
    "All roads in <X> go to",
];

/// The goal is 80 %.
#[test]
fn capitals_in_held_out_phrases() {
    let found = right(&NEW_CAPITAL_PHRASES, &relation("country_to_capital", 10).pairs);
    assert_eq!(found, (166, 172));
}

/// The paper's causal check, on all names: the goal is that without the best copying heads at least half of the answers are
/// lost, and without as many random others under a fifth of that.
#[test]
fn taking_the_copying_heads_away_takes_the_copying_away() {
    let (hits, _, _) = names();
    let pairs = relation("name_copying", 1).pairs;
    let tasks = NAME_PHRASES.iter().map(|t| task(t, t, pairs.clone())).collect();
    let found = asked(order_by_score(&hits, 4), tasks, 20);
    assert_eq!(found.order, [(3, 2), (3, 1), (2, 3), (3, 0)]);
    let (mut clean, mut without, mut random) = (0, 0, 0);
    for task in &found.tasks {
        clean += task.clean;
        without += task.ranked[3];
        random += task.random.iter().map(|draw| draw[3]).sum::<u32>();
    }
    assert_eq!((clean, without, random), (808, 246, 14_399));
    let lost = f64::from(clean - without);
    assert!(lost >= 0.5 * f64::from(clean));
    assert!(f64::from(clean) - f64::from(random) / 20.0 < lost / 5.0);
}

/// The set of known heads that the page marks on this model.
#[derive(Deserialize)]
struct KnownSet {
    model: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    heads: Vec<(usize, usize)>,
}

/// Without one of these alone, at least this share of the right answers is lost.
const MATTERS: f64 = 0.125;
/// Where these put at least this much of their attention.
const LOOKS: f64 = 0.4;

#[test]
fn its_known_heads_are_those_that_ablation_and_patterns_find() {
    let model = open(&path("models/demo")).unwrap();
    let (n_layer, n_head) = (model.layout().n_layer, model.layout().n_head);
    let heads: Vec<(usize, usize)> = (0..n_layer).flat_map(|l| (0..n_head).map(move |h| (l, h))).collect();
    let pairs = relation("name_copying", 1).pairs;
    let matters = |head: &(usize, usize)| {
        let tasks = NEW_NAME_PHRASES[..2]
            .iter()
            .map(|t| task(t, t, pairs.clone()))
            .collect();
        let found = asked(vec![*head], tasks, 0);
        let sum = |of: &dyn Fn(&headmap::score::run::TaskResult) -> u32| found.tasks.iter().map(of).sum::<u32>();
        let (clean, without) = (sum(&|t| t.clean), sum(&|t| t.ranked[0]));
        println!("without {head:?} {without} of {clean}");
        f64::from(without) <= (1.0 - MATTERS) * f64::from(clean)
    };
    let ask = PatternsAsk {
        length: 32,
        sequences: 8,
        seed: 1,
    };
    let patterns = block_on(attention_scores(&model, ask, &SilentHost)).unwrap();
    let look = |scores: &[Vec<f64>]| -> Vec<(usize, usize)> {
        let at = |(l, h): &(usize, usize)| scores[*l][*h] >= LOOKS;
        heads.iter().copied().filter(at).collect()
    };
    let names: Vec<(usize, usize)> = heads.iter().copied().filter(matters).collect();
    assert_eq!(look(&patterns.induction), names, "the same heads do both");
    assert!(look(&patterns.duplicate_token).is_empty());
    let found = [
        ("Names are lost without it (and Induction)", names),
        ("Previous token", look(&patterns.previous_token)),
    ];
    let sets: Vec<KnownSet> =
        serde_json::from_str(&std::fs::read_to_string(path("www/data/known-heads.json")).unwrap()).unwrap();
    let set = sets.iter().find(|set| set.model == "demo").unwrap();
    let shown: Vec<_> = set.groups.iter().map(|g| (g.name.as_str(), g.heads.clone())).collect();
    assert_eq!(shown, found);
}
