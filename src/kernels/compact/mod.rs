//! Lets the rows go that have lost both signs.

mod cpu;

pub use cpu::compact_plain;

use super::gpu::{Gpu, Grid, Recorder};

/// The compiled kernel.
pub struct Compact(wgpu::ComputePipeline);

impl Compact {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("compact", include_str!("kernel.wgsl"), &[]))
    }

    /// Records it: from list `from` to the other one of the two, whose count `plan` has zeroed.
    /// With `restart` the counts of those who stay begin at zero again.
    /// Buffers: list `from`, the other list, state of the rows, control; `args` sizes it.
    pub fn record(&self, to: &Recorder, from: u32, restart: bool, buffers: [&wgpu::Buffer; 4], args: &wgpu::Buffer) {
        to.dispatch(
            &self.0,
            &buffers,
            &[from, u32::from(restart), 0, 0],
            Grid::Indirect(args, 16),
        );
    }
}
