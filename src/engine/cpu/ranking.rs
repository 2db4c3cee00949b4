//! One layer on the CPU: every head's output for every source, then the race for the top k.

use super::blocks::count_block;
use super::shard::Alone;
use super::vocabulary::{Counted, LocalFuture, Vocabulary};
use super::{CpuEmbedding, CpuLayer};
use crate::engine::{Host, Query, Ranked, Shape};
use crate::error::{Result, zeroed};
use crate::kernels::coarse;
use crate::kernels::gemm::{NR, PackedA, PackedB, matmul, matmul_into};
use crate::kernels::rank::{Count, Entrants, Ids, Race, Through, Work, worth};

/// Rivals in the first block; each next block is twice as long.
const FIRST_RIVALS: usize = 32;

/// Rows that other threads get at a time: what they hold beside their part of the vocabulary is a few copies of these.
pub(super) const ROWS_ELSEWHERE: usize = 768;

/// One layer's ranking under way.
pub struct CpuPending {
    /// k of every row.
    k: Vec<u32>,
    counts: Vec<Count>,
    work: Work,
    /// Rows that are raced in other threads, in pieces.
    elsewhere: Vec<(Vec<usize>, LocalFuture<Counted>)>,
    /// Comparisons to be called settled at the end.
    unsettled: u64,
}

pub(super) async fn submit(
    embedding: &CpuEmbedding,
    layer: &CpuLayer,
    query: Query<'_>,
    host: &impl Host,
) -> Result<CpuPending> {
    let Shape {
        d_model: d, n_vocab, ..
    } = layer.shape;
    let (y, v, products) = head_outputs(layer, query.sources, host).await?;
    let target_rows = embedding.vocabulary.rows(query.targets).await?;
    let dots = (y.len()) as u64;
    let entrants = Entrants::new(y, d, query.targets, query.k, &target_rows, embedding.longest);
    let all = entrants.len() as u64;
    let k = entrants.k.clone();
    let mut race = Race::new(entrants);
    if !query.rivals.is_empty() {
        let mut rivals = PackedB::new(d, query.rivals.len(), "the rivals")?;
        rivals.write_transposed(0, &embedding.vocabulary.rows(query.rivals).await?);
        // Most rows have lost after a few of them.
        let (mut from, mut block) = (0, FIRST_RIVALS / NR);
        while from < rivals.panels() && race.live() > 0 {
            let to = (from + block).min(rivals.panels());
            count_block(&mut race, &rivals, from..to, Ids::List(query.rivals), host).await?;
            race.drop_losers();
            (from, block) = (to, block * 2);
        }
        race.restart_counts();
    }
    let (rows, mut survivors) = race.survivors();
    survivors.through = through(layer, &v, &rows, query.n_pairs());
    let (counts, mut work) = race.finish();
    work.add(products + dots);
    let mut pending = CpuPending {
        k,
        counts,
        work,
        elsewhere: vec![],
        unsettled: all * n_vocab as u64,
    };
    match &embedding.vocabulary {
        Vocabulary::Elsewhere(e) => {
            let mut rows = rows.into_iter();
            for piece in survivors.pieces(ROWS_ELSEWHERE) {
                let of = rows.by_ref().take(piece.len()).collect();
                pending.elsewhere.push((of, e.count(piece)));
            }
        }
        Vocabulary::Here(shard) => {
            let mut before = 0;
            let settle = |tokens| {
                host.settled(all * (tokens - before) as u64);
                before = tokens;
            };
            let counted = shard.count(survivors, host, &Alone, settle).await?;
            pending.unsettled -= all * before as u64;
            pending.take(&rows, counted);
        }
    }
    Ok(pending)
}

impl CpuPending {
    fn take(&mut self, rows: &[usize], (counts, work): Counted) {
        for (row, count) in rows.iter().zip(counts) {
            self.counts[*row] = count;
        }
        self.work += work;
    }

    pub(super) async fn collect(mut self, host: &impl Host) -> Result<Ranked> {
        for (rows, counted) in std::mem::take(&mut self.elsewhere) {
            let counted = counted.await?;
            self.take(&rows, counted);
        }
        host.settled(self.unsettled);
        let member = self.counts.iter().zip(&self.k).map(|(c, k)| c.member(*k)).collect();
        Ok(Ranked {
            member,
            multiply_adds: self.work.multiply_adds,
            int8_multiply_adds: self.work.int8,
        })
    }
}

/// The heads of which enough rows are left, before W_O. `rows`: of `[n_head * n]`, ascending;
/// `v` is `[n, n_head * d_head]`.
fn through(layer: &CpuLayer, v: &[f32], rows: &[usize], n: usize) -> Vec<Through> {
    let Shape {
        d_model: d,
        n_head,
        d_head,
        ..
    } = layer.shape;
    let width = n_head * d_head;
    let mut found = vec![];
    let mut start = 0;
    for part in rows.chunk_by(|a, b| a / n == b / n) {
        let (head, range) = (part[0] / n, start..start + part.len());
        start = range.end;
        if worth(part.len(), d, d_head, coarse::FASTER) {
            let own = |row: &usize| &v[row % n * width + head * d_head..][..d_head];
            let v = part.iter().flat_map(own).copied().collect();
            found.push(Through {
                rows: range,
                v,
                w_o: layer.w_o[head].to_rows(),
            });
        }
    }
    found
}

/// x_s W_V^h W_O^h of every head: `[n_head * n, d_model]`; x_s W_V, `[n, n_head * d_head]`; and the
/// multiply-adds.
async fn head_outputs(layer: &CpuLayer, sources: &[f32], host: &impl Host) -> Result<(Vec<f32>, Vec<f32>, u64)> {
    let Shape {
        d_model: d,
        n_head,
        d_head,
        ..
    } = layer.shape;
    let n = sources.len() / d;
    let width = n_head * d_head;
    let v = matmul(&PackedA::from_rows(sources, d), &layer.w_v)?; // [n, n_head * d_head]
    host.breathe().await?;
    let mut y = zeroed(n_head * n * d, "the heads' outputs")?;
    let mut v_h = PackedA::default();
    for (h, (w_o, y_h)) in layer.w_o.iter().zip(y.chunks_exact_mut(n * d)).enumerate() {
        v_h.pack(v.chunks_exact(width).map(|r| &r[h * d_head..(h + 1) * d_head]), d_head);
        matmul_into(&v_h, w_o, y_h, d, false);
        host.breathe().await?;
    }
    Ok((y, v, 2 * (n * d * width) as u64))
}
