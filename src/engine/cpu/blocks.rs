//! What is done with one block of tokens, in pieces short enough to be interrupted.

use crate::engine::Host;
use crate::error::{Result, zeroed};
use crate::kernels::coarse::Columns;
use crate::kernels::gemm::{NR, PackedA, Panels, matmul_panels};
use crate::kernels::rank::{Ids, Race};
use std::ops::Range;

/// Row panels counted at a time: 96 rows of up to 1,600 floats stay in the second-level cache.
const ROW_PANELS: usize = 16;
/// Column panels counted at a time, for the same reason.
const COL_PANELS: usize = 32;
/// Multiply-adds of logits between two turns.
const LOGITS_A_TURN: usize = 64 << 20;

/// x W_U, `[n, cols]`.
pub(super) async fn logits(x: &PackedA, w_u: &impl Panels, host: &impl Host) -> Result<Vec<f32>> {
    let n = w_u.cols();
    let mut out = zeroed(x.rows() * n, "the logits")?;
    let step = (LOGITS_A_TURN / (x.rows() * w_u.inner() * NR).max(1)).max(1);
    for first in (0..w_u.panels()).step_by(step) {
        matmul_panels(x, w_u, first..(first + step).min(w_u.panels()), &mut out);
        host.breathe().await?;
    }
    Ok(out)
}

/// [`Race::count`] of all undecided rows, in pieces short enough to be interrupted.
pub(super) async fn count_block(
    race: &mut Race,
    w_u: &impl Panels,
    panels: Range<usize>,
    ids: Ids,
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

/// [`Race::count_through`] of all undecided rows, in pieces short enough to be interrupted.
pub(super) async fn through_block(
    race: &mut Race,
    w_u: &impl Panels,
    lengths: &[f32],
    panels: Range<usize>,
    ids: Ids,
    host: &impl Host,
) -> Result<()> {
    for first in panels.clone().step_by(COL_PANELS) {
        race.count_through(w_u, lengths, first..(first + COL_PANELS).min(panels.end), ids);
        host.breathe().await?;
    }
    Ok(())
}

/// [`Race::look`] of all rows that get one, in pieces short enough to be interrupted.
pub(super) async fn look_at_block(
    race: &mut Race,
    w_u: &Columns,
    panels: Range<usize>,
    ids: Ids,
    host: &impl Host,
) -> Result<()> {
    let all = race.looked_at_panels();
    let step = if race.looks_narrowly() { all.max(1) } else { ROW_PANELS };
    for row in (0..all).step_by(step) {
        let rows = row..(row + step).min(all);
        for col in panels.clone().step_by(COL_PANELS) {
            race.look(w_u, col..(col + COL_PANELS).min(panels.end), rows.clone(), ids);
            host.breathe().await?;
        }
    }
    Ok(())
}
