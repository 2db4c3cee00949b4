//! The running model held against the reference, on any engine.

use super::{Bounds, path, relation};
use headmap::checkpoint::ByteSource;
use headmap::engine::{Engine, Host};
use headmap::score::run::{AblationAsk, AblationTask, DynamicAsk, PromptAsk, Traced};
use headmap::score::{Event, JobHost, Model};
use serde::Deserialize;
use std::cell::Cell;
use std::collections::HashMap;

/// A float32 forward pass departs from float64's by less than this share of the largest logit, and of the largest
/// number of any tensor on the way.
const LOGITS: f64 = 2e-4;
/// And its patterns by less than this.
const PATTERNS: f64 = 1e-4;
/// Where the two largest logits are closer, float32 may answer a prompt otherwise.
const GAP: f64 = 1e-4;

fn golden<T: serde::de::DeserializeOwned>(file: &str) -> T {
    serde_json::from_str(&std::fs::read_to_string(path(&format!("tests/golden/{file}.json"))).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct Dynamic {
    relations: HashMap<String, Vec<(u32, u32)>>,
    cases: Vec<DynamicCase>,
}

#[derive(Deserialize)]
struct DynamicCase {
    relation: String,
    k: u32,
    template: String,
    n_pairs: usize,
    with_context_score: Bounds,
    with_context_suppression: Bounds,
    without_context_score: Bounds,
    without_context_suppression: Bounds,
}

/// Every head of every template, both conditions and signs: the reference's integers.
pub fn dynamic<E: Engine, S: ByteSource>(
    name: &str,
    model: &Model<E, S>,
    block_on: impl Fn(&dyn Fn() -> DynamicAsk, &Model<E, S>) -> headmap::score::run::DynamicDocument,
) {
    let golden: Dynamic = golden(&format!("dynamic-{name}"));
    for of in golden.relations.keys() {
        let asked: Vec<_> = golden.cases.iter().filter(|c| c.relation == *of).collect();
        assert!(asked.len() >= 2, "{name}: {of}");
        let k = asked[0].k;
        let ask = || DynamicAsk {
            name: of.clone(),
            pairs: relation(of, k).pairs,
            templates: asked.iter().map(|c| c.template.clone()).collect(),
            k,
            multi_token: false,
        };
        let found = block_on(&ask, model);
        assert_eq!(asked.len(), found.templates.len());
        for (case, template) in asked.iter().zip(&found.templates) {
            assert_eq!(
                (&case.template, case.k, case.n_pairs),
                (&template.template, k, template.total)
            );
            let kept: Vec<_> = template.kept.iter().map(|p| (p.2, p.3)).collect();
            assert_eq!(kept, golden.relations[of.as_str()]);
            for (what, bounds, hits) in [
                ("with context", &case.with_context_score, &template.with_context.hits),
                (
                    "with context, suppression",
                    &case.with_context_suppression,
                    &template.with_context.suppression_hits,
                ),
                (
                    "without context",
                    &case.without_context_score,
                    &template.without_context.hits,
                ),
                (
                    "without context, suppression",
                    &case.without_context_suppression,
                    &template.without_context.suppression_hits,
                ),
            ] {
                for (l, row) in hits.iter().enumerate() {
                    for (h, got) in row.iter().enumerate() {
                        let (lo, hi) = (bounds.lo[l][h], bounds.hi[l][h]);
                        assert!(
                            (lo..=hi).contains(got),
                            "{name}, {of}, {}, {what}: head {l}.{h} has {got}, not {lo}..={hi}",
                            case.template
                        );
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Causal {
    cases: Vec<CausalCase>,
}

#[derive(Deserialize)]
struct CausalCase {
    relation: String,
    template: String,
    n_pairs: usize,
    ablated_in_order: Vec<(usize, usize)>,
    right_after_each: Vec<u32>,
    least_gap_of_top_two_logits: Vec<f64>,
}

/// Right answers after every head: the reference's, which runs the whole model each time.
pub fn causal<E: Engine, S: ByteSource>(
    name: &str,
    model: &Model<E, S>,
    block_on: impl Fn(&AblationAsk, &Model<E, S>) -> headmap::score::run::AblationDocument,
) {
    let golden: Causal = golden(&format!("causal-{name}"));
    assert!(golden.cases.len() >= 2);
    for case in &golden.cases {
        let ask = AblationAsk {
            order: case.ablated_in_order.clone(),
            tasks: vec![AblationTask {
                id: case.relation.clone(),
                title: case.relation.clone(),
                template: case.template.clone(),
                pairs: relation(&case.relation, 1).pairs,
            }],
            draws: 0,
            seed: 1,
        };
        let found = block_on(&ask, model);
        let task = &found.tasks[0];
        assert_eq!(task.total, case.n_pairs);
        let got: Vec<u32> = std::iter::once(task.clean).chain(task.ranked.iter().copied()).collect();
        assert_eq!(got.len(), case.right_after_each.len());
        for (m, (got, wanted)) in got.iter().zip(&case.right_after_each).enumerate() {
            let slack = u32::from(case.least_gap_of_top_two_logits[m] < GAP);
            assert!(
                got.abs_diff(*wanted) <= slack,
                "{name}, {}, after {m} heads: {got} right, not {wanted}",
                case.template
            );
        }
    }
}

#[derive(Deserialize)]
struct Running {
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    /// `[layer][head][query][key]`
    pattern: Vec<Vec<Vec<Vec<f64>>>>,
    /// After every token: id, logit.
    top_logits: Vec<Vec<(u32, f64)>>,
}

/// Patterns layer by layer, so that the first one that departs is named, then the logits.
pub fn running<E: Engine, S: ByteSource>(
    name: &str,
    model: &Model<E, S>,
    block_on: impl Fn(&PromptAsk, &Model<E, S>) -> headmap::score::run::PromptDocument,
) {
    let golden: Running = golden(&format!("run-{name}"));
    assert!(golden.texts.len() >= 2);
    for text in &golden.texts {
        let (n_layer, n_head, t) = (text.pattern.len(), text.pattern[0].len(), text.ids.len());
        let heads = (0..n_layer).flat_map(|l| (0..n_head).map(move |h| (l, Some(h))));
        let ask = PromptAsk {
            text: text.text.clone(),
            attention: heads.chain((0..n_layer).map(|l| (l, None))).collect(),
            ..PromptAsk::default()
        };
        let found = block_on(&ask, model);
        let ids: Vec<u32> = found.tokens.iter().map(|t| t.id).collect();
        assert_eq!(ids, text.ids);
        for l in 0..n_layer {
            let mut mean = vec![0.0; t * t];
            for (h, wanted) in text.pattern[l].iter().enumerate() {
                let got = found
                    .attention
                    .iter()
                    .find(|a| (a.layer, a.head) == (l, Some(h)))
                    .unwrap();
                for q in 0..t {
                    for k in 0..t {
                        let wanted = wanted[q].get(k).copied().unwrap_or(0.0);
                        let got = f64::from(got.pattern[q * t + k]);
                        mean[q * t + k] += wanted / n_head as f64;
                        assert!(
                            (got - wanted).abs() < PATTERNS,
                            "{name}: head {l}.{h} looks from {q} to {k} with {got}, not {wanted}"
                        );
                    }
                }
            }
            let got = found.attention.iter().find(|a| (a.layer, a.head) == (l, None)).unwrap();
            let far = got.pattern.iter().zip(&mean).map(|(g, w)| (f64::from(*g) - w).abs());
            assert!(far.fold(0.0, f64::max) < PATTERNS, "{name}: the mean of layer {l}");
        }
        let wanted = text.top_logits.last().unwrap();
        let largest = wanted[0].1.abs();
        for (got, (id, logit)) in found.top.iter().zip(wanted) {
            assert_eq!(got.id, *id, "{name}: {}", text.text);
            assert!(
                (f64::from(got.logit) - logit).abs() < LOGITS * largest,
                "{name}: token {id} has the logit {}, not {logit}",
                got.logit
            );
        }
        assert!(found.ablated_top.is_none());
        let sum: f32 = found.attribution.iter().flatten().sum::<f32>() + found.attribution_rest;
        assert!((sum - found.target.logit).abs() < 1e-3 * found.target.logit.abs().max(1.0));
    }
}

#[derive(Deserialize)]
struct Streams {
    text: String,
    tensors: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    name: String,
    values: Vec<f64>,
}

/// Every residual stream and every head's z in the order in which they are computed: the first one that departs is
/// named.
pub fn streams<E: Engine, S: ByteSource>(
    name: &str,
    model: &Model<E, S>,
    block_on: impl Fn(&str, &Model<E, S>) -> Vec<Traced>,
) {
    let golden: Streams = golden(&format!("stream-{name}"));
    let found = block_on(&golden.text, model);
    let names = |of: &mut dyn Iterator<Item = &String>| of.cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&mut found.iter().map(|t| &t.name)),
        names(&mut golden.tensors.iter().map(|t| &t.name))
    );
    for (got, wanted) in found.iter().zip(&golden.tensors) {
        assert_eq!(got.values.len(), wanted.values.len(), "{name}: {}", wanted.name);
        let largest = wanted.values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (i, (g, w)) in got.values.iter().zip(&wanted.values).enumerate() {
            assert!(
                (f64::from(*g) - w).abs() < LOGITS * largest,
                "{name}: {} departs first, at {i}: {g}, not {w}",
                wanted.name
            );
        }
    }
}

/// Hears what a job announces, and can stop it.
#[derive(Default)]
pub struct Watch {
    pub planned: Cell<u64>,
    pub settled: Cell<u64>,
    pub planned_bytes: Cell<u64>,
    pub read_bytes: Cell<u64>,
    pub breaths: Cell<u32>,
    pub stop_after: Cell<Option<u32>>,
}

impl Host for Watch {
    fn settled(&self, units: u64) {
        self.settled.set(self.settled.get() + units);
    }

    async fn breathe(&self) -> headmap::Result<()> {
        self.breaths.set(self.breaths.get() + 1);
        match self.stop_after.get() {
            Some(n) if self.breaths.get() > n => Err(headmap::Error::Cancelled),
            _ => Ok(()),
        }
    }

    fn now_ms(&self) -> f64 {
        0.0
    }
}

impl JobHost for Watch {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Plan { comparisons, bytes } => {
                self.planned.set(self.planned.get() + comparisons);
                self.planned_bytes.set(self.planned_bytes.get() + bytes);
            }
            Event::Read { bytes } => self.read_bytes.set(self.read_bytes.get() + bytes),
            _ => {}
        }
    }
}

/// A golden test on one engine: `$block_on` runs a future, `$open` opens a model's folder.
#[macro_export]
macro_rules! golden_runs {
    ($name:literal, $open:expr, $block_on:expr) => {{
        let model = $open(&support::model($name));
        let host = headmap::score::SilentHost;
        support::running::streams($name, &model, |text, m| {
            $block_on(headmap::score::run::trace(m, text, &host)).unwrap()
        });
        support::running::running($name, &model, |ask, m| {
            $block_on(headmap::score::run::run_prompt(m, ask, &host)).unwrap()
        });
        support::running::dynamic($name, &model, |ask, m| {
            $block_on(headmap::score::run::score_dynamic(m, &ask(), &host)).unwrap()
        });
        support::running::causal($name, &model, |ask, m| {
            $block_on(headmap::score::run::ablate(m, ask, &host)).unwrap()
        });
    }};
}
