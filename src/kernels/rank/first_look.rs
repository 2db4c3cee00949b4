//! A first look in eight bits: it counts what it is sure of, and leaves open what is too close to the target. Few rows
//! need that: most have lost by then. For the others the open comparisons are made by the product's own sums, until the
//! row has lost or none is left, so that the counts mean what they always do.

use super::{Ids, NR, Race, Runner, beat, columns};
use crate::kernels::coarse;
use crate::kernels::gemm::{MR, Panels, four_in_order};
use std::ops::Range;

/// Open comparisons of a row above which it is looked at more closely in any case.
const MOST_OPEN: usize = 4096;
/// A row of which more than this share of a block had to be looked at closely gets no first look any more.
const TOO_MANY: usize = 8;

impl Race {
    /// Panels of undecided rows that get a first look: what `look` takes ranges of.
    pub fn looked_at_panels(&self) -> usize {
        self.rounded.panels()
    }

    /// Counts, for the rows of `row_panels`, who of the columns in `col_panels` surely beats the target.
    pub fn look(&mut self, w_u: &coarse::Columns, col_panels: Range<usize>, row_panels: Range<usize>, ids: Ids<'_>) {
        let cols = w_u.cols().min(col_panels.end * NR) - col_panels.start * NR;
        let live = &mut self.live[..self.looked_at];
        let rows = live.len().min(row_panels.end * MR) - row_panels.start * MR;
        self.work.add_int8((cols * rows * self.entrants.d) as u64);
        for pj in col_panels {
            let (first, n, id) = columns(w_u, pj, ids);
            for pi in row_panels.clone() {
                let block = coarse::Block::new(&self.rounded, pi, w_u, pj);
                for (r, (runner, sums)) in live[pi * MR..].iter_mut().zip(&block.sums).enumerate() {
                    let (low, high) = block.marks(r, runner.z);
                    let sums = &sums[..n];
                    let (mut above, mut below) = (0, 0);
                    for sum in sums {
                        above += u32::from(*sum > high);
                        below += u32::from(*sum < low);
                    }
                    // The target itself is never sure to beat itself.
                    runner.count.above += above;
                    runner.count.below += below;
                    if (above + below) as usize == n || runner.lost() {
                        continue;
                    }
                    let unsure = sums.iter().enumerate().filter(|(_, sum)| (low..=high).contains(*sum));
                    let others = unsure.filter(|(c, _)| id[*c] != runner.target);
                    self.open[runner.row].extend(others.map(|(c, _)| (first + c) as u32));
                }
            }
        }
    }

    /// After a block of `block` columns: looks closely where that may let a row go, or, at the `last`, wherever
    /// something is open.
    pub fn settle(&mut self, w_u: &coarse::Columns, block: usize, last: bool, ids: Ids<'_>) {
        let mut columns = vec![0.0; 4 * self.entrants.d];
        for runner in &mut self.live[..self.looked_at] {
            let open = &mut self.open[runner.row];
            if !(last || open.len() > MOST_OPEN || may_lose(runner, open.len() as u32)) {
                continue;
            }
            let mut closely = 0;
            while !runner.lost() && !open.is_empty() {
                let some = open.split_off(open.len().saturating_sub(4));
                // Of fewer than four, the last again.
                let four = [0, 1, 2, 3].map(|i| some[i.min(some.len() - 1)] as usize);
                w_u.four(four, &mut columns);
                let z = four_in_order(self.entrants.row(runner.row), &columns);
                let id = four.map(|column| ids.of(column));
                beat(runner, &z[..some.len()], &id[..some.len()]);
                closely += some.len();
            }
            self.work.add((closely * self.entrants.d) as u64);
            runner.direct = closely * TOO_MANY > block;
        }
    }
}

/// Whether a row has lost if all that is open goes against it.
fn may_lose(runner: &Runner, open: u32) -> bool {
    let all = runner.count.and(runner.elsewhere);
    open > 0 && all.above.saturating_add(open) >= runner.k && all.below.saturating_add(open) >= runner.k
}
