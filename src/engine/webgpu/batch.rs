//! One batch of a ranking: products, targets, rivals, then the vocabulary in blocks.

use super::engine::WebGpuEngine;
use super::pace::Pace;
use super::ranking::{Asked, Cut, Race};
use super::steps::{affordable, larger, whole_groups};
use super::weights::{Embedding, Layer, padded, write_rows};
use crate::engine::{Host, Shape};
use crate::error::Result;
use crate::kernels::admit::{Batch, limit};
use crate::kernels::gemm_gpu::{Place, Sizes};
use crate::kernels::gpu::Recorder;
use crate::kernels::plan::LISTS;
use crate::kernels::project_rank::Columns;

/// Tokens of the first block at most; the next ones are larger by half. All are whole workgroups
/// wide: spare columns of the last one would be computed for nothing.
const FIRST_BLOCK: usize = 256;

impl WebGpuEngine {
    /// Records the products and who takes part; returns the products' multiply-adds.
    pub(super) fn begin_batch(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        embedding: &Embedding,
        layer: &Layer,
        query: &Asked<'_>,
        batch: Batch,
    ) -> u64 {
        let Shape {
            d_model,
            n_head,
            d_head,
            ..
        } = layer.shape;
        let (d, dh) = (padded(d_model), padded(d_head));
        let Batch {
            pairs,
            heads,
            first_head,
            first_pair,
            ..
        } = batch;
        let to = &race.recorder;
        if first_head == 0 {
            // What is recorded still reads the previous chunk.
            to.submit();
            let sources = &query.sources[first_pair * d_model..][..pairs * d_model];
            write_rows(&self.gpu, &race.x, 0, sources, &[d_model]);
            self.gather(to, embedding, first_pair, pairs, &race.target_ids, &race.targets);
        }
        let width = heads * dh;
        // V[pairs, heads * dh] = X[pairs, d] W_V[d, those heads]
        self.kernels.gemm.record(
            to,
            Sizes {
                batch: 1,
                m: pairs,
                k: d,
                n: width,
            },
            [
                (
                    &race.x,
                    Place {
                        row: d,
                        ..Place::default()
                    },
                ),
                (
                    &layer.w_v,
                    Place {
                        first: first_head * dh,
                        row: n_head * dh,
                        step: 0,
                    },
                ),
                (
                    &race.v,
                    Place {
                        row: width,
                        ..Place::default()
                    },
                ),
            ],
        );
        // Y[h][pairs, d] = V_h[pairs, dh] W_O^h[dh, d]
        self.kernels.gemm.record(
            to,
            Sizes {
                batch: heads,
                m: pairs,
                k: dh,
                n: d,
            },
            [
                (
                    &race.v,
                    Place {
                        first: 0,
                        row: width,
                        step: dh,
                    },
                ),
                (
                    &layer.w_o,
                    Place {
                        first: first_head * dh * d,
                        row: d,
                        step: dh * d,
                    },
                ),
                (
                    &race.y,
                    Place {
                        first: 0,
                        row: d,
                        step: pairs * d,
                    },
                ),
            ],
        );
        let products = 2 * pairs * d_model * heads * d_head;
        pace.add_product(products);
        to.clear(&race.control, LISTS as u64 * 4);
        let d4 = (d / 4) as u32;
        let buffers = [
            &race.y,
            &race.pairs,
            &race.rows,
            &race.live[0],
            &race.control,
            &race.member,
        ];
        self.kernels
            .admit
            .record(to, batch, d4, limit(embedding.largest), buffers);
        let (cols, rows) = self.kernels.rank.target_group();
        self.plan(race, 0, (cols, 1), d_model, (cols, rows));
        self.kernels.rank.record(
            to,
            &race.bound(&race.targets, &race.target_ids, 0),
            d4,
            pairs as u32,
            0,
            Columns::Targets,
        );
        pace.add_counted((batch.rows() * d_model * cols as usize) as f64);
        products as u64
    }

    /// Records the rivals and the vocabulary; returns the list that the last rows are in.
    #[expect(clippy::too_many_arguments, reason = "everything that one batch needs")]
    pub(super) async fn run_batch(
        &self,
        race: &Race,
        pace: &mut Pace<'_>,
        embedding: &Embedding,
        layer: &Layer,
        query: &Asked<'_>,
        cut: &Cut,
        batch: Batch,
        host: &impl Host,
    ) -> Result<u32> {
        let d = embedding.shape.d_model;
        let pairs = batch.pairs as u32;
        let group = self.kernels.rank.cols_a_group as usize;
        let mut list = 0;
        for first in (0..query.rivals.len()).step_by(cut.rivals) {
            let n = cut.rivals.min(query.rivals.len() - first);
            self.gather(&race.recorder, embedding, first, n, &race.rival_ids, &race.rivals);
            let mut at = 0;
            while at < n {
                let few = if first + at == 0 { group } else { n };
                let cols = affordable(pace, d, group).min(few).min(n - at);
                // Vectors lie from the chunk's start, ids from the list's.
                let columns = Columns::List {
                    first_row: at as u32,
                    first: (first + at) as u32,
                    cols: cols as u32,
                };
                self.count(
                    race,
                    pace,
                    list,
                    (&race.rivals, &race.rival_ids),
                    (d, pairs),
                    columns,
                    cols,
                );
                // The first few decide most.
                if first + at == 0 && cols < query.rivals.len() {
                    list = self.compact(race, list, false);
                }
                at += cols;
                self.flush_when_full(race, pace, list, host).await?;
            }
        }
        if !query.rivals.is_empty() {
            list = self.compact(race, list, true);
        }
        list = self
            .race_through(race, pace, (embedding, layer), batch, list, host)
            .await?;
        let mut block = whole_groups(FIRST_BLOCK, group);
        for tile in 0..embedding.tiles.len() {
            let (first_token, tokens) = embedding.tile(tile);
            let mut at = 0;
            while at < tokens && pace.live > 0 {
                let cols = affordable(pace, d, group).min(block).min(tokens - at);
                let columns = Columns::Range {
                    first_row: at as u32,
                    first_token: (first_token + at) as u32,
                    cols: cols as u32,
                };
                self.count(
                    race,
                    pace,
                    list,
                    (&embedding.tiles[tile], &race.rival_ids),
                    (d, pairs),
                    columns,
                    cols,
                );
                list = self.compact(race, list, false);
                pace.add_settled((cols * batch.rows()) as u64);
                at += cols;
                block = larger(block, group);
                self.flush_when_full(race, pace, list, host).await?;
            }
            // Nobody is left: what remains is settled without looking.
            pace.add_settled(((tokens - at) * batch.rows()) as u64);
        }
        Ok(list)
    }

    /// Records the gathering of the rows of W_E that `ids[first..first + n]` name.
    pub(super) fn gather(
        &self,
        to: &Recorder,
        embedding: &Embedding,
        first: usize,
        n: usize,
        ids: &wgpu::Buffer,
        into: &wgpu::Buffer,
    ) {
        let d4 = (padded(embedding.shape.d_model) / 4) as u32;
        for (i, vectors) in embedding.tiles.iter().enumerate() {
            self.kernels
                .gather
                .record(to, embedding.tile(i), d4, first, n, [vectors, ids, into]);
        }
    }
}
