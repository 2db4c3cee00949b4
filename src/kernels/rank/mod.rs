//! Is the target among the k largest of z, and of -z? Exactly, without most of z.
//!
//! A row has lost for a sign as soon as k tokens beat its target, and one logit serves both
//! signs: a row leaves the race when it has lost both. Whoever is still there after the last
//! token is a member. The target itself is left out of the count, ties go by token id.

mod entrants;
mod plain;

pub use entrants::{Count, Entrants};
pub use plain::rank_plain;

use super::gemm::{MR, NR, PackedA, PackedB, tile};

/// Which tokens the columns of a product are.
#[derive(Clone, Copy, Debug)]
pub enum Ids<'a> {
    /// Column c is token `first + c`.
    From(u32),
    /// Column c is token `ids[c]`; all distinct.
    List(&'a [u32]),
}

impl Ids<'_> {
    fn of(self, column: usize) -> u32 {
        match self {
            Ids::From(first) => first + column as u32,
            Ids::List(ids) => ids[column],
        }
    }
}

/// A row that is still in the race.
#[derive(Clone, Copy, Debug)]
struct Runner {
    row: usize,
    target: u32,
    z: f32,
    k: u32,
    suspicious: bool,
    count: Count,
}

impl Runner {
    fn lost(&self) -> bool {
        !self.suspicious && self.count.above >= self.k && self.count.below >= self.k
    }
}

/// The rows that are still in the race.
pub struct Race {
    entrants: Entrants,
    live: Vec<Runner>,
    packed: PackedA,
    counts: Vec<Count>,
    multiply_adds: u64,
}

impl Race {
    pub fn new(entrants: Entrants) -> Self {
        let live: Vec<_> = (0..entrants.len())
            .map(|row| Runner {
                row,
                target: entrants.targets[row],
                z: entrants.z[row],
                k: entrants.k[row],
                suspicious: entrants.suspicious[row] != 0,
                count: Count::default(),
            })
            .collect();
        let counts = vec![Count::default(); entrants.len()];
        let mut race = Self { entrants, live, packed: PackedA::default(), counts, multiply_adds: 0 };
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
    pub fn count(
        &mut self,
        w_u: &PackedB,
        col_panels: std::ops::Range<usize>,
        row_panels: std::ops::Range<usize>,
        ids: Ids<'_>,
    ) {
        let cols = w_u.cols().min(col_panels.end * NR) - col_panels.start * NR;
        let rows = self.live.len().min(row_panels.end * MR) - row_panels.start * MR;
        self.multiply_adds += (cols * rows * self.entrants.d) as u64;
        for pj in col_panels {
            let first = pj * NR;
            let n = NR.min(w_u.cols() - first);
            let mut id = [0; NR];
            id[..n].iter_mut().enumerate().for_each(|(c, id)| *id = ids.of(first + c));
            for pi in row_panels.clone() {
                let t = tile(self.packed.panel(pi), w_u.panel(pj));
                for (runner, z) in self.live[pi * MR..].iter_mut().zip(&t) {
                    beat(runner, &z[..n], &id[..n]);
                }
            }
        }
    }

    /// Lets the rows go that have lost both signs; the others keep their counts.
    pub fn drop_losers(&mut self) {
        let before = self.live.len();
        let counts = &mut self.counts;
        self.live.retain(|r| {
            counts[r.row] = r.count;
            !r.lost()
        });
        if self.live.len() != before {
            self.pack();
        }
    }

    /// Sets the counts of the undecided rows back to zero, after a trial against tokens that will
    /// come again.
    pub fn restart_counts(&mut self) {
        for r in &mut self.live {
            r.count = Count::default();
        }
    }

    /// The undecided rows, to be raced elsewhere: their indices and themselves.
    pub fn survivors(&self) -> (Vec<usize>, Entrants) {
        let rows: Vec<_> = self.live.iter().map(|r| r.row).collect();
        let entrants = self.entrants.pick(&rows);
        (rows, entrants)
    }

    /// What was counted for every row, and the multiply-adds done.
    pub fn finish(mut self) -> (Vec<Count>, u64) {
        for r in &self.live {
            self.counts[r.row] = r.count;
        }
        (self.counts, self.multiply_adds)
    }

    fn pack(&mut self) {
        self.packed.pack(self.live.iter().map(|r| self.entrants.row(r.row)), self.entrants.d);
    }
}

/// Counts who of `z` (tokens `id`) beats the runner's target.
#[inline]
fn beat(runner: &mut Runner, z: &[f32], id: &[u32]) {
    let t = runner.z;
    let (mut above, mut below) = (0, 0);
    for (z, id) in z.iter().zip(id) {
        let tie_before = *z == t && *id < runner.target;
        let other = *id != runner.target;
        above += u32::from(other & ((*z > t) | tie_before));
        below += u32::from(other & ((*z < t) | tie_before));
    }
    runner.count.above += above;
    runner.count.below += below;
    if runner.suspicious {
        runner.count.not_finite |= !t.is_finite() || z.iter().any(|z| !z.is_finite());
    }
}

#[cfg(test)]
mod tests;
