//! Bias and activation of the MLP's hidden layer.

mod cpu;

pub use cpu::activate_plain;

use super::gpu::{Gpu, Grid, Recorder};

/// Workgroups in a row of the grid.
const WIDE: usize = 1024;

/// The compiled kernel.
pub struct Activate(wgpu::ComputePipeline);

impl Activate {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("activate", include_str!("kernel.wgsl"), &[]))
    }

    /// Records `h = gelu_new(h + bias)` for `rows` rows of `d4` vec4.
    pub fn record(&self, to: &Recorder, rows: usize, d4: usize, bias: &wgpu::Buffer, h: &wgpu::Buffer) {
        let n = rows * d4;
        let groups = n.div_ceil(64);
        let grid = Grid::Direct(groups.min(WIDE) as u32, groups.div_ceil(WIDE) as u32, 1);
        to.dispatch(&self.0, &[bias, h], &[n as u32, d4 as u32, 0, 0], grid);
    }
}
