//! One layer on the CPU: a trial against rivals, the head outputs of who is left, then the race for the top k.

use super::shard::Alone;
use super::survivors::Survivors;
use super::vocabulary::{Counted, LocalFuture, Vocabulary};
use super::{CpuEmbedding, CpuLayer};
use crate::engine::{Host, Query, Ranked, Shape};
use crate::error::Result;
use crate::kernels::gemm::{PackedA, matmul};
use crate::kernels::rank::{Count, Entrants, HeadTrial, Rivals, Work};
use std::collections::VecDeque;
use std::ops::Range;

/// Rows that other threads get at a time: what they hold beside their part of the vocabulary is a few copies of these.
pub(super) const ROWS_ELSEWHERE: usize = 768;

/// Bytes of head outputs that are collected before they are raced. Small in tests, for which the same has to hold.
pub(super) const HELD: usize = if cfg!(test) { 1 << 12 } else { 4 << 20 };
/// Bytes of rows that may be on their way to other threads; more wait until the first have come back.
pub(super) const UNDER_WAY: usize = 2 * HELD;

/// One layer's ranking under way.
pub struct CpuPending {
    /// Of `[n_head, n_pairs]`.
    counts: Vec<Count>,
    /// k of every pair.
    k: Vec<u32>,
    work: Work,
    elsewhere: VecDeque<Away>,
    /// Comparisons to be called settled at the end.
    unsettled: u64,
}

/// Rows that are raced in other threads.
struct Away {
    rows: Vec<usize>,
    bytes: usize,
    counted: LocalFuture<Counted>,
}

pub(super) async fn submit(
    embedding: &CpuEmbedding,
    layer: &CpuLayer,
    query: Query<'_>,
    host: &impl Host,
) -> Result<CpuPending> {
    let Shape {
        d_model: d,
        n_vocab,
        n_head,
        ..
    } = layer.shape;
    let n = query.n_pairs();
    assert_eq!(
        query.lots.iter().map(|lot| lot.pairs.len()).sum::<usize>(),
        n,
        "lots are all pairs"
    );
    let mut pending = CpuPending {
        counts: vec![Count::default(); n_head * n],
        k: query.k.to_vec(),
        work: Work::default(),
        elsewhere: VecDeque::new(),
        unsettled: (n_head * n * n_vocab) as u64,
    };
    let mut v = Vec::with_capacity(n * layer.w_v.cols()); // [n, n_head * d_head]
    for lot in query.lots {
        // A query of many relations takes longer than a turn.
        let sources = &query.sources[lot.pairs.start * d..lot.pairs.end * d];
        v.extend(matmul(&PackedA::from_rows(sources, d), &layer.w_v)?);
        host.breathe().await?;
    }
    pending.work.add((query.sources.len() * layer.w_v.cols()) as u64);
    let mut rivals = vec![];
    for lot in query.lots {
        let targets = &query.targets[lot.pairs.clone()];
        let ids = Rivals::choose(targets, &lot.rivals);
        let vectors = embedding.vocabulary.rows(&ids).await?;
        rivals.push(Rivals::new(ids, &vectors, targets, d)?);
    }
    // The rows of a head stay together, for they may share a cheaper way: what is held, and a head's.
    let most = (HELD / (d * size_of::<f32>()) + 1 + n).min(n_head * n);
    let mut left = Survivors::new(d, most);
    let mut raced = 0;
    for head in 0..n_head {
        let trial = HeadTrial::new(&layer.w_o[head].to_rows(), d);
        for (lot, rivals) in query.lots.iter().zip(&rivals) {
            let first = lot.pairs.start;
            let v_h = layer.head_inputs(&v, head, lot.pairs.clone());
            let counts = rivals.count(&trial, &v_h, embedding.longest, &mut pending.work)?;
            // Who has lost to rivals has lost; the others are counted anew.
            let (mut rows, mut k) = (vec![], vec![]);
            for (row, (count, own_k)) in counts.into_iter().zip(&query.k[lot.pairs.clone()]).enumerate() {
                if count.member(*own_k) == 0 {
                    pending.counts[head * n + first + row] = count;
                } else {
                    rows.push(row);
                    k.push(*own_k);
                }
            }
            host.breathe().await?;
            if rows.is_empty() {
                continue;
            }
            let y = layer.head_outputs(&v_h, head, &rows)?;
            pending.work.add((y.len() * (layer.shape.d_head + 1)) as u64);
            let targets: Vec<_> = rows.iter().map(|row| query.targets[first + row]).collect();
            let target_rows = rivals.target_rows(&rows);
            let survivors = Entrants::new(y, d, &targets, &k, &target_rows, embedding.longest);
            left.append(rows.iter().map(|row| head * n + first + row), survivors);
            host.breathe().await?;
        }
        if left.bytes() >= HELD || head + 1 == n_head {
            let (rows, entrants) = left.ready(layer, &v, n);
            let stand_for = ((head + 1 - raced) * n) as u64;
            raced = head + 1;
            pending.race(embedding, rows, entrants, stand_for, host).await?;
        }
    }
    Ok(pending)
}

