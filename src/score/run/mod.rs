//! Analyses that run the model, over one way through it: block by block, each read when it is its
//! turn, so that no more than one need be in memory.

mod ablation;
mod blocks;
mod documents;
mod dynamic;
mod logits;
mod patterns;
mod prompt;
mod prompts;
mod random;
mod ranks;
mod states;
mod trace;

pub use ablation::{AblationAsk, AblationTask, ablate, order_by_score, removed_at_most};
pub use documents::*;
pub use dynamic::{DynamicAsk, PAPER_TEMPLATES, score_dynamic};
pub use patterns::{PatternsAsk, attention_scores};
pub use prompt::{PromptAsk, run_prompt};
pub use trace::{Traced, trace};

use crate::checkpoint::Gpt2Layout;
use crate::engine::Host;
use crate::error::Result;

/// A comparison of the ranking stands for this share of `d_model` multiply-adds in the progress: it
/// is pruned, and most rows leave early.
const RANKING_SHARE: usize = 16;

/// A host for the ranking inside a run: its comparisons become units of the run's work.
struct RankHost<'a, H: Host> {
    inner: &'a H,
    unit: u64,
}

impl<'a, H: Host> RankHost<'a, H> {
    fn new(inner: &'a H, d_model: usize) -> Self {
        Self {
            inner,
            unit: ranking_unit(d_model),
        }
    }
}

impl<H: Host> Host for RankHost<'_, H> {
    fn settled(&self, comparisons: u64) {
        self.inner.settled(comparisons * self.unit);
    }

    async fn breathe(&self) -> Result<()> {
        self.inner.breathe().await
    }

    fn now_ms(&self) -> f64 {
        self.inner.now_ms()
    }
}

/// Units of progress of one comparison.
fn ranking_unit(d_model: usize) -> u64 {
    (d_model / RANKING_SHARE).max(1) as u64
}

/// Multiply-adds of one block over `rows` positions in prompts of `t`.
fn block_work(rows: usize, t: usize, layout: &Gpt2Layout) -> u64 {
    let (d, d_mlp) = (layout.d_model, layout.d_mlp);
    (rows * (4 * d * d + 2 * d * d_mlp + 2 * t * d)) as u64
}

/// Multiply-adds of all blocks over `n` prompts of `t`, the last one going on with the last position alone.
fn blocks_work(n: usize, t: usize, layout: &Gpt2Layout) -> u64 {
    let (d, d_mlp) = (layout.d_model, layout.d_mlp);
    let last = n * t * (3 * d + 2 * t) * d + n * (d + 2 * d_mlp) * d;
    block_work(n * t, t, layout) * (layout.n_layer as u64 - 1) + last as u64
}

/// Multiply-adds of [`states::States`] over `n` prompts of `t`; `states`: how many there are after each block.
fn states_work(states: &[usize], n: usize, t: usize, layout: &Gpt2Layout) -> u64 {
    let (d, d_mlp) = (layout.d_model, layout.d_mlp);
    let mut before = 0;
    let mut work = 0;
    for after in states {
        work += n * before * (3 * d + 2 * t) * d + n * after * (d + 2 * d_mlp) * d;
        before = *after;
    }
    work as u64
}
