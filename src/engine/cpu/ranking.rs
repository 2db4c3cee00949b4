//! One layer on the CPU: every head's output for every source, then the race for the top k.

use super::{CpuEmbedding, CpuLayer};
use crate::engine::{Host, Query, Ranked, Shape};
use crate::error::{Result, zeroed};
use crate::kernels::gemm::{NR, PackedA, PackedB, matmul, matmul_into};
use crate::kernels::rank::Race;

/// Row panels counted at a time: 96 rows of up to 1,600 floats stay in the second-level cache.
const ROW_PANELS: usize = 16;
/// Column panels counted at a time, for the same reason.
const COL_PANELS: usize = 32;
/// Tokens in the first block of the vocabulary; each next block is twice as long, up to the last.
const FIRST_BLOCK: usize = 256;
const LONGEST_BLOCK: usize = 4096;

pub(super) async fn rank_layer(
    embedding: &CpuEmbedding,
    layer: &CpuLayer,
    query: Query<'_>,
    host: &impl Host,
) -> Result<Ranked> {
    let Shape { d_model: d, n_head, n_vocab, .. } = layer.shape;
    let n = query.n_pairs();
    let (y, products) = head_outputs(layer, query.sources, host).await?;
    let (targets, ks) = (query.targets.repeat(n_head), query.k.repeat(n_head));
    let mut race = Race::new(y, d, &targets, &ks, &embedding.w_u, embedding.longest);

    if !query.rivals.is_empty() {
        let rivals = columns(&embedding.w_u, query.rivals)?;
        count(&mut race, &rivals, 0..rivals.panels(), Some(query.rivals), host).await?;
        race.drop_losers();
        race.restart_counts();
    }
    let panels = embedding.w_u.panels();
    let (mut at, mut block) = (0, FIRST_BLOCK / NR);
    let mut settled = 0;
    while at < panels && race.live() > 0 {
        let end = (at + block).min(panels);
        count(&mut race, &embedding.w_u, at..end, None, host).await?;
        race.drop_losers();
        let now = (n_head * n) as u64 * (n_vocab.min(end * NR)) as u64;
        host.settled(now - settled);
        settled = now;
        at = end;
        block = (block * 2).min(LONGEST_BLOCK / NR);
    }
    host.settled((n_head * n) as u64 * n_vocab as u64 - settled);
    let (member, ranked) = race.finish();
    Ok(Ranked { member, multiply_adds: products + ranked })
}

/// x_s W_V^h W_O^h of every head: `[n_head * n, d_model]`, and its multiply-adds.
async fn head_outputs(layer: &CpuLayer, sources: &[f32], host: &impl Host) -> Result<(Vec<f32>, u64)> {
    let Shape { d_model: d, n_head, d_head, .. } = layer.shape;
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
    Ok((y, 2 * (n * d * width) as u64))
}

/// `count` of the race, in pieces short enough to be interrupted.
async fn count(
    race: &mut Race,
    w_u: &PackedB,
    panels: std::ops::Range<usize>,
    ids: Option<&[u32]>,
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

/// Some columns of W_U, packed anew.
fn columns(w_u: &PackedB, ids: &[u32]) -> Result<PackedB> {
    let mut out = PackedB::new(w_u.inner(), ids.len(), "the rivals")?;
    let mut column = vec![0.0; w_u.inner()];
    for (i, id) in ids.iter().enumerate() {
        w_u.column(*id as usize, &mut column);
        out.write_transposed(i, &column);
    }
    Ok(out)
}
