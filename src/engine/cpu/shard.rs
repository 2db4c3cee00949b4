//! A part of the vocabulary, and the race of some rows against it.
//!
//! The only copy of the embedding is spread over shards: one in this thread, or one in each of
//! several workers, which need no shared memory.

use super::blocks::{count_block, logits, look_at_block, through_block};
use crate::engine::Host;
use crate::error::{Error, Result};
use crate::kernels::coarse::{self, Columns};
use crate::kernels::gemm::{NR, PackedA, PackedB, Panels};
use crate::kernels::rank::{Count, Entrants, Ids, Race, Work, panel_lengths};
use std::cell::OnceCell;
use std::ops::Range;

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

/// How the columns of W_U are kept.
enum Kept {
    Floats(PackedB),
    /// Where rows get a first look in eight bits.
    Bytes(Columns),
}

/// Tokens `first..first + n` of the embedding, as columns of W_U.
pub struct Shard {
    first: usize,
    d: usize,
    /// `[d, n]`
    w_u: Kept,
    /// Of the panels of `w_u`, made when the first rows are raced.
    lengths: OnceCell<Vec<f32>>,
}

impl Shard {
    /// Room for `n` tokens of width `d`.
    pub fn new(first: usize, n: usize, d: usize) -> Result<Self> {
        Self::with(first, n, d, coarse::FASTER)
    }

    /// With or without a first look in eight bits, whichever the build is better at: the counts are the same.
    pub(super) fn with(first: usize, n: usize, d: usize, first_look: bool) -> Result<Self> {
        let what = "the token embedding";
        let w_u = if first_look && coarse::possible(d) {
            Kept::Bytes(Columns::new(d, n, what)?)
        } else {
            Kept::Floats(PackedB::new(d, n, what)?)
        };
        let lengths = OnceCell::new();
        Ok(Self { first, d, w_u, lengths })
    }

    fn n(&self) -> usize {
        match &self.w_u {
            Kept::Floats(w_u) => w_u.cols(),
            Kept::Bytes(w_u) => w_u.cols(),
        }
    }

    /// The tokens that this shard holds.
    pub fn tokens(&self) -> Range<usize> {
        self.first..self.first + self.n()
    }

    /// Rows of W_E from token `first_row` on, all of them this shard's.
    pub fn write(&mut self, first_row: usize, rows: &[f32]) -> Result<()> {
        let tokens = self.tokens();
        if first_row < tokens.start || first_row + rows.len() / self.d > tokens.end {
            return Err(Error::CheckpointShape(format!(
                "Rows from {first_row} on do not belong to tokens {tokens:?}."
            )));
        }
        self.lengths.take();
        let at = first_row - self.first;
        match &mut self.w_u {
            Kept::Floats(w_u) => w_u.write_transposed(at, rows),
            Kept::Bytes(w_u) => w_u.write_transposed(at, rows),
        }
        Ok(())
    }

    /// Rows of W_E, `[ids.len(), d]`; every id is this shard's.
    pub fn rows(&self, ids: &[u32]) -> Vec<f32> {
        let mut rows = vec![0.0; ids.len() * self.d];
        for (id, row) in ids.iter().zip(rows.chunks_exact_mut(self.d)) {
            let column = *id as usize - self.first;
            match &self.w_u {
                Kept::Floats(w_u) => w_u.column(column, row),
                Kept::Bytes(w_u) => w_u.column(column, row),
            }
        }
        rows
    }

    /// x W_U of every row of `x` `[n, d]` over the shard's tokens: `[n, tokens]`.
    pub async fn logits(&self, x: &[f32], host: &impl Host) -> Result<Vec<f32>> {
        let x = PackedA::from_rows(x, self.d);
        match &self.w_u {
            Kept::Floats(w_u) => logits(&x, w_u, host).await,
            Kept::Bytes(w_u) => logits(&x, w_u, host).await,
        }
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
        let ids = Ids(self.first as u32);
        let mut counts = vec![Count::default(); entrants.len()];
        let lengths = self.lengths.get_or_init(|| match &self.w_u {
            Kept::Floats(w_u) => panel_lengths(w_u),
            Kept::Bytes(w_u) => w_u.lengths(),
        });
        let longest = lengths.iter().fold(0.0, |m: f32, l| m.max(*l));
        let mut races = Race::split(entrants, longest, matches!(self.w_u, Kept::Bytes(_)));
        let panels = self.n().div_ceil(NR);
        let (mut at, mut block, mut blocks) = (0, FIRST_BLOCK / NR, 0);
        while at < panels && races.iter().any(|(_, race)| race.live() > 0) {
            let end = (at + block).min(panels);
            for (_, race) in &mut races {
                match &self.w_u {
                    Kept::Floats(w_u) if race.goes_through() => {
                        through_block(race, w_u, lengths, at..end, ids, host).await?;
                    }
                    Kept::Bytes(w_u) if race.goes_through() => {
                        through_block(race, w_u, lengths, at..end, ids, host).await?;
                    }
                    Kept::Floats(w_u) => count_block(race, w_u, at..end, ids, host).await?,
                    Kept::Bytes(w_u) => {
                        look_at_block(race, w_u, at..end, ids, host).await?;
                        race.settle(w_u, (end - at) * NR, end == panels, ids);
                        count_block(race, w_u, at..end, ids, host).await?;
                    }
                }
                race.drop_losers();
            }
            seen(self.n().min(end * NR));
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
}

/// What every race has counted, at the places of its rows.
fn gather(races: &[(Vec<usize>, Race)], counts: &mut [Count]) {
    for (rows, race) in races {
        rows.iter()
            .zip(race.counts())
            .for_each(|(row, count)| counts[*row] = *count);
    }
}
