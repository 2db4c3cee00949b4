//! The rows of heads of which W_O W_U is kept: their race through it.

use super::engine::WebGpuEngine;
use super::middle::Middle;
use super::pace::Pace;
use super::ranking::Race;
use super::steps::whole_groups;
use super::weights::{Embedding, Layer, padded};
use crate::engine::{Host, Shape};
use crate::error::Result;
use crate::kernels::admit::Batch;
use crate::kernels::middle::{ThroughBound, ThroughColumns};

/// List of a head's rows; the one beside it is the other.
const OWN: u32 = 2;
/// Tokens of the first block; each is twice the one before.
const FIRST_BLOCK: usize = 1024;

impl WebGpuEngine {
    /// Records the whole vocabulary for the live rows of such heads, and their end; returns the list of the other rows.
    pub(super) async fn race_through(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        (embedding, layer): (&Embedding, &Layer),
        batch: Batch,
        list: u32,
        host: &impl Host,
    ) -> Result<u32> {
        let mut met = false;
        for head in batch.first_head..batch.first_head + batch.heads {
            if let Some(middle) = layer.heads.middle(head) {
                self.head_through(race, pace, (embedding, layer), &middle, (batch, head), list, host)
                    .await?;
                met = true;
            }
        }
        if !met {
            return Ok(list);
        }
        // They all count as lost now.
        self.plan(race, list, (0, 0), 0, (1, 1));
        Ok(self.compact(race, list, false))
    }

    #[expect(clippy::too_many_arguments, reason = "everything that one head needs")]
    async fn head_through(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        (embedding, layer): (&Embedding, &Layer),
        middle: &Middle,
        (batch, head): (Batch, usize),
        list: u32,
        host: &impl Host,
    ) -> Result<()> {
        let Shape { d_model, d_head, .. } = layer.shape;
        let (to, through) = (&race.recorder, &self.kernels.through);
        let columns = ThroughColumns {
            n4: (padded(d_head) / 4) as u32,
            d4: (padded(d_model) / 4) as u32,
            first_row: 0,
            first_token: 0,
            cols: 0,
            pairs: batch.pairs as u32,
            heads: batch.heads as u32,
            head: (head - batch.first_head) as u32,
            list,
        };
        // Empties the list that they go to.
        self.plan(race, OWN ^ 1, (0, 0), 0, (1, 1));
        let lists = (&race.live[list as usize], &race.live[OWN as usize]);
        through.select(
            to,
            columns,
            OWN,
            batch.rows(),
            [&race.v, lists.0, lists.1, &race.control, &race.lengths],
        );
        let (mut own, mut block) = (OWN, FIRST_BLOCK);
        for (i, vectors) in embedding.tiles.iter().enumerate() {
            let (first_token, tokens) = embedding.tile(i);
            let mut at = 0;
            while at < tokens {
                let room = pace.room().max(0.0) / (batch.pairs * d_head) as f64;
                let cols = whole_groups((room as usize).min(block), through.cols_a_group as usize).min(tokens - at);
                let group = (through.cols_a_group, through.rows_a_group);
                self.plan(race, own, (cols as u32, cols as u32), d_head, group);
                let bound = ThroughBound {
                    v: &race.v,
                    middle: &middle.tokens,
                    live: &race.live[own as usize],
                    control: &race.control,
                    rows: &race.rows,
                    lengths: &race.lengths,
                    y: &race.y,
                    vectors,
                    args: &race.args,
                };
                let columns = ThroughColumns {
                    first_row: at as u32,
                    first_token: (first_token + at) as u32,
                    cols: cols as u32,
                    list: own,
                    ..columns
                };
                through.count(to, &bound, columns);
                pace.add_counted((batch.pairs * cols * d_head) as f64);
                own = self.compact(race, own, false);
                at += cols;
                block = block.saturating_mul(2);
                self.flush_when_full(race, pace, list, host).await?;
            }
        }
        self.kernels.finish.record(
            to,
            own,
            batch,
            [&race.live[own as usize], &race.control, &race.rows, &race.member],
        );
        Ok(())
    }
}