impl CpuPending {
    /// Counts of the rows that `place` gives.
    fn take(&mut self, place: impl Fn(usize) -> usize, (counts, work): Counted) {
        for (row, count) in counts.into_iter().enumerate() {
            self.counts[place(row)] = count;
        }
        self.work += work;
    }

    /// Races `entrants`, whose places are `rows`; with those who have lost before they stand for so many rows.
    async fn race(
        &mut self,
        embedding: &CpuEmbedding,
        rows: Vec<usize>,
        entrants: Entrants,
        stand_for: u64,
        host: &impl Host,
    ) -> Result<()> {
        match &embedding.vocabulary {
            Vocabulary::Elsewhere(e) => {
                let mut rows = rows.into_iter();
                for piece in entrants.pieces(ROWS_ELSEWHERE) {
                    let bytes = size_of_val(&piece.y[..]);
                    self.make_room(bytes).await?;
                    self.elsewhere.push_back(Away {
                        rows: rows.by_ref().take(piece.len()).collect(),
                        bytes,
                        counted: e.count(piece),
                    });
                }
            }
            Vocabulary::Here(shard) => {
                let mut before = 0;
                let settle = |tokens| {
                    host.settled(stand_for * (tokens - before) as u64);
                    before = tokens;
                };
                let counted = shard.count(entrants, host, &Alone, settle).await?;
                self.unsettled -= stand_for * before as u64;
                self.take(|row| rows[row], counted);
            }
        }
        Ok(())
    }

    /// Waits until `bytes` more may go elsewhere.
    async fn make_room(&mut self, bytes: usize) -> Result<()> {
        while self.elsewhere.iter().map(|away| away.bytes).sum::<usize>() + bytes > UNDER_WAY {
            let Some(first) = self.elsewhere.pop_front() else { break };
            let counted = first.counted.await?;
            self.take(|row| first.rows[row], counted);
        }
        Ok(())
    }

    pub(super) async fn collect(mut self, host: &impl Host) -> Result<Ranked> {
        for away in std::mem::take(&mut self.elsewhere) {
            let counted = away.counted.await?;
            self.take(|row| away.rows[row], counted);
        }
        host.settled(self.unsettled);
        let k = self.k.iter().cycle();
        let member = self.counts.iter().zip(k).map(|(c, k)| c.member(*k)).collect();
        Ok(Ranked {
            member,
            multiply_adds: self.work.multiply_adds,
            int8_multiply_adds: self.work.int8,
        })
    }
}

impl CpuLayer {
    /// x_s W_V^h of one head and some pairs, `[pairs, d_head]`; `v` is x_s W_V of all, `[n, n_head * d_head]`.
    fn head_inputs(&self, v: &[f32], head: usize, pairs: Range<usize>) -> Vec<f32> {
        let Shape { n_head, d_head, .. } = self.shape;
        let width = n_head * d_head;
        let rows = v[pairs.start * width..pairs.end * width].chunks_exact(width);
        let mut own = Vec::with_capacity(rows.len() * d_head);
        rows.for_each(|row| own.extend_from_slice(&row[head * d_head..(head + 1) * d_head]));
        own
    }

    /// v W_O^h of some of the rows `v_h` `[n, d_head]`, `[rows, d_model]`.
    fn head_outputs(&self, v_h: &[f32], head: usize, rows: &[usize]) -> Result<Vec<f32>> {
        let d_head = self.shape.d_head;
        let mut some = PackedA::default();
        some.pack(rows.iter().map(|row| &v_h[row * d_head..(row + 1) * d_head]), d_head);
        matmul(&some, &self.w_o[head])
    }
}
