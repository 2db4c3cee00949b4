//! Is the target among the k largest of z, and of -z? Exactly, without most of z.
//!
//! A row has lost for a sign as soon as k tokens beat its target, and one logit serves both
//! signs: a row leaves the race when it has lost both. Whoever is still there after the last
//! token is a member. The target itself is left out of the count, ties go by token id.

mod plain;

pub use plain::rank_plain;

use super::gemm::{MR, NR, PackedA, PackedB, dot_in_order, tile};
use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};

/// A row whose |y| times the longest token vector stays under this cannot overflow to infinity.
const SAFE_LOGIT: f32 = 1e37;

#[derive(Clone, Debug)]
struct Runner {
    /// Index of the row in `y`.
    row: usize,
    target: u32,
    k: u32,
    /// The target's own logit.
    z: f32,
    /// Tokens that beat the target in z, and in -z.
    above: u32,
    below: u32,
    /// Its logits may overflow: it stays to the end and every logit is looked at.
    suspicious: bool,
}

impl Runner {
    fn lost(&self) -> bool {
        !self.suspicious && self.above >= self.k && self.below >= self.k
    }
}

/// The rows that are still in the race, over `y` `[rows, d]`.
pub struct Race {
    y: Vec<f32>,
    d: usize,
    live: Vec<Runner>,
    packed: PackedA,
    member: Vec<u8>,
    multiply_adds: u64,
}

impl Race {
    /// `targets` and `ks` belong to the rows; `w_u` is `[d, n_vocab]`, every |column| <= `longest`.
    pub fn new(y: Vec<f32>, d: usize, targets: &[u32], ks: &[u32], w_u: &PackedB, longest: f32) -> Self {
        let mut column = vec![0.0; d];
        let mut member = vec![0; targets.len()];
        let mut live = Vec::with_capacity(targets.len());
        for (row, (&target, &k)) in targets.iter().zip(ks).enumerate() {
            let values = &y[row * d..(row + 1) * d];
            if values.iter().any(|v| !v.is_finite()) {
                member[row] = NOT_FINITE;
                continue;
            }
            w_u.column(target as usize, &mut column);
            let norm = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            live.push(Runner {
                row,
                target,
                k,
                z: dot_in_order(values, &column),
                above: 0,
                below: 0,
                suspicious: norm * f64::from(longest) > f64::from(SAFE_LOGIT),
            });
        }
        let multiply_adds = (live.len() * d) as u64;
        let mut race = Self { y, d, live, packed: PackedA::default(), member, multiply_adds };
        race.pack();
        race
    }

    /// Rows still undecided.
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Panels of undecided rows: what `count` takes ranges of.
    pub fn row_panels(&self) -> usize {
        self.packed.panels()
    }

    /// Counts, for the rows of `row_panels`, who of the columns in `col_panels` beats the target.
    /// `ids` names the tokens in the columns; without it they are the token ids themselves.
    pub fn count(
        &mut self,
        w_u: &PackedB,
        col_panels: std::ops::Range<usize>,
        row_panels: std::ops::Range<usize>,
        ids: Option<&[u32]>,
    ) {
        let cols = w_u.cols().min(col_panels.end * NR) - col_panels.start * NR;
        let rows = self.live.len().min(row_panels.end * MR) - row_panels.start * MR;
        self.multiply_adds += (cols * rows * self.d) as u64;
        for pj in col_panels {
            let first = pj * NR;
            let n = NR.min(w_u.cols() - first);
            let mut id = [0; NR];
            for (c, id) in id[..n].iter_mut().enumerate() {
                *id = ids.map_or((first + c) as u32, |ids| ids[first + c]);
            }
            for pi in row_panels.clone() {
                let t = tile(self.packed.panel(pi), w_u.panel(pj));
                for (runner, z) in self.live[pi * MR..].iter_mut().zip(&t) {
                    beat(runner, &z[..n], &id[..n], &mut self.member);
                }
            }
        }
    }

    /// Lets the rows go that have lost both signs; the others keep their counts.
    pub fn drop_losers(&mut self) {
        let before = self.live.len();
        self.live.retain(|r| !r.lost());
        if self.live.len() != before {
            self.pack();
        }
    }

    /// Sets every count back to zero, after a trial against tokens that will come again.
    pub fn restart_counts(&mut self) {
        for r in &mut self.live {
            (r.above, r.below) = (0, 0);
        }
    }

    /// After the whole vocabulary: membership of every row, and the multiply-adds done.
    pub fn finish(mut self) -> (Vec<u8>, u64) {
        for r in &self.live {
            if r.above < r.k {
                self.member[r.row] |= HIT;
            }
            if r.below < r.k {
                self.member[r.row] |= SUPPRESSION_HIT;
            }
        }
        (self.member, self.multiply_adds)
    }

    fn pack(&mut self) {
        let (y, d) = (&self.y, self.d);
        self.packed.pack(self.live.iter().map(|r| &y[r.row * d..(r.row + 1) * d]), d);
    }
}

/// Counts who of `z` (tokens `id`) beats the runner's target.
#[inline]
fn beat(runner: &mut Runner, z: &[f32], id: &[u32], member: &mut [u8]) {
    let t = runner.z;
    let (mut above, mut below) = (0, 0);
    for (z, id) in z.iter().zip(id) {
        let tie_before = *z == t && *id < runner.target;
        let other = *id != runner.target;
        above += u32::from(other & ((*z > t) | tie_before));
        below += u32::from(other & ((*z < t) | tie_before));
    }
    runner.above += above;
    runner.below += below;
    if runner.suspicious && (!t.is_finite() || z.iter().any(|z| !z.is_finite())) {
        member[runner.row] |= NOT_FINITE;
    }
}

#[cfg(test)]
mod tests;
