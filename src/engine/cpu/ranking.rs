//! One layer on the CPU: every head's output for every source, then the race for the top k.

use super::blocks::count_block;
use super::shard::Alone;
use super::survivors::Survivors;
use super::vocabulary::{Counted, LocalFuture, Vocabulary};
use super::{CpuEmbedding, CpuLayer};
use crate::engine::{Host, Query, Ranked, Shape};
use crate::error::{Result, zeroed};
use crate::kernels::gemm::{NR, PackedA, PackedB, matmul, matmul_into};
use crate::kernels::rank::{Count, Entrants, Ids, Race, Work};
use std::collections::VecDeque;
use std::ops::Range;

/// Rivals in the first block; each next block is twice as long.
const FIRST_RIVALS: usize = 32;

/// Rows that other threads get at a time: what they hold beside their part of the vocabulary is a few copies of these.
pub(super) const ROWS_ELSEWHERE: usize = 768;

/// Bytes of head outputs that are made at a time, and of rows that are collected before they are raced. Small in tests, for
/// which the same has to hold.
pub(super) const HELD: usize = if cfg!(test) { 1 << 12 } else { 8 << 20 };
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
    let mut v = vec![]; // [n, n_head * d_head]
    for lot in query.lots {
        // A query of many relations takes longer than a turn.
        let sources = &query.sources[lot.pairs.start * d..lot.pairs.end * d];
        v.extend(matmul(&PackedA::from_rows(sources, d), &layer.w_v)?);
        host.breathe().await?;
    }
    pending.work.add((query.sources.len() * layer.w_v.cols()) as u64);
    let targets = embedding.vocabulary.rows(query.targets).await?;
    let mut rivals = vec![];
    for lot in query.lots {
        let mut packed = PackedB::new(d, lot.rivals.len(), "the rivals")?;
        packed.write_transposed(0, &embedding.vocabulary.rows(&lot.rivals).await?);
        rivals.push(packed);
    }
    // The rows of a head stay together: they may share a cheaper way.
    let step = match query.lots.len() {
        1 => (HELD / (n * d * size_of::<f32>()).max(1)).clamp(1, n_head),
        _ => 1,
    };
    let mut left = Survivors::new(d);
    let mut raced = 0;
    for first in (0..n_head).step_by(step) {
        let heads = first..(first + step).min(n_head);
        for (lot, rivals) in query.lots.iter().zip(&rivals) {
            let of = lot.pairs.clone();
            let y = head_outputs(layer, &v, heads.clone(), of.clone(), host).await?;
            pending.work.add((y.len() * (layer.shape.d_head + 1)) as u64);
            let target_rows = &targets[of.start * d..of.end * d];
            let (targets, k) = (&query.targets[of.clone()], &query.k[of.clone()]);
            let mut race = Race::new(Entrants::new(y, d, targets, k, target_rows, embedding.longest));
            // Most rows have lost after a few rivals.
            let (mut from, mut block) = (0, FIRST_RIVALS / NR);
            while from < rivals.panels() && race.live() > 0 {
                let to = (from + block).min(rivals.panels());
                count_block(&mut race, rivals, from..to, Ids::List(&lot.rivals), host).await?;
                race.drop_losers();
                (from, block) = (to, block * 2);
            }
            race.restart_counts();
            let place = |row: usize| (heads.start + row / of.len()) * n + of.start + row % of.len();
            let (rows, survivors) = race.survivors();
            left.append(rows.into_iter().map(place), survivors);
            pending.take(place, race.finish());
        }
        if left.bytes() >= HELD || heads.end == n_head {
            let (rows, entrants) = left.ready(layer, &v, n);
            let stand_for = ((heads.end - raced) * n) as u64;
            raced = heads.end;
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

/// x_s W_V^h W_O^h of some heads and pairs, `[heads, pairs, d_model]`; `v` is x_s W_V of all, `[n, n_head * d_head]`.
async fn head_outputs(
    layer: &CpuLayer,
    v: &[f32],
    heads: Range<usize>,
    pairs: Range<usize>,
    host: &impl Host,
) -> Result<Vec<f32>> {
    let Shape {
        d_model: d,
        n_head,
        d_head,
        ..
    } = layer.shape;
    let width = n_head * d_head;
    let v = &v[pairs.start * width..pairs.end * width];
    let mut y = zeroed(heads.len() * pairs.len() * d, "the heads' outputs")?;
    let mut v_h = PackedA::default();
    for (h, y_h) in heads.zip(y.chunks_exact_mut((pairs.len() * d).max(1))) {
        v_h.pack(v.chunks_exact(width).map(|r| &r[h * d_head..(h + 1) * d_head]), d_head);
        matmul_into(&v_h, &layer.w_o[h], y_h, d, false);
        host.breathe().await?;
    }
    Ok(y)
}
