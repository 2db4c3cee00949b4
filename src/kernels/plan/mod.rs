//! Sizes the next dispatches on the GPU, so that nobody has to read back how many rows are left.

mod cpu;

pub use cpu::{Planned, plan_plain};

use super::gpu::{Gpu, Grid, Recorder};

/// Lists of live rows: two that all rows of a batch go to and fro between, two for those of one head.
pub const LISTS: usize = 4;
/// Bytes of control: live rows of the lists, multiply-adds (low word, high word), tokens looked at beside, unused.
pub const CONTROL_BYTES: u64 = 32;
/// Where in control the multiply-adds are.
pub const MULTIPLY_ADDS: usize = LISTS;
/// Where the number of logits is that were summed because their stand-in was too close to a tie.
pub const LOOKED_AT: usize = LISTS + 2;
/// Bytes of args: workgroups of `project_rank`, then of `compact`, four words each.
pub const ARGS_BYTES: u64 = 32;

/// The compiled kernel.
pub struct Plan(wgpu::ComputePipeline);

/// What the next `project_rank` will do.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    /// The list of live rows. The other one of the two is emptied.
    pub list: u32,
    /// Columns, and how many of them count as work.
    pub cols: u32,
    pub cols_counted: u32,
    /// Multiply-adds of one logit; under 65,536.
    pub d: u32,
    pub cols_a_group: u32,
    pub rows_a_group: u32,
}

impl Plan {
    pub fn new(gpu: &Gpu) -> Self {
        Self(gpu.pipeline("plan", include_str!("kernel.wgsl"), &[]))
    }

    /// Records it.
    pub fn record(&self, to: &Recorder, next: Next, control: &wgpu::Buffer, args: &wgpu::Buffer) {
        let params = [
            next.list,
            next.cols,
            next.cols_counted,
            next.d,
            next.cols_a_group,
            next.rows_a_group,
            0,
            0,
        ];
        to.dispatch(&self.0, &[control, args], &params, Grid::Direct(1, 1, 1));
    }
}
