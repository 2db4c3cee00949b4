//! Sizes the next dispatches on the GPU, so that nobody has to read back how many rows are left.

mod cpu;

pub use cpu::{Planned, plan_plain};

use super::gpu::{Gpu, Grid, Recorder};

/// Bytes of control: live rows of the two lists, multiply-adds (low word, high word).
pub const CONTROL_BYTES: u64 = 16;
/// Bytes of args: workgroups of `project_rank`, then of `compact`, four words each.
pub const ARGS_BYTES: u64 = 32;

/// The compiled kernel.
pub struct Plan(wgpu::ComputePipeline);

/// What the next `project_rank` will do.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    /// The list of live rows, 0 or 1. The other one is emptied.
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
