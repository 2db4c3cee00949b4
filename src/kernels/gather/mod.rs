//! Rows of the embedding by token id, from the tile in which they lie.

mod cpu;

pub use cpu::gather_plain;

use super::gpu::{Gpu, Grid, Recorder};

/// Bytes of rows that one dispatch can gather: 65,535 workgroups of 64 vec4s, in round figures.
pub const MAX_BYTES: usize = 64 << 20;

/// The compiled kernel.
pub struct Gather(wgpu::ComputePipeline);

impl Gather {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("gather", include_str!("kernel.wgsl"), &[]))
    }

    /// Records `to[i] = vectors[ids[first_id + i]]` for `i < n`, as far as the ids lie in the tile
    /// of `tokens` tokens from `first_token`. Buffers: vectors, ids, to.
    pub fn record(
        &self,
        to: &Recorder,
        tile: (usize, usize),
        d4: u32,
        first_id: usize,
        n: usize,
        buffers: [&wgpu::Buffer; 3],
    ) {
        let params = [tile.0 as u32, tile.1 as u32, d4, first_id as u32, n as u32, 0, 0, 0];
        let groups = (n * d4 as usize).div_ceil(64) as u32;
        to.dispatch(&self.0, &buffers, &params, Grid::Direct(groups, 1, 1));
    }
}
