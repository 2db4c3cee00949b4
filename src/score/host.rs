//! What a job tells whoever runs it.

use crate::engine::Host;
use crate::error::Result;

/// News of a job, in order.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// What is going on now, in words.
    Phase { phase: &'static str, text: String },
    /// The work of the whole job in comparisons (one pair of one head against one token), and
    /// the bytes that it will read.
    Plan { comparisons: u64, bytes: u64 },
    /// Bytes read since the last such event.
    Read { bytes: u64 },
    /// One relation's numbers of one layer, `[n_head]` each.
    Layer {
        relation: usize,
        layer: usize,
        total: usize,
        hits: &'a [u32],
        suppression_hits: &'a [u32],
        invalid: &'a [(usize, String)],
    },
}

/// Runs a job: gives it turns, hears its news.
pub trait JobHost: Host {
    fn event(&self, event: Event<'_>);
}

/// A host that hears nothing and never stops: for tests.
#[derive(Default)]
pub struct SilentHost;

impl Host for SilentHost {
    fn settled(&self, _comparisons: u64) {}

    async fn breathe(&self) -> Result<()> {
        Ok(())
    }

    fn now_ms(&self) -> f64 {
        0.0
    }
}

impl JobHost for SilentHost {
    fn event(&self, _event: Event<'_>) {}
}
