//! Which heads are planted with what, and planted.json, which says so.

use super::space::groups;
use super::words::WordPair;
use serde_json::{Value, json};
use std::ops::Range;

/// Groups into which words are dealt.
pub const GROUPS: usize = 4;

/// What a planted head does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    CopyNames,
    SuppressNames,
    Capitals,
    /// Copies every token that is neither a name nor a country nor a capital.
    CopyWords,
}

/// A planted head.
pub struct Planted {
    pub layer: usize,
    pub head: usize,
    pub task: Task,
    /// The groups that it sees.
    seen: Range<usize>,
}

/// (layer, head, task, groups seen)
const PLAN: [(usize, usize, Task, Range<usize>); 13] = [
    (0, 1, Task::CopyNames, 0..4),
    (0, 2, Task::Capitals, 1..3),
    (0, 3, Task::CopyWords, 0..4),
    (1, 0, Task::CopyNames, 3..4),
    (1, 2, Task::Capitals, 0..4),
    (1, 3, Task::SuppressNames, 2..3),
    (2, 0, Task::SuppressNames, 0..2),
    (2, 1, Task::CopyNames, 0..3),
    (2, 2, Task::Capitals, 1..4),
    (2, 3, Task::CopyNames, 0..4),
    (3, 0, Task::SuppressNames, 0..4),
    (3, 1, Task::CopyNames, 2..4),
    (3, 3, Task::Capitals, 0..1),
];

pub fn plan() -> impl Iterator<Item = Planted> {
    PLAN.into_iter().map(|(layer, head, task, seen)| Planted {
        layer,
        head,
        task,
        seen,
    })
}

impl Planted {
    pub fn groups(&self) -> Range<usize> {
        self.seen.clone()
    }

    /// Share of the groups that the head sees.
    fn strength(&self) -> f64 {
        self.seen.len() as f64 / GROUPS as f64
    }

    /// Length of what the head writes for one unit of what it reads. Suppressing heads write less than copying
    /// ones, so that the running model still names the name.
    pub fn gain(&self) -> f64 {
        match self.task {
            Task::CopyNames => 0.4,
            Task::SuppressNames => -0.05,
            Task::Capitals => 0.3,
            Task::CopyWords => 0.02,
        }
    }

    fn kind(&self) -> &'static str {
        match self.task {
            Task::CopyNames => "copies names",
            Task::SuppressNames => "suppresses names",
            Task::Capitals => "country to capital",
            Task::CopyWords => "copies words",
        }
    }

    fn what(&self) -> String {
        let share = match self.seen.len() {
            GROUPS => "all".to_owned(),
            n => format!("{n} in {GROUPS}"),
        };
        match self.task {
            Task::CopyNames => format!("copies {share} of the names"),
            Task::SuppressNames => format!("suppresses {share} of the names"),
            Task::Capitals => format!("gives the capital of {share} of the countries"),
            Task::CopyWords => "copies words that are neither names nor countries nor capitals".to_owned(),
        }
    }
}

/// What was planted, with the hits to expect with the first MLP applied: pairs whose group the head sees. For the
/// head that copies words none is foretold: its directions are random, and some lie close together.
pub fn planted_json(names: &[WordPair], capitals: &[WordPair]) -> Value {
    let name_group = groups(names.iter().map(|p| p.source_id));
    let capital_group = groups(capitals.iter().map(|p| p.target_id));
    let heads: Vec<Value> = plan()
        .map(|head| {
            let expected =
                |relation: &str, sign: &str, k: u32, pairs: &[WordPair], group: &dyn Fn(&WordPair) -> usize| {
                    let hits = pairs.iter().filter(|pair| head.seen.contains(&group(pair))).count();
                    json!({ "relation": relation, "sign": sign, "k": k, "hits": hits, "total": pairs.len() })
                };
            let by_name = |pair: &WordPair| name_group[&pair.source_id];
            let expected = match head.task {
                Task::CopyNames => expected("name_copying", "relation", 1, names, &by_name),
                Task::SuppressNames => expected("name_copying", "suppression", 1, names, &by_name),
                Task::Capitals => expected("country_to_capital", "relation", 10, capitals, &|pair| {
                    capital_group[&pair.target_id]
                }),
                Task::CopyWords => Value::Null,
            };
            json!({ "layer": head.layer, "head": head.head, "kind": head.kind(), "strength": head.strength(),
                "groups": head.groups().collect::<Vec<_>>(), "what": head.what(), "expected": expected })
        })
        .collect();
    let members = |pairs: &[WordPair], group: &dyn Fn(&WordPair) -> usize| {
        (0..GROUPS)
            .map(|g| {
                pairs
                    .iter()
                    .filter(|pair| group(pair) == g)
                    .map(|pair| pair.source.clone())
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    json!({
        "about": "Nothing here was trained. These heads were written by hand; all others hold noise.",
        "heads": heads,
        "groups": {
            "name_copying": members(names, &|pair| name_group[&pair.source_id]),
            "country_to_capital": members(capitals, &|pair| capital_group[&pair.target_id]),
        },
    })
}
