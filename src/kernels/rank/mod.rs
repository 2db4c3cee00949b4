//! Is the target among the k largest of z, and of -z? Exactly, without most of z.
//!
//! A row has lost for a sign as soon as k tokens beat its target, and one logit serves both
//! signs: a row leaves the race when it has lost both. Whoever is still there after the last
//! token is a member. The target itself is left out of the count, ties go by token id.

mod entrants;
mod plain;
mod through;

pub use entrants::{Count, Entrants};
pub use plain::rank_plain;
pub use through::{Through, panel_lengths, worth};

use super::gemm::{MR, NR, PackedA, PackedB, dot_in_order, tile};
use through::Middle;

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
    /// What was counted against other tokens by somebody else.
    elsewhere: Count,
}

impl Runner {
    fn lost(&self) -> bool {
        let all = self.count.and(self.elsewhere);
        !self.suspicious && all.above >= self.k && all.below >= self.k
    }
}

/// The rows that are still in the race.
pub struct Race {
    entrants: Entrants,
    live: Vec<Runner>,
    /// The undecided rows: themselves, or before W_O where that is cheaper.
    packed: PackedA,
    middle: Option<Middle>,
    counts: Vec<Count>,
    multiply_adds: u64,
}

impl Race {
    /// A race of all rows in which nobody takes a cheaper way.
    pub fn new(entrants: Entrants) -> Self {
        Self::with(entrants, None)
    }

    /// One race for each head that has a cheaper way, one for the others; each with the indices of
    /// its rows. No token vector is longer than `longest`.
    pub fn split(mut entrants: Entrants, longest: f32) -> Vec<(Vec<usize>, Self)> {
        let mut races = vec![];
        let mut others = vec![true; entrants.len()];
        for t in std::mem::take(&mut entrants.through) {
            let rows = t.rows.clone();
            // Every logit of a suspicious row has to be looked at itself.
            if entrants.suspicious[rows.clone()].iter().any(|s| *s != 0) {
                continue;
            }
            if let Some(middle) = Middle::new(t, entrants.d, longest) {
                others[rows.clone()].fill(false);
                let rows: Vec<usize> = rows.collect();
                let race = Self::with(entrants.pick(&rows), Some(middle));
                races.push((rows, race));
            }
        }
        let rows: Vec<usize> = (0..entrants.len()).filter(|i| others[*i]).collect();
        let race = Self::new(entrants.pick(&rows));
        races.push((rows, race));
        races
    }

    fn with(entrants: Entrants, middle: Option<Middle>) -> Self {
        let live: Vec<_> = (0..entrants.len())
            .map(|row| Runner {
                row,
                target: entrants.targets[row],
                z: entrants.z[row],
                k: entrants.k[row],
                suspicious: entrants.suspicious[row] != 0,
                count: Count::default(),
                elsewhere: Count::default(),
            })
            .collect();
        let counts = vec![Count::default(); entrants.len()];
        let mut race = Self {
            entrants,
            live,
            packed: PackedA::default(),
            middle,
            counts,
            multiply_adds: 0,
        };
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

    /// Whether the undecided rows are now counted by [`Race::count_through`].
    pub fn goes_through(&self) -> bool {
        self.middle.as_ref().is_some_and(|m| self.packed.inner() == m.d_head())
    }

    /// Counts, for all undecided rows, who of the columns in `col_panels` beats the target: what
    /// [`Race::count`] counts, by way of W_O W_U. `lengths`: see [`panel_lengths`].
    pub fn count_through(&mut self, w_u: &PackedB, lengths: &[f32], col_panels: std::ops::Range<usize>, ids: Ids<'_>) {
        let Some(middle) = &mut self.middle else { return };
        let (d, d_head) = (self.entrants.d, middle.d_head());
        let mut column = vec![0.0; d];
        for pj in col_panels {
            let (first, n, id) = columns(w_u, pj, ids);
            middle.enter(w_u.panel(pj));
            self.multiply_adds += (n * d_head * (d + self.live.len())) as u64;
            for pi in 0..self.packed.panels() {
                let t = middle.near(self.packed.panel(pi));
                for (runner, z) in self.live[pi * MR..].iter_mut().zip(&t) {
                    let slack = middle.slack(runner.row, lengths[pj]);
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
                            self.multiply_adds += d as u64;
                            beat(runner, &[exact], &id[c..=c]);
                        }
                    }
                }
            }
        }
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
            let (_, n, id) = columns(w_u, pj, ids);
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

    /// What was counted for every row up to the last [`Race::drop_losers`].
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// Hears what others have counted against tokens that this race does not see, for each row, and lets go who has
    /// lost by both together.
    pub fn hear(&mut self, elsewhere: impl Fn(usize) -> Count) {
        for r in &mut self.live {
            r.elsewhere = elsewhere(r.row);
        }
        self.drop_losers();
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
        let d = self.entrants.d;
        match &self.middle {
            Some(m) if worth(self.live.len(), d, m.d_head()) => {
                self.packed.pack(self.live.iter().map(|r| m.row(r.row)), m.d_head());
            }
            _ => self.packed.pack(self.live.iter().map(|r| self.entrants.row(r.row)), d),
        }
    }
}

/// Of one panel: its first column, how many there are, and which tokens they are.
fn columns(w_u: &PackedB, panel: usize, ids: Ids<'_>) -> (usize, usize, [u32; NR]) {
    let first = panel * NR;
    let n = NR.min(w_u.cols() - first);
    let mut id = [0; NR];
    id[..n]
        .iter_mut()
        .enumerate()
        .for_each(|(c, id)| *id = ids.of(first + c));
    (first, n, id)
}

/// Counts who of `z` (tokens `id`) beats the runner's target.
#[inline]
fn beat(runner: &mut Runner, z: &[f32], id: &[u32]) {
    let t = runner.z;
    let (mut above, mut below) = (0, 0);
    // Mostly the target is not here and nothing is equal to it: then no id matters.
    for z in z {
        above += u32::from(*z > t);
        below += u32::from(*z < t);
    }
    if (above + below) as usize == z.len() && !runner.suspicious && !id.contains(&runner.target) {
        runner.count.above += above;
        runner.count.below += below;
        return;
    }
    (above, below) = (0, 0);
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
