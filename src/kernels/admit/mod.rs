//! Starts the race for a target's place: state of every row, list of the rows that take part.

mod cpu;

pub use cpu::{Admitted, admit_plain};

use super::gpu::{Gpu, Grid, Recorder};

/// Bytes of the state of a row: token, k, z, tokens above, tokens below.
pub const ROW_BYTES: u64 = 20;

/// A sum of |y| times the largest |e| under this cannot overflow on the way to a logit.
const SAFE_LOGIT: f32 = 1e37;

/// The largest sum of |y| of a row that takes part, when no element of W_E exceeds `largest`.
pub fn limit(largest: f32) -> f32 {
    if largest > 0.0 {
        (SAFE_LOGIT / largest).min(SAFE_LOGIT)
    } else {
        SAFE_LOGIT
    }
}

/// Rows of a batch: `heads * pairs` of them, row = head * pairs + pair.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    pub first_head: usize,
    pub heads: usize,
    pub first_pair: usize,
    pub pairs: usize,
    /// Pairs of the whole query: the length of a row of `member`.
    pub all_pairs: usize,
}

impl Batch {
    pub fn rows(&self) -> usize {
        self.heads * self.pairs
    }
}

/// The compiled kernel.
pub struct Admit(wgpu::ComputePipeline);

impl Admit {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("admit", include_str!("kernel.wgsl"), &[]))
    }

    /// Records it. Buffers: y, (token, k) of all pairs, state of the rows, list 0 of live rows,
    /// control (its first word zero), member (bytes of rows that do not take part are zero).
    pub fn record(&self, to: &Recorder, batch: Batch, d4: u32, limit: f32, buffers: [&wgpu::Buffer; 6]) {
        let params = [
            batch.rows() as u32,
            batch.pairs as u32,
            d4,
            batch.first_pair as u32,
            batch.first_head as u32,
            batch.all_pairs as u32,
            limit.to_bits(),
            0,
        ];
        to.dispatch(
            &self.0,
            &buffers,
            &params,
            Grid::Direct(batch.rows().div_ceil(64) as u32, 1, 1),
        );
    }
}
