//! A part of the vocabulary, and the race of some rows against it.
//!
//! The only copy of the embedding is spread over shards: one in this thread, or one in each of
//! several workers, which need no shared memory.

use crate::engine::Host;
use crate::error::{Error, Result, zeroed};
use crate::kernels::coarse::{self, Columns};
use crate::kernels::gemm::{MR, NR, PackedA, PackedB, matmul_onto};
use crate::kernels::rank::{Count, Entrants, Ids, Race, Work, panel_lengths};
use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// Row panels counted at a time: 96 rows of up to 1,600 floats stay in the second-level cache.
const ROW_PANELS: usize = 16;
/// Column panels counted at a time, for the same reason.
const COL_PANELS: usize = 32;
/// Rows that are multiplied between two turns.
const LOGIT_ROWS: usize = MR;
/// Tokens in the first block; each next block is twice as long, up to the last.
const FIRST_BLOCK: usize = 256;
const LONGEST_BLOCK: usize = 1024;

/// What a shard says to the others while all of them count the same entrants.
pub trait Meeting {
    /// Tells what this shard has counted so far, and gives the sums of what the others have; `None` when there is
    /// nobody else.
    fn meet(&self, counts: &[Count]) -> impl Future<Output = Result<Option<Vec<Count>>>>;
}

/// There are no others.
pub struct Alone;

impl Meeting for Alone {
    async fn meet(&self, _: &[Count]) -> Result<Option<Vec<Count>>> {
        Ok(None)
    }
}

/// Whether shards meet after their `n`th block: after 1, 2, 3, 4, 6, 8, 12, ... Most rows are decided early, and what
/// is counted has to be the same in every run, so the rounds do not depend on who is faster.
fn meets_after(n: usize) -> bool {
    matches!(n >> n.trailing_zeros(), 1 | 3)
}

/// Tokens `first..first + n` of the embedding, as columns of W_U.
pub struct Shard {
    first: usize,
    d: usize,
    /// `[d, n]`
    w_u: PackedB,
    /// Of `w_u`, made when the first rows are raced.
    lengths: OnceCell<Vec<f32>>,
    /// Whether rows get a first look in eight bits.
    first_look: bool,
    /// `w_u` in eight bits, as far as it is made.
    rounded: RefCell<Option<Rc<Columns>>>,
    /// Tokens that were written without a gap, from the first on.
    written: usize,
}

impl Shard {
    /// Room for `n` tokens of width `d`.
    pub fn new(first: usize, n: usize, d: usize) -> Result<Self> {
        Ok(Self {
            first,
            d,
            w_u: PackedB::new(d, n, "the token embedding")?,
            lengths: OnceCell::new(),
            first_look: coarse::FASTER,
            rounded: RefCell::new(None),
            written: 0,
        })
    }

    /// With or without a first look in eight bits, whichever the build is better at: the counts are the same.
    #[cfg(test)]
    pub fn with_first_look(self, first_look: bool) -> Self {
        Self { first_look, ..self }
    }

    /// The tokens that this shard holds.
    pub fn tokens(&self) -> Range<usize> {
        self.first..self.first + self.w_u.cols()
    }

    /// Rows of W_E from token `first_row` on, all of them this shard's.
    pub fn write(&mut self, first_row: usize, rows: &[f32]) -> Result<()> {
        let tokens = self.tokens();
        if first_row < tokens.start || first_row + rows.len() / self.d > tokens.end {
            return Err(Error::CheckpointShape(format!(
                "Rows from {first_row} on do not belong to tokens {tokens:?}."
            )));
        }
        let (at, n) = (first_row - self.first, rows.len() / self.d);
        self.w_u.write_transposed(at, rows);
        self.lengths.take();
        if self.panels_rounded() > at / NR {
            self.rounded.take();
            self.written = 0;
        }
        if at == self.written {
            self.written += n;
            // Now, while the next rows are on their way, and not when the first race waits for it.
            self.round(self.written / NR);
        }
        Ok(())
    }

    /// Rows of W_E, `[ids.len(), d]`; every id is this shard's.
    pub fn rows(&self, ids: &[u32]) -> Vec<f32> {
        let mut rows = vec![0.0; ids.len() * self.d];
        for (id, row) in ids.iter().zip(rows.chunks_exact_mut(self.d)) {
            self.w_u.column(*id as usize - self.first, row);
        }
        rows
    }

    /// x W_U of every row of `x` `[n, d]` over the shard's tokens: `[n, tokens]`.
    pub async fn logits(&self, x: &[f32], host: &impl Host) -> Result<Vec<f32>> {
        let n = self.w_u.cols();
        let mut logits = zeroed(x.len() / self.d * n, "the logits")?;
        for (x, out) in x.chunks(LOGIT_ROWS * self.d).zip(logits.chunks_mut(LOGIT_ROWS * n)) {
            matmul_onto(&PackedA::from_rows(x, self.d), &self.w_u, out);
            host.breathe().await?;
        }
        Ok(logits)
    }

