//! Ends the race: the bits of whoever is left, who then counts as one who has lost and leaves any other list.

mod cpu;

pub use cpu::finish_plain;

use super::admit::Batch;
use super::gpu::{Gpu, Grid, Recorder};

/// The compiled kernel.
pub struct Finish(wgpu::ComputePipeline);

impl Finish {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("finish", include_str!("kernel.wgsl"), &[]))
    }

    /// Records it. Buffers: list `list`, control, state of the rows, member.
    pub fn record(&self, to: &Recorder, list: u32, batch: Batch, buffers: [&wgpu::Buffer; 4]) {
        let params = [
            list,
            batch.pairs as u32,
            batch.first_pair as u32,
            batch.first_head as u32,
            batch.all_pairs as u32,
            0,
            0,
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
