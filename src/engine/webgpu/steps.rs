//! The steps that a race is made of: sizing a dispatch, counting, letting go, submitting.

use super::engine::WebGpuEngine;
use super::pace::Pace;
use super::ranking::Race;
use super::weights::padded;
use crate::engine::Host;
use crate::error::Result;
use crate::kernels::plan::Next;
use crate::kernels::project_rank::{Bound, Columns};

impl WebGpuEngine {
    #[expect(clippy::too_many_arguments, reason = "one dispatch and what it is sized by")]
    pub(super) fn count(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        list: u32,
        (vectors, ids): (&wgpu::Buffer, &wgpu::Buffer),
        (d, pairs): (usize, u32),
        columns: Columns,
        cols: usize,
    ) {
        let rank = &self.kernels.rank;
        let group = (rank.cols_a_group, rank.rows_a_group);
        self.plan(race, list, (cols as u32, cols as u32), d, group);
        let d4 = (padded(d) / 4) as u32;
        self.kernels.rank.record(
            &race.recorder,
            &race.bound(vectors, ids, list),
            d4,
            pairs,
            list,
            columns,
        );
        pace.add_counted((pace.live * cols * d) as f64);
    }

    /// Sizes a dispatch over `cols` columns, so many of which count as work.
    pub(super) fn plan(
        &self,
        race: &Race,
        list: u32,
        (cols, cols_counted): (u32, u32),
        d: usize,
        (cols_a_group, rows_a_group): (u32, u32),
    ) {
        let next = Next {
            list,
            cols,
            cols_counted,
            d: d as u32,
            cols_a_group,
            rows_a_group,
        };
        self.kernels
            .plan
            .record(&race.recorder, next, &race.control, &race.args);
    }

    pub(super) fn compact(&self, race: &Race, list: u32, restart: bool) -> u32 {
        let other = list ^ 1;
        let (from, to) = (&race.live[list as usize], &race.live[other as usize]);
        self.kernels.compact.record(
            &race.recorder,
            list,
            restart,
            [from, to, &race.rows, &race.control],
            &race.args,
        );
        other
    }

    pub(super) async fn flush_when_full(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        list: u32,
        host: &impl Host,
    ) -> Result<()> {
        let least = (pace.live * self.kernels.rank.cols_a_group as usize) as f64;
        if pace.room() <= least.min(self.rate.budget() / 4.0) {
            pace.flush(&race.recorder, &race.control, list, host).await
        } else {
            Ok(())
        }
    }
}

impl Race {
    pub(super) fn bound<'a>(&'a self, vectors: &'a wgpu::Buffer, ids: &'a wgpu::Buffer, list: u32) -> Bound<'a> {
        Bound {
            y: &self.y,
            vectors,
            ids,
            live: &self.live[list as usize],
            control: &self.control,
            rows: &self.rows,
            args: &self.args,
        }
    }
}

/// Columns that still fit into this submit, if nobody leaves.
pub(super) fn affordable(pace: &Pace<'_>, d: usize, group: usize) -> usize {
    let each = (pace.live.max(1) * d) as f64;
    whole_groups((pace.room() / each) as usize, group)
}

/// At most `cols` columns that fill their workgroups, or one workgroup, however slow the adapter is.
pub(super) fn whole_groups(cols: usize, group: usize) -> usize {
    (cols / group).max(1) * group
}

/// The next block: half as large again. On a slow adapter what is affordable is less for hundreds of blocks, so it has an end.
pub(super) fn larger(block: usize, group: usize) -> usize {
    block.saturating_add(whole_groups(block / 2, group))
}

#[cfg(test)]
mod tests {
    use super::{larger, whole_groups};

    #[test]
    fn blocks_never_shrink() {
        assert_eq!(larger(256, 64), 384);
        let mut block = 64;
        for _ in 0..1000 {
            let next = larger(block, 64);
            assert!(next >= block);
            block = next;
        }
    }

    #[test]
    fn blocks_fill_their_workgroups() {
        for (cols, group, wide) in [
            (256, 80, 240),
            (256, 64, 256),
            (256, 128, 256),
            (79, 80, 80),
            (0, 64, 64),
        ] {
            assert_eq!(whole_groups(cols, group), wide);
        }
    }
}
