//! Batched matrix product on the GPU.

mod cpu;
mod tensors;

pub use cpu::gemm_plain;
pub use tensors::product;

use super::gpu::{Gpu, Grid, Recorder, enable, expand};

/// Rows of an invocation, in fours.
const QUADS: u32 = 3;
const ROWS: usize = QUADS as usize * 4;
/// Columns of a workgroup: 16 invocations of 4.
pub const COLS: usize = 64;

/// Where one operand lies: element of the first matrix, elements a row and a matrix further.
/// All are multiples of 4.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub first: usize,
    pub row: usize,
    pub step: usize,
}

/// Sizes of a batch of products `c[m, n] = a[m, k] b[k, n]`; `n` and `k` are multiples of 4.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub batch: usize,
    pub m: usize,
    pub k: usize,
    pub n: usize,
}

/// WGSL of the kernel. `stored`: for k / 4 of this, with the other parameters in a storage buffer, which is all that
/// burn passes.
fn source(broadcast: bool, stored: Option<u32>) -> String {
    let constants = [
        ("QUADS", QUADS),
        ("BROADCAST", u32::from(broadcast)),
        ("STORED", u32::from(stored.is_some())),
        ("K4", stored.unwrap_or(0)),
        enable(broadcast),
    ];
    expand(include_str!("kernel.wgsl"), &constants)
}

/// The compiled kernel.
pub struct GemmGpu(wgpu::ComputePipeline);

impl GemmGpu {
    /// `broadcast`: with `subgroupBroadcast`.
    pub fn new(gpu: &Gpu, broadcast: bool) -> Self {
        Self(gpu.pipeline("gemm_gpu", &source(broadcast, None), &[]))
    }

    /// Records `c = a b`. The three buffers are different ones.
    pub fn record(&self, to: &Recorder, sizes: Sizes, [a, b, c]: [(&wgpu::Buffer, Place); 3]) {
        let q = |elements: usize| u32::try_from(elements / 4).expect("a buffer under 2^34 bytes");
        let (pa, pb, pc) = (a.1, b.1, c.1);
        let params = [
            sizes.m as u32,
            q(sizes.n),
            q(sizes.k),
            0,
            q(pa.row),
            q(pb.row),
            q(pc.row),
            0,
            q(pa.first),
            q(pb.first),
            q(pc.first),
            0,
            q(pa.step),
            q(pb.step),
            q(pc.step),
            0,
        ];
        let grid = Grid::Direct(
            sizes.n.div_ceil(COLS) as u32,
            sizes.m.div_ceil(ROWS) as u32,
            sizes.batch as u32,
        );
        to.dispatch(&self.0, &[a.0, b.0, c.0], &params, grid);
    }
}
