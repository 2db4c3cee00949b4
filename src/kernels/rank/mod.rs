//! Is the target among the k largest of z, and of -z? Exactly, without most of z.
//!
//! A row has lost for a sign as soon as k tokens beat its target, and one logit serves both
//! signs: a row leaves the race when it has lost both. Whoever is still there after the last
//! token is a member. The target itself is left out of the count, ties go by token id.
//!
//! Three ways to the same counts: the product itself; a first look in eight bits, after which few comparisons are open
//! (`first_look.rs`); for heads of many rows, through their narrow middle (`through.rs`), where there is a first look in eight bits too.
//! Before all of them most rows have lost to a few tokens, which takes less than making the rows (`rivals.rs`).

mod entrants;
mod first_look;
mod plain;
mod rivals;
mod runner;
mod slack;
mod through;
mod work;

pub use entrants::{Count, Entrants};
pub use plain::rank_plain;
pub use rivals::{HeadTrial, Rivals};
pub use through::{Through, panel_lengths, worth};
pub use work::Work;

use super::coarse;
use super::gemm::{MR, NR, PackedA, Panels, tile};
use runner::{Runner, beat, columns};
use through::{Middle, Way};

/// Which tokens the columns of a product are: column c is this one and c further.
#[derive(Clone, Copy, Debug)]
pub struct Ids(pub u32);

impl Ids {
    fn of(self, column: usize) -> u32 {
        self.0 + column as u32
    }
}

/// The rows that are still in the race.
pub struct Race {
    entrants: Entrants,
    /// Those who get a first look in eight bits stand before the others.
    live: Vec<Runner>,
    /// How many they are, and they themselves.
    looked_at: usize,
    /// Whether they are looked at through the head's middle.
    narrowly: bool,
    rounded: coarse::Rows,
    /// Of every row, the columns of which the first look could not tell.
    open: Vec<Vec<u32>>,
    /// The other undecided rows: themselves, or before W_O where that is cheaper.
    packed: PackedA,
    middle: Option<Middle>,
    counts: Vec<Count>,
    work: Work,
}

impl Race {
    /// One race for each head that has a cheaper way, one for the others; each with the indices of
    /// its rows. No token vector is longer than `longest`. With `first_look`, rows are looked at in eight bits first.
    pub fn split(mut entrants: Entrants, longest: f32, first_look: bool) -> Vec<(Vec<usize>, Self)> {
        if entrants.through.is_empty() {
            let rows = (0..entrants.len()).collect();
            return vec![(rows, Self::with(entrants, None, first_look))];
        }
        let mut races = vec![];
        let mut others = vec![true; entrants.len()];
        for t in std::mem::take(&mut entrants.through) {
            let (rows, products) = (t.rows.clone(), (t.v.len() * entrants.d) as u64);
            // Every logit of a suspicious row has to be looked at itself.
            if entrants.suspicious[rows.clone()].iter().any(|s| *s != 0) {
                continue;
            }
            if let Some(middle) = Middle::new(
                t,
                &entrants.y[rows.start * entrants.d..rows.end * entrants.d],
                entrants.d,
                longest,
                first_look,
            ) {
                others[rows.clone()].fill(false);
                let rows: Vec<usize> = rows.collect();
                let mut race = Self::with(entrants.pick(&rows), Some(middle), first_look);
                if first_look {
                    race.work.add(products); // what the middle's bound takes
                }
                races.push((rows, race));
            }
        }
        let rows: Vec<usize> = (0..entrants.len()).filter(|i| others[*i]).collect();
        let race = Self::with(entrants.pick(&rows), None, first_look);
        races.push((rows, race));
        races
    }

    fn with(entrants: Entrants, middle: Option<Middle>, first_look: bool) -> Self {
        let live: Vec<_> = (0..entrants.len())
            .map(|row| Runner {
                row,
                target: entrants.targets[row],
                z: entrants.z[row],
                k: entrants.k[row],
                suspicious: entrants.suspicious[row] != 0,
                // Every logit of a suspicious row has to be looked at itself.
                direct: !first_look || entrants.suspicious[row] != 0,
                count: Count::default(),
                elsewhere: Count::default(),
            })
            .collect();
        let counts = vec![Count::default(); entrants.len()];
        let mut race = Self {
            open: vec![vec![]; if first_look { entrants.len() } else { 0 }],
            entrants,
            live,
            looked_at: 0,
            narrowly: false,
            rounded: coarse::Rows::default(),
            packed: PackedA::default(),
            middle,
            counts,
            work: Work::default(),
        };
        race.pack();
        race
    }

