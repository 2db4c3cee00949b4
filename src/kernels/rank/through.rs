//! A head's rows through its narrow middle: y = v W_O, so z = v (W_O W_U), and W_O W_U is shared
//! by all rows of the head. It pays once a head has more rows than about d_head d / (d - d_head).
//!
//! The sums run in another order than the product's own, so they are not the answer: they decide
//! only what lies further from the target than both orders can be wrong together. The rest is
//! summed again in the product's own order. So the counts are those of the direct way, bit by bit. The bound: `slack.rs`.

use super::entrants::length;
use super::runner::{beat, columns};
use super::slack::{Orders, Slack, UNDERFLOW};
use super::{Ids, Race};
use crate::kernels::coarse::{Compared, Narrow};
use crate::kernels::gemm::{MR, NR, PackedA, PackedB, Panels, Tile, dot_in_order, tile};
use std::ops::Range;

/// One head's rows of the [`super::Entrants`], before W_O.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub rows: Range<usize>,
    /// `[rows, d_head]`
    pub v: Vec<f32>,
    /// `[d_head, d]`
    pub w_o: Vec<f32>,
}

/// Whether `rows` rows of one head are cheaper this way: a fifth more than those who would do the same multiply-adds, for what is done
/// again and what is rounded.
pub fn worth(rows: usize, d: usize, d_head: usize) -> bool {
    d > d_head && rows * (d - d_head) * 10 > d_head * d * 12
}

/// What the race of one head keeps of it.
pub(super) struct Middle {
    pub d_head: usize,
    /// Of every row.
    slack: Vec<Slack>,
    /// Of every row, no less than |v W_O|; for a first look alone.
    lengths: Vec<f64>,
    pub way: Way,
}

/// How its rows are counted.
pub(super) enum Way {
    Floats(Floats),
    /// In a first look.
    Bytes(Box<Narrow>),
}

pub(super) struct Floats {
    d_head: usize,
    /// `[rows, d_head]`
    v: Vec<f32>,
    /// `[d_head, d]`, packed.
    w_o: PackedA,
    /// W_O W_U of one panel of columns, `[d_head, NR]`.
    panel: Vec<f32>,
}

impl Middle {
    /// `y` is v W_O in float32. None when a sum might overflow with token vectors up to `longest`, or bytes cannot tell the rows of W_O.
    pub(super) fn new(t: Through, y: &[f32], d: usize, longest: f32, first_look: bool) -> Option<Self> {
        let d_head = t.w_o.len() / d;
        let orders = Orders::new(&t.w_o, d);
        let slack: Vec<Slack> = t.v.chunks_exact(d_head).map(|v| orders.slack(v)).collect();
        let longest = f64::from(longest);
        if !orders.safe(longest) || !slack.iter().all(|s| s.safe(longest)) {
            return None;
        }
        let mut lengths = vec![];
        let way = if first_look {
            // y is wrong by no more than a part of the slack; a little for these sums.
            let of_rows = y.chunks_exact(d).zip(&slack);
            lengths.extend(of_rows.map(|(y, s)| length(y) * (1.0 + 1e-9) + s.near));
            Way::Bytes(Box::new(Narrow::new(&t.v, &t.w_o, d)?))
        } else {
            Way::Floats(Floats {
                d_head,
                v: t.v,
                w_o: PackedA::from_rows(&t.w_o, d),
                panel: vec![0.0; d_head * NR],
            })
        };
        Some(Self {
            d_head,
            slack,
            lengths,
            way,
        })
    }

    /// Row `row`, whose own logit is `z`, as a first look takes it.
    pub(super) fn compared(&self, row: usize, z: f32) -> Compared {
        let Slack { near, size, .. } = self.slack[row];
        Compared {
            row,
            z,
            length: self.lengths[row],
            slack: (near + UNDERFLOW, UNDERFLOW * (1.0 + size)),
        }
    }
}

impl Floats {
    pub(super) fn row(&self, i: usize) -> &[f32] {
        &self.v[i * self.d_head..(i + 1) * self.d_head]
    }

    /// W_O W_U of one panel of columns of W_U.
    pub(super) fn enter(&mut self, w_u_panel: &[f32]) {
        for pi in 0..self.w_o.panels() {
            let t = tile(self.w_o.panel(pi), w_u_panel);
            // The last panel of rows is padded: what has no place in `panel` is left out.
            for (to, from) in self.panel[pi * MR * NR..].chunks_exact_mut(NR).zip(&t) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Nearly z of the rows packed in `v_panel` at the columns entered last.
    pub(super) fn near(&self, v_panel: &[f32]) -> Tile {
        tile(v_panel, &self.panel)
    }
}

impl Race {
    /// Counts, for all undecided rows, who of the columns in `col_panels` beats the target: what
    /// [`Race::count`] counts, by way of W_O W_U. `lengths`: see [`panel_lengths`].
    pub fn count_through(&mut self, w_u: &impl Panels, lengths: &[f32], col_panels: Range<usize>, ids: Ids) {
        let Some(middle) = &mut self.middle else { return };
        let (d, d_head) = (self.entrants.d, middle.d_head);
        let Way::Floats(way) = &mut middle.way else { return };
        let (mut room, mut column) = (vec![], vec![0.0; d]);
        for pj in col_panels {
            let (first, n, id) = columns(w_u, pj, ids);
            way.enter(w_u.panel_in(pj, &mut room));
            self.work.add((n * d_head * (d + self.live.len())) as u64);
            for pi in 0..self.packed.panels() {
                let t = way.near(self.packed.panel(pi));
                for (runner, z) in self.live[pi * MR..].iter_mut().zip(&t) {
                    let slack = middle.slack[runner.row].at(f64::from(lengths[pj]));
                    let (low, high) = (
                        (f64::from(runner.z) - slack) as f32,
                        (f64::from(runner.z) + slack) as f32,
                    );
                    let above: u32 = z.iter().map(|z| u32::from(*z > high)).sum();
                    let below: u32 = z.iter().map(|z| u32::from(*z < low)).sum();
                    if n == NR && above + below == NR as u32 {
                        runner.count.above += above;
                        runner.count.below += below;
                        continue;
                    }
                    for c in 0..n {
                        if id[c] == runner.target {
                            continue;
                        }
                        if z[c] > high {
                            runner.count.above += 1;
                        } else if z[c] < low {
                            runner.count.below += 1;
                        } else {
                            w_u.column(first + c, &mut column);
                            let exact = dot_in_order(self.entrants.row(runner.row), &column);
                            self.work.add(d as u64);
                            beat(runner, &[exact], &id[c..=c]);
                        }
                    }
                }
            }
        }
    }
}

/// The length of the longest vector of every panel of columns.
pub fn panel_lengths(w_u: &PackedB) -> Vec<f32> {
    (0..w_u.panels())
        .map(|p| {
            let mut sums = [0f64; NR];
            for row in w_u.panel(p).as_chunks::<NR>().0 {
                sums.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x).powi(2));
            }
            // A little up: the length is a bound.
            (sums.iter().fold(0.0, |m: f64, s| m.max(*s)).sqrt() * (1.0 + 1e-6)) as f32
        })
        .collect()
}
