//! Projects rows onto tokens and counts, for every row, the tokens that beat its target.
//! The logits never leave the registers.

mod cpu;

pub use cpu::{Counts, count_plain, logit};

use super::gpu::{Gpu, Grid, Recorder, enable, expand};
use crate::error::{Error, Result};

/// Which way the logits are computed. All give the same sums in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Workgroup memory: for real GPUs.
    Tile,
    /// Registers only.
    Registers,
    /// Registers, rows shared by `subgroupBroadcast`: for software adapters with subgroups.
    Broadcast,
}

impl Variant {
    /// The name under which a choice is remembered.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Tile => "tile",
            Variant::Registers => "registers",
            Variant::Broadcast => "broadcast",
        }
    }

    /// The variant of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Variant::Tile, Variant::Registers, Variant::Broadcast]
            .into_iter()
            .find(|v| v.name() == name)
    }
}

/// Which columns a dispatch looks at.
#[derive(Clone, Copy, Debug)]
pub enum Columns {
    /// Tokens `first_token..`, whose vectors begin at row `first_row` of the vectors bound.
    Range {
        first_row: u32,
        first_token: u32,
        cols: u32,
    },
    /// Entries `first..` of the list of ids, whose vectors begin at row `first_row`.
    List { first_row: u32, first: u32, cols: u32 },
    /// Every row's own target, whose vectors lie by pair: writes its logit instead of counting.
    Targets,
}

/// The buffers of a dispatch.
pub struct Bound<'a> {
    /// `[rows, d4]` vec4.
    pub y: &'a wgpu::Buffer,
    /// Token vectors, `[_, d4]` vec4.
    pub vectors: &'a wgpu::Buffer,
    /// Token ids of a list.
    pub ids: &'a wgpu::Buffer,
    /// Live rows.
    pub live: &'a wgpu::Buffer,
    pub control: &'a wgpu::Buffer,
    /// State of every row: token, k, z, above, below.
    pub rows: &'a wgpu::Buffer,
    /// Sizes of the dispatch, made by `plan`.
    pub args: &'a wgpu::Buffer,
}

/// The compiled kernel. Targets may have a pipeline of their own from the same source
/// ([`ProjectRank::with_targets`]); the sums are the same.
pub struct ProjectRank {
    count: wgpu::ComputePipeline,
    targets: wgpu::ComputePipeline,
    /// Tokens and rows of a workgroup.
    pub cols_a_group: u32,
    pub rows_a_group: u32,
    /// Invocations of a workgroup of such a kernel without workgroup memory.
    pub lanes: u32,
    target_group: (u32, u32),
    /// Source and lanes of the pipeline for targets that is still to be compiled.
    smaller: Option<(String, u32)>,
}

/// The block of an invocation, and how many make a workgroup.
struct Block {
    /// Rows, in fours.
    quads: u32,
    /// Tokens.
    cols: u32,
    lanes: u32,
}

/// Measured best on a software adapter, where registers are memory: a fifth faster than 3 by 5, a third with few rows.
const BROADCAST: Block = Block {
    quads: 4,
    cols: 8,
    lanes: 8,
};
/// Quads of rows, and tokens, of an invocation that looks at targets: four lanes make a square.
const TARGETS: u32 = 2;
/// Smaller where each loads rows of its own.
const REGISTERS: Block = Block {
    quads: 3,
    cols: 4,
    lanes: 16,
};

fn with_lanes(gpu: &Gpu, source: &str, lanes: u32) -> wgpu::ComputePipeline {
    gpu.pipeline("project_rank/registers", source, &[("LANES", f64::from(lanes))])
}

impl ProjectRank {
    /// Compiles `variant`; `subgroup` is the largest size of a subgroup.
    ///
    /// `wrong` makes it count a tie as a win: for the test that the self-test sees it.
    pub async fn new(gpu: &Gpu, variant: Variant, subgroup: u32, wrong: bool) -> Result<Self> {
        let expand = |source: &str, constants: &[(&str, u32)]| {
            let source = expand(source, constants);
            if wrong {
                source.replace(" > z ", " >= z ")
            } else {
                source
            }
        };
        let fault = |e| {
            Error::WebGpuSelfTestFailed(format!(
                "The graphics adapter did not accept our {} kernel ({e}). The CPU engine is used instead.",
                variant.name()
            ))
        };
        if variant == Variant::Tile {
            let source = expand(include_str!("tile.wgsl"), &[]);
            let pipeline = gpu
                .checked(|| gpu.pipeline("project_rank/tile", &source, &[]))
                .await
                .map_err(fault)?;
            return Ok(Self {
                count: pipeline.clone(),
                targets: pipeline,
                cols_a_group: 128,
                rows_a_group: 64,
                lanes: 64,
                target_group: (128, 64),
                smaller: None,
            });
        }
        let broadcast = variant == Variant::Broadcast;
        let Block { quads, cols, lanes } = if broadcast { BROADCAST } else { REGISTERS };
        let source = |quads, cols| {
            let constants = [
                ("QUADS", quads),
                ("COLS", cols),
                ("BROADCAST", u32::from(broadcast)),
                enable(broadcast),
            ];
            expand(include_str!("registers.wgsl"), &constants)
        };
        // A subgroup must not be larger than the workgroup whose rows it shares.
        let few = if broadcast { subgroup.max(4) } else { 4 };
        let lanes = lanes.max(few);
        let count = source(quads, cols);
        let pipeline = gpu.checked(|| with_lanes(gpu, &count, lanes)).await.map_err(fault)?;
        Ok(Self {
            count: pipeline.clone(),
            targets: pipeline,
            cols_a_group: lanes * cols,
            rows_a_group: quads * 4,
            lanes,
            target_group: (lanes * cols, quads * 4),
            smaller: Some((source(TARGETS, TARGETS), few)),
        })
    }

    /// Compiles a smaller workgroup for targets, where there is one: it saves work, and a kernel
    /// that loses the trial need not pay for it.
    pub async fn with_targets(mut self, gpu: &Gpu) -> Result<Self, String> {
        if let Some((source, lanes)) = self.smaller.take() {
            self.targets = gpu.checked(|| with_lanes(gpu, &source, lanes)).await?;
            self.target_group = (lanes * TARGETS, TARGETS * 4);
        }
        Ok(self)
    }

    /// Tokens and rows of a workgroup when it looks at targets: at least as many of the former, for every row has its own.
    pub fn target_group(&self) -> (u32, u32) {
        self.target_group
    }

    /// Records a dispatch over the live rows of `list`; `pairs` pairs a head.
    pub fn record(&self, to: &Recorder, bound: &Bound<'_>, d4: u32, pairs: u32, list: u32, columns: Columns) {
        let (pipeline, mode, first_row, first_token, cols) = match columns {
            Columns::Range {
                first_row,
                first_token,
                cols,
            } => (&self.count, 0, first_row, first_token, cols),
            Columns::List { first_row, first, cols } => (&self.count, 1, first_row, first, cols),
            Columns::Targets => (&self.targets, 2, 0, 0, self.target_group.1),
        };
        to.dispatch(
            pipeline,
            &[bound.y, bound.vectors, bound.ids, bound.live, bound.control, bound.rows],
            &[d4, mode, first_row, first_token, cols, pairs, list, 0],
            Grid::Indirect(bound.args, 0),
        );
    }
}