    /// Rows still undecided.
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Panels of undecided rows that get no first look: what `count` takes ranges of.
    pub fn row_panels(&self) -> usize {
        self.packed.panels()
    }

    /// Whether the undecided rows are now counted by [`Race::count_through`].
    pub fn goes_through(&self) -> bool {
        self.middle
            .as_ref()
            .is_some_and(|m| matches!(m.way, Way::Floats(_)) && self.packed.inner() == m.d_head)
    }

    /// Counts, for the rows of `row_panels`, who of the columns in `col_panels` beats the target.
    pub fn count(
        &mut self,
        w_u: &impl Panels,
        col_panels: std::ops::Range<usize>,
        row_panels: std::ops::Range<usize>,
        ids: Ids,
    ) {
        let cols = w_u.cols().min(col_panels.end * NR) - col_panels.start * NR;
        let live = &mut self.live[self.looked_at..];
        let rows = live.len().min(row_panels.end * MR) - row_panels.start * MR;
        self.work.add((cols * rows * self.entrants.d) as u64);
        let mut room = vec![];
        for pj in col_panels {
            let (_, n, id) = columns(w_u, pj, ids);
            let panel = w_u.panel_in(pj, &mut room);
            for pi in row_panels.clone() {
                let t = tile(self.packed.panel(pi), panel);
                for (runner, z) in live[pi * MR..].iter_mut().zip(&t) {
                    beat(runner, &z[..n], &id[..n]);
                }
            }
        }
    }

    /// Lets the rows go that have lost both signs; the others keep their counts.
    pub fn drop_losers(&mut self) {
        let (before, direct) = (self.live.len(), self.live.len() - self.looked_at);
        let counts = &mut self.counts;
        self.live.retain(|r| {
            counts[r.row] = r.count;
            !r.lost()
        });
        if self.live.len() != before || self.live.iter().filter(|r| r.direct).count() != direct {
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

    /// What was counted for every row, and the work done. What a first look has left open is settled before.
    pub fn finish(mut self) -> (Vec<Count>, Work) {
        for r in &self.live {
            let settled = r.lost() || self.open.get(r.row).is_none_or(Vec::is_empty);
            assert!(settled, "comparisons are left open");
            self.counts[r.row] = r.count;
        }
        (self.counts, self.work)
    }

    fn pack(&mut self) {
        let (d, all) = (self.entrants.d, self.live.len());
        let first_look = !self.open.is_empty();
        let worth = |rows: usize, m: &Middle| worth(rows, d, m.d_head);
        if let Some(m) = self.middle.as_mut().filter(|m| worth(all, m))
            && let Way::Floats(way) = &m.way
        {
            self.packed.pack(self.live.iter().map(|r| way.row(r.row)), m.d_head);
            return;
        }
        self.live.sort_by_key(|r| r.direct);
        self.looked_at = self.live.partition_point(|r| !r.direct);
        let (looked_at, direct) = self.live.split_at(self.looked_at);
        self.packed.pack(direct.iter().map(|r| self.entrants.row(r.row)), d);
        self.narrowly = false;
        if let Some(m) = self.middle.as_mut().filter(|m| worth(looked_at.len(), m)) {
            let compared: Vec<_> = looked_at.iter().map(|r| m.compared(r.row, r.z)).collect();
            if let Way::Bytes(way) = &mut m.way {
                way.pack(&compared);
                self.narrowly = true;
                return;
            }
        }
        if self.rounded.is_empty() && first_look {
            let rows = (0..self.entrants.len()).map(|i| self.entrants.row(i));
            self.rounded = coarse::Rows::new(rows, d);
        }
        self.rounded.pack(looked_at.iter().map(|r| r.row));
    }
}

#[cfg(test)]
mod tests;
