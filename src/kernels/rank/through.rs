//! A head's rows through its narrow middle: y = v W_O, so z = v (W_O W_U), and W_O W_U is shared
//! by all rows of the head. It pays once a head has more rows than about d_head d / (d - d_head).
//!
//! The sums run in another order than the product's own, so they are not the answer: they decide
//! only what lies further from the target than both orders can be wrong together. The rest is
//! summed again in the product's own order. So the counts are those of the direct way, bit by bit.
//!
//! The bound: with gamma_n = n u / (1 - n u), u = 2^-24, a sum of n products in any order is wrong by at
//! most gamma_n times the sum of the absolute products (Higham, Accuracy and Stability of Numerical
//! Algorithms, section 3.1). Both orders go through sums of d_head and of d, and the absolute products
//! together are at most (sum of |v_i| |row i of W_O|) |u_j|.

use super::runner::{beat, columns};
use super::{Ids, Race};
use crate::kernels::coarse::{Compared, Narrow};
use crate::kernels::gemm::{MR, NR, PackedA, PackedB, Panels, Tile, dot_in_order, tile};
use std::ops::Range;

/// Under this no intermediate sum overflows.
const SAFE: f64 = 1e37;
/// More than d times half of the smallest number there is: what underflow can add to a sum, for
/// vectors of length 1.
const UNDERFLOW: f64 = 1e-39;

/// One head's rows of the [`super::Entrants`], before W_O.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub rows: Range<usize>,
    /// `[rows, d_head]`
    pub v: Vec<f32>,
    /// `[d_head, d]`
    pub w_o: Vec<f32>,
    /// [`crate::kernels::coarse::lost_norm`] of W_O: where rows get a first look, it goes this way too.
    pub lost: f32,
}

/// Whether `rows` rows of one head are cheaper this way, the sums done again included. In a first look (`first_look`) three times as
/// many have to be there: what is rounded twice leaves more comparisons open, and W_O is held beside the rows.
pub fn worth(rows: usize, d: usize, d_head: usize, first_look: bool) -> bool {
    let tenths = if first_look { 30 } else { 11 };
    d > d_head && rows * (d - d_head) * 10 > d_head * d * tenths
}

/// What the race of one head keeps of it.
pub(super) struct Middle {
    pub d_head: usize,
    /// Of every row, the most by which the two orders differ, for a token vector of length 1; and
    /// the sum of |v_i|.
    slack: Vec<(f64, f64)>,
    /// Of every row, no less than |v W_O|.
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
        let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let lengths: Vec<f64> = t.w_o.chunks_exact(d).map(norm).collect();
        let spread = |v: &[f32]| v.iter().zip(&lengths).map(|(v, l)| f64::from(v.abs()) * l).sum::<f64>();
        let spreads: Vec<f64> = t.v.chunks_exact(d_head).map(spread).collect();
        let longest = f64::from(longest);
        let most = lengths
            .iter()
            .chain(&spreads)
            .fold(0.0, |m: f64, x| if *x <= m { m } else { *x });
        // Written so that a NaN is refused too.
        if !matches!(most * longest, m if m <= SAFE) || !matches!(most, m if m <= SAFE) {
            return None;
        }
        let gamma = |n: usize| n as f64 * 2f64.powi(-24) / (1.0 - n as f64 * 2f64.powi(-24));
        // Twice both sums, a hundredth for the products of the two bounds and for this arithmetic.
        let share = 2.02 * (gamma(d) + gamma(d_head));
        let sizes =
            t.v.chunks_exact(d_head)
                .map(|v| v.iter().map(|v| f64::from(v.abs())).sum::<f64>());
        let slack: Vec<_> = spreads.iter().map(|s| share * s).zip(sizes).collect();
        // y is wrong by no more than a part of the slack; a little for these sums.
        let lengths = y.chunks_exact(d).zip(&slack).map(|(y, s)| norm(y) * (1.0 + 1e-9) + s.0);
        let lengths = lengths.collect();
        let way = if first_look {
            Way::Bytes(Box::new(Narrow::new(&t.v, &t.w_o, d, t.lost)?))
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
        let (slack, size) = self.slack[row];
        Compared {
            row,
            z,
            length: self.lengths[row],
            slack: (slack + UNDERFLOW, UNDERFLOW * (1.0 + size)),
        }
    }
}

/// z and what is near differ by no more than this, for token vectors up to `longest`.
fn slack_at((slack, size): (f64, f64), longest: f64) -> f64 {
    slack * longest + UNDERFLOW * (1.0 + longest + size)
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
    pub fn count_through(&mut self, w_u: &impl Panels, lengths: &[f32], col_panels: Range<usize>, ids: Ids<'_>) {
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
                    let slack = slack_at(middle.slack[runner.row], f64::from(lengths[pj]));
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
