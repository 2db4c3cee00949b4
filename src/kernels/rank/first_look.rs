//! A first look in eight bits: it counts what it is sure of, and leaves open what is too close to the target. Few rows
//! need that: most have lost by then. For the others the open comparisons are made by the product's own sums, until the
//! row has lost or none is left, so that the counts mean what they always do.

use super::runner::{Runner, beat, columns};
use super::through::Way;
use super::{Ids, NR, Race};
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
        self.looked_at.div_ceil(MR)
    }

    /// Whether that goes through the head's middle: then all rows at once share what is made for a panel of columns.
    pub fn looks_narrowly(&self) -> bool {
        self.narrowly
    }

    /// Counts, for the rows of `row_panels`, who of the columns in `col_panels` surely beats the target.
    pub fn look(&mut self, w_u: &coarse::Columns, col_panels: Range<usize>, row_panels: Range<usize>, ids: Ids) {
        let cols = w_u.cols().min(col_panels.end * NR) - col_panels.start * NR;
        let live = &mut self.live[..self.looked_at];
        let rows = live.len().min(row_panels.end * MR) - row_panels.start * MR;
        let (d, open) = (self.entrants.d, &mut self.open);
        if let Some(middle) = self.middle.as_mut().filter(|_| self.narrowly)
            && let Way::Bytes(way) = &mut middle.way
        {
            self.work.add_int8((cols * middle.d_head * (d + rows)) as u64);
            let mut room = vec![];
            for pj in col_panels {
                let at = columns(w_u, pj, ids);
                way.enter(w_u, pj, &mut room);
                for pi in row_panels.clone() {
                    let (sums, marks) = (way.sums(pi), way.marks(pi));
                    for (r, (runner, sums)) in live[pi * MR..].iter_mut().zip(sums).enumerate() {
                        tell(
                            runner,
                            &sums.map(|sum| sum as f32),
                            (marks.low[r], marks.high[r]),
                            &at,
                            open,
                        );
                    }
                }
            }
            return;
        }
        self.work.add_int8((cols * rows * d) as u64);
        for pj in col_panels {
            let at = columns(w_u, pj, ids);
            for pi in row_panels.clone() {
                let block = coarse::Block::new(&self.rounded, pi, w_u, pj);
                for (r, (runner, sums)) in live[pi * MR..].iter_mut().zip(&block.sums).enumerate() {
                    let marks = block.marks(r, runner.z);
                    tell(runner, sums, marks, &at, open);
                }
            }
        }
    }

    /// After a block of `block` columns: looks closely where that may let a row go, or, at the `last`, wherever
    /// something is open.
    pub fn settle(&mut self, w_u: &coarse::Columns, block: usize, last: bool, ids: Ids) {
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

/// Counts what is sure of one row in one panel of columns, and leaves open what is not.
#[inline]
fn tell<T: PartialOrd>(
    runner: &mut Runner,
    sums: &[T; NR],
    (low, high): (T, T),
    (first, n, id): &(usize, usize, [u32; NR]),
    open: &mut [Vec<u32>],
) {
    let (mut above, mut below) = (0, 0);
    let mut count = |sums: &[T]| {
        for sum in sums {
            above += u32::from(*sum > high);
            below += u32::from(*sum < low);
        }
    };
    // A number of sums that the compiler knows, nearly always.
    if *n == NR {
        count(sums)
    } else {
        count(&sums[..*n])
    }
    let sums = &sums[..*n];
    // The target itself is never sure to beat itself.
    runner.count.above += above;
    runner.count.below += below;
    if (above + below) as usize == *n || runner.lost() {
        return;
    }
    let unsure = sums
        .iter()
        .enumerate()
        .filter(|(_, sum)| !(**sum > high || **sum < low));
    let others = unsure.filter(|(c, _)| id[*c] != runner.target);
    open[runner.row].extend(others.map(|(c, _)| (first + c) as u32));
}

/// Whether a row has lost if all that is open goes against it.
fn may_lose(runner: &Runner, open: u32) -> bool {
    let all = runner.count.and(runner.elsewhere);
    open > 0 && all.above.saturating_add(open) >= runner.k && all.below.saturating_add(open) >= runner.k
}
