//! Shards of uneven sizes in this thread: what the workers do, without workers.

use super::vocabulary::Counted;
use super::*;
use crate::kernels::rank::{Count, Entrants, Work};
use crate::score::SilentHost;
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// All of an embedding's.
pub(super) struct LocalShards {
    shards: Rc<RefCell<Vec<Shard>>>,
    meet: bool,
}

impl LocalShards {
    /// `meet`: whether they tell each other what they have counted.
    pub(super) fn new(shards: Vec<Shard>, meet: bool) -> Self {
        Self {
            shards: Rc::new(RefCell::new(shards)),
            meet,
        }
    }
}

impl Elsewhere for LocalShards {
    fn write(&self, first_row: usize, rows: &[f32]) -> Result<()> {
        for shard in self.shards.borrow_mut().iter_mut() {
            let t = shard.tokens();
            let d = shard.rows(&[t.start as u32]).len();
            let (a, b) = (t.start.max(first_row), t.end.min(first_row + rows.len() / d));
            if a < b {
                shard.write(a, &rows[(a - first_row) * d..(b - first_row) * d])?;
            }
        }
        Ok(())
    }

    fn rows(&self, ids: &[u32]) -> LocalFuture<Vec<f32>> {
        let shards = self.shards.borrow();
        let of = |id: &u32| {
            shards
                .iter()
                .find(|s| s.tokens().contains(&(*id as usize)))
                .unwrap()
                .rows(&[*id])
        };
        let rows = ids.iter().flat_map(of).collect();
        Box::pin(async move { Ok(rows) })
    }

    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "one thread, and nothing is written meanwhile"
    )]
    fn logits(&self, x: &[f32]) -> LocalFuture<Vec<f32>> {
        let (shards, x) = (self.shards.clone(), x.to_vec());
        Box::pin(async move {
            let shards = shards.borrow();
            let d = shards[0].rows(&[0]).len();
            let mut parts = vec![];
            for shard in shards.iter() {
                parts.push((shard.tokens().len(), shard.logits(&x, &SilentHost).await?));
            }
            let row = |i: usize| {
                parts
                    .iter()
                    .flat_map(move |(n, part)| &part[i * n..(i + 1) * n])
                    .copied()
            };
            Ok((0..x.len() / d).flat_map(row).collect())
        })
    }

    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "one thread, and nothing is written while it counts"
    )]
    fn count(&self, entrants: Entrants) -> LocalFuture<Counted> {
        let (shards, meet) = (self.shards.clone(), self.meet);
        Box::pin(async move {
            let shards = shards.borrow();
            let table = Table::new(shards.len());
            let (table, entrants) = (&table, &entrants);
            let counting = shards.iter().enumerate().map(|(i, shard)| async move {
                let counted = if meet {
                    let seat = Seat { table, i };
                    shard.count(entrants.clone(), &SilentHost, &seat, |_| {}).await?
                } else {
                    shard.count(entrants.clone(), &SilentHost, &Alone, |_| {}).await?
                };
                table.leave(i, &counted.0);
                Ok(counted)
            });
            let mut sum = (vec![Count::default(); entrants.len()], Work::default());
            for counted in together(counting.collect()).await {
                let (counts, work): Counted = counted?;
                sum.0.iter_mut().zip(counts).for_each(|(s, c)| *s = s.and(c));
                sum.1 += work;
            }
            Ok(sum)
        })
    }
}

/// www/meeting.js in this thread: what everybody has told, round by round, and who has left.
struct Table {
    told: RefCell<Vec<Vec<Vec<Count>>>>,
    left: RefCell<Vec<bool>>,
}

impl Table {
    fn new(members: usize) -> Self {
        Self {
            told: RefCell::new(vec![vec![]; members]),
            left: RefCell::new(vec![false; members]),
        }
    }

    fn leave(&self, i: usize, counts: &[Count]) {
        self.told.borrow_mut()[i].push(counts.to_vec());
        self.left.borrow_mut()[i] = true;
    }

    /// What all but `i` have counted in that round, those who left before at their end; `None` while somebody is not there yet.
    fn others(&self, i: usize, round: usize) -> Option<Vec<Count>> {
        let (told, left) = (self.told.borrow(), self.left.borrow());
        let mut sum = vec![Count::default(); told[i][round].len()];
        for (j, rounds) in told.iter().enumerate().filter(|(j, _)| *j != i) {
            let counts = match rounds.get(round) {
                Some(counts) => counts,
                None if left[j] => rounds.last().expect("who left has told"),
                None => return None,
            };
            sum.iter_mut().zip(counts).for_each(|(s, c)| *s = s.and(*c));
        }
        Some(sum)
    }
}

/// A shard at the table.
struct Seat<'a> {
    table: &'a Table,
    i: usize,
}

impl Meeting for Seat<'_> {
    async fn meet(&self, counts: &[Count]) -> Result<Option<Vec<Count>>> {
        let round = self.table.told.borrow()[self.i].len();
        self.table.told.borrow_mut()[self.i].push(counts.to_vec());
        let others = poll_fn(|_| self.table.others(self.i, round).map_or(Poll::Pending, Poll::Ready));
        Ok(Some(others.await))
    }
}

/// All futures in turn until the last is ready; they wake nobody.
async fn together<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(move |cx| {
        while done.iter().any(Option::is_none) {
            for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
                if let Poll::Ready(value) = future.as_mut().poll(cx) {
                    *done = Some(value);
                }
            }
        }
        Poll::Ready(done.iter_mut().map(|d| d.take().expect("all are done")).collect())
    })
    .await
}
