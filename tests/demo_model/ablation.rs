//! What is lost without heads: of the best copying ones together, and of each alone.

use super::questions::{NAME_PHRASES, NEW_NAME_PHRASES};
use super::{asked, names, task};
use crate::support::{open, path, relation};
use headmap::score::SilentHost;
use headmap::score::run::{PatternsAsk, TaskResult, attention_scores, order_by_score};
use pollster::block_on;
use serde::Deserialize;

/// Draws of as many random other heads.
const DRAWS: u32 = 60;

/// The paper's causal check, on all names. The goal is that without the best copying heads, the fewest that take it, at
/// least half of the answers are lost, and without as many random others under a fifth of that.
#[test]
fn taking_the_copying_heads_away_takes_the_copying_away() {
    let (hits, _, _) = names();
    let pairs = relation("name_copying", 1).pairs;
    let tasks = || NAME_PHRASES.iter().map(|t| task(t, t, pairs.clone())).collect();
    let all = asked(order_by_score(&hits, hits.concat().len()), tasks(), 0);
    let sum = |of: &dyn Fn(&TaskResult) -> u32| all.tasks.iter().map(of).sum::<u32>();
    let clean = sum(&|t| t.clean);
    let left: Vec<u32> = (0..all.order.len()).map(|m| sum(&|t| t.ranked[m])).collect();
    let fewest = 1 + left.iter().position(|left| 2 * left <= clean).unwrap();
    let best = all.order[..fewest].to_vec();
    let found = asked(best.clone(), tasks(), DRAWS as usize);
    let random: u32 = found
        .tasks
        .iter()
        .flat_map(|t| &t.random)
        .map(|draw| draw[fewest - 1])
        .sum();
    let lost = f64::from(clean - left[fewest - 1]);
    let lost_by_others = f64::from(clean) - f64::from(random) / f64::from(DRAWS);
    assert_eq!(best, [(4, 2), (4, 3), (4, 1), (3, 0), (3, 4), (4, 5)]);
    assert_eq!((clean, left[fewest - 1], random), (915, 233, 49_989));
    assert!(lost_by_others < lost / 5.0);
    assert_eq!(
        marked("Names are lost without these together"),
        best,
        "www/data/known-heads.json"
    );
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

/// The heads of a group of that set; none where there is no such group.
fn marked(group: &str) -> Vec<(usize, usize)> {
    let sets: Vec<KnownSet> =
        serde_json::from_str(&std::fs::read_to_string(path("www/data/known-heads.json")).unwrap()).unwrap();
    let set = sets.into_iter().find(|set| set.model == "demo").unwrap();
    let group = set.groups.into_iter().find(|g| g.name == group);
    group.map_or_else(Vec::new, |g| g.heads)
}

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
        let sum = |of: &dyn Fn(&TaskResult) -> u32| found.tasks.iter().map(of).sum::<u32>();
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
    assert_eq!(names, [], "no head alone");
    assert_eq!(look(&patterns.duplicate_token), []);
    let found = [look(&patterns.induction), look(&patterns.previous_token)];
    assert_eq!(
        ["Induction", "Previous token"].map(marked),
        found,
        "www/data/known-heads.json"
    );
}
