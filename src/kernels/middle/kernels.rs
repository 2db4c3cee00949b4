//! The launches.

use super::words;
use crate::kernels::gpu::{Gpu, Grid, Recorder, enable, expand};
use crate::kernels::plan::LOOKED_AT;

/// Rows of `count`, in fours.
const QUADS: u32 = 3;
/// Tokens an invocation: many on a software adapter, where registers are memory and unpacking bytes is dear.
const COLS_SOFTWARE: u32 = 12;
const COLS: u32 = 4;
/// Rows (in fours) and tokens of an invocation of `project`, likewise.
const PROJECT_SOFTWARE: (u32, u32) = (4, 8);
const PROJECT: (u32, u32) = (2, 4);

/// The compiled kernels of a race through the middle.
pub struct Through {
    project: wgpu::ComputePipeline,
    /// Rows (in fours) and tokens of a workgroup of `project`.
    project_group: (u32, u32),
    round: wgpu::ComputePipeline,
    select: wgpu::ComputePipeline,
    count: wgpu::ComputePipeline,
    /// Tokens and rows of a workgroup of `count`.
    pub cols_a_group: u32,
    pub rows_a_group: u32,
}

/// The buffers of a count.
pub struct ThroughBound<'a> {
    /// `[pairs, heads, n4]` vec4.
    pub v: &'a wgpu::Buffer,
    pub middle: &'a wgpu::Buffer,
    pub live: &'a wgpu::Buffer,
    pub control: &'a wgpu::Buffer,
    pub rows: &'a wgpu::Buffer,
    pub lengths: &'a wgpu::Buffer,
    /// `[rows, d4]` vec4.
    pub y: &'a wgpu::Buffer,
    /// Token vectors, `[_, d4]` vec4.
    pub vectors: &'a wgpu::Buffer,
    /// Sizes of the dispatch, made by `plan`.
    pub args: &'a wgpu::Buffer,
}

/// Where rows and tokens of a count lie.
#[derive(Clone, Copy, Debug)]
pub struct ThroughColumns {
    /// d_head and d, in vec4.
    pub n4: u32,
    pub d4: u32,
    /// Row of the first token in the vectors bound, and its id.
    pub first_row: u32,
    pub first_token: u32,
    pub cols: u32,
    /// Pairs and heads of the batch, and the head's place in it.
    pub pairs: u32,
    pub heads: u32,
    pub head: u32,
    /// The list of live rows.
    pub list: u32,
}

impl Through {
    /// `broadcast`: with `subgroupBroadcast`, whose subgroups are no larger than `lanes`. `software`: the adapter is one.
    ///
    /// `wrong` makes it take above for below: for the test that the self-test sees it.
    pub fn new(gpu: &Gpu, (broadcast, software): (bool, bool), lanes: u32, wrong: bool) -> Self {
        let cols = if software { COLS_SOFTWARE } else { COLS };
        let block = |quads: u32, cols: u32| {
            [
                ("QUADS", quads),
                ("ROWS", quads * 4),
                ("COLS", cols),
                ("BROADCAST", u32::from(broadcast)),
                ("LOOKED_AT", LOOKED_AT as u32),
                enable(broadcast),
            ]
        };
        let mut count = expand(include_str!("count.wgsl"), &block(QUADS, cols));
        if wrong {
            count = count.replace(" > reach", " < reach");
        }
        let (quads, tokens) = if software { PROJECT_SOFTWARE } else { PROJECT };
        let project = expand(include_str!("project.wgsl"), &block(quads, tokens));
        let with_lanes = |name: &str, source: &str| gpu.pipeline(name, source, &[("LANES", f64::from(lanes))]);
        let plain = |name: &str, source: &str| gpu.pipeline(name, source, &[]);
        Self {
            project: with_lanes("middle/project", &project),
            project_group: (quads, lanes * tokens),
            round: plain("middle/round", include_str!("round.wgsl")),
            select: plain("middle/select", include_str!("select.wgsl")),
            count: with_lanes("middle/count", &count),
            cols_a_group: lanes * cols,
            rows_a_group: QUADS * 4,
        }
    }

    /// Records the products of `tokens` token vectors from row `first_row` of `vectors` on with a head's W_O, which begins at element
    /// `first` of `w_o`. `d4` and `n4` are d and d_head, in vec4. Buffers: w_o, vectors, the products `[tokens, n4]` vec4.
    pub fn project(
        &self,
        to: &Recorder,
        [d4, n4]: [usize; 2],
        first: usize,
        (first_row, tokens): (usize, usize),
        buffers: [&wgpu::Buffer; 3],
    ) {
        let params = [d4, n4, first / 4, first_row, tokens, 0, 0, 0].map(|n| n as u32);
        let (quads, cols) = self.project_group;
        let grid = Grid::Direct((tokens as u32).div_ceil(cols), (n4 as u32).div_ceil(quads), 1);
        to.dispatch(&self.project, &buffers, &params, grid);
    }

    /// Records the rounding of `product` `[tokens, n4]` vec4 into the tokens `first_token..` of `middle`; `off` as in [`super::off`].
    pub fn round(
        &self,
        to: &Recorder,
        n4: usize,
        (first_token, tokens): (usize, usize),
        off: f32,
        [product, middle]: [&wgpu::Buffer; 2],
    ) {
        debug_assert!(middle.size() >= ((first_token + tokens) * words(n4) * 4) as u64);
        let params = [n4 as u32, tokens as u32, first_token as u32, off.to_bits()];
        let groups = tokens.div_ceil(64) as u32;
        to.dispatch(&self.round, &[product, middle], &params, Grid::Direct(groups, 1, 1));
    }

    /// Records the selection of the live rows (at most `rows`) of list `columns.list` that are of the head, into list `into`, whose
    /// count is zero. Buffers: v, the list, the other list, control, lengths.
    pub fn select(&self, to: &Recorder, columns: ThroughColumns, into: u32, rows: usize, buffers: [&wgpu::Buffer; 5]) {
        let params = [
            columns.head,
            columns.pairs,
            columns.heads * columns.n4,
            columns.n4,
            columns.list,
            into,
            0,
            0,
        ];
        let groups = rows.div_ceil(64) as u32;
        to.dispatch(&self.select, &buffers, &params, Grid::Direct(groups, 1, 1));
    }

    /// Records the count of who beats the targets of the head's rows.
    pub fn count(&self, to: &Recorder, bound: &ThroughBound<'_>, columns: ThroughColumns) {
        let buffers = [
            bound.v,
            bound.middle,
            bound.live,
            bound.control,
            bound.rows,
            bound.lengths,
            bound.y,
            bound.vectors,
        ];
        let params = [
            columns.n4,
            columns.d4,
            columns.first_row,
            columns.first_token,
            columns.cols,
            columns.pairs,
            columns.heads * columns.n4,
            columns.head,
            columns.list,
            0,
            0,
            0,
        ];
        to.dispatch(&self.count, &buffers, &params, Grid::Indirect(bound.args, 0));
    }
}