    /// Races the entrants against every token of the shard; who has lost by what all shards counted together leaves.
    /// `seen` hears how many tokens are settled so far. Gives the counts of every row, and the work done.
    pub async fn count(
        &self,
        entrants: Entrants,
        host: &impl Host,
        others: &impl Meeting,
        mut seen: impl FnMut(usize),
    ) -> Result<(Vec<Count>, Work)> {
        let lengths = self.lengths.get_or_init(|| panel_lengths(&self.w_u));
        let longest = lengths.iter().fold(0.0, |m: f32, l| m.max(*l));
        let ids = Ids::From(self.first as u32);
        let mut counts = vec![Count::default(); entrants.len()];
        let rounded = self.rounded(host).await?;
        let mut races = Race::split(entrants, longest, rounded.is_some());
        let panels = self.w_u.panels();
        let (mut at, mut block, mut blocks) = (0, FIRST_BLOCK / NR, 0);
        while at < panels && races.iter().any(|(_, race)| race.live() > 0) {
            let end = (at + block).min(panels);
            for (_, race) in &mut races {
                if race.goes_through() {
                    for first in (at..end).step_by(COL_PANELS) {
                        race.count_through(&self.w_u, lengths, first..(first + COL_PANELS).min(end), ids);
                        host.breathe().await?;
                    }
                } else {
                    if let Some(rounded) = &rounded {
                        look_at_block(race, &self.w_u, rounded, at..end, ids, host).await?;
                        race.settle(&self.w_u, (end - at) * NR, end == panels, ids);
                    }
                    count_block(race, &self.w_u, at..end, ids, host).await?;
                }
                race.drop_losers();
            }
            seen(self.w_u.cols().min(end * NR));
            at = end;
            block = (block * 2).min(LONGEST_BLOCK / NR);
            blocks += 1;
            if at < panels && meets_after(blocks) {
                gather(&races, &mut counts);
                if let Some(elsewhere) = others.meet(&counts).await? {
                    races
                        .iter_mut()
                        .for_each(|(rows, race)| race.hear(|i| elsewhere[rows[i]]));
                }
            }
        }
        let mut work = Work::default();
        for (rows, race) in races {
            let (part, own) = race.finish();
            rows.into_iter().zip(part).for_each(|(row, count)| counts[row] = count);
            work += own;
        }
        Ok((counts, work))
    }

    fn panels_rounded(&self) -> usize {
        self.rounded.borrow().as_ref().map_or(0, |columns| columns.panels())
    }

    /// Rounds the embedding up to panel `end`. Nobody may hold what is made.
    fn round(&self, end: usize) {
        if !self.first_look {
            return;
        }
        let mut made = self.rounded.borrow_mut();
        if made.is_none() {
            *made = Columns::new(self.d, self.w_u.cols()).map(Rc::new);
        }
        if let Some(columns) = made.as_mut().and_then(Rc::get_mut) {
            while columns.panels() < end {
                columns.push(&self.w_u);
            }
        }
    }

    /// The embedding in eight bits; None where rows get no first look.
    async fn rounded(&self, host: &impl Host) -> Result<Option<Rc<Columns>>> {
        let panels = self.w_u.panels();
        while self.panels_rounded() < panels {
            let before = self.panels_rounded();
            self.round((before + COL_PANELS).min(panels));
            if self.panels_rounded() == before {
                return Ok(None);
            }
            host.breathe().await?;
        }
        Ok(self.rounded.borrow().clone())
    }
}

/// What every race has counted, at the places of its rows.
fn gather(races: &[(Vec<usize>, Race)], counts: &mut [Count]) {
    for (rows, race) in races {
        rows.iter()
            .zip(race.counts())
            .for_each(|(row, count)| counts[*row] = *count);
    }
}

/// [`Race::count`] of all undecided rows, in pieces short enough to be interrupted.
pub(super) async fn count_block(
    race: &mut Race,
    w_u: &PackedB,
    panels: Range<usize>,
    ids: Ids<'_>,
    host: &impl Host,
) -> Result<()> {
    for row in (0..race.row_panels()).step_by(ROW_PANELS) {
        let rows = row..(row + ROW_PANELS).min(race.row_panels());
        for col in panels.clone().step_by(COL_PANELS) {
            race.count(w_u, col..(col + COL_PANELS).min(panels.end), rows.clone(), ids);
            host.breathe().await?;
        }
    }
    Ok(())
}

/// [`Race::look`] of all rows that get one, in pieces short enough to be interrupted.
async fn look_at_block(
    race: &mut Race,
    w_u: &PackedB,
    rounded: &Columns,
    panels: Range<usize>,
    ids: Ids<'_>,
    host: &impl Host,
) -> Result<()> {
    for row in (0..race.looked_at_panels()).step_by(ROW_PANELS) {
        let rows = row..(row + ROW_PANELS).min(race.looked_at_panels());
        for col in panels.clone().step_by(COL_PANELS) {
            race.look(w_u, rounded, col..(col + COL_PANELS).min(panels.end), rows.clone(), ids);
            host.breathe().await?;
        }
    }
    Ok(())
}
