//! The ranking of one layer: how it is cut into batches, the memory it uses, the read-back.

use super::engine::WebGpuEngine;
use super::middle::Heads;
use super::pace::Pace;
use super::scratch::{SMALL_BYTES, Scratch, Use, Y_BYTES};
use super::weights::{Embedding, Layer, padded};
use crate::engine::{Host, Query, Ranked, Shape};
use crate::error::{Error, Result};
use crate::kernels::admit::{Batch, ROW_BYTES};
use crate::kernels::gpu::{Recorder, Signal, read_back};
use crate::kernels::plan::{ARGS_BYTES, CONTROL_BYTES, LISTS, LOOKED_AT, MULTIPLY_ADDS};
use std::ops::Range;
use std::rc::Rc;

/// A ranking under way, lot by lot.
pub struct Pending {
    n_pairs: usize,
    n_head: usize,
    d_model: usize,
    heads: Rc<Heads>,
    lots: Vec<(Range<usize>, PendingLot)>,
}

/// The pairs of one lot.
pub struct Asked<'a> {
    pub sources: &'a [f32],
    pub targets: &'a [u32],
    pub k: &'a [u32],
    pub rivals: &'a [u32],
}

impl Asked<'_> {
    fn n_pairs(&self) -> usize {
        self.targets.len()
    }
}

struct PendingLot {
    staging: wgpu::Buffer,
    signal: Signal,
    rows: usize,
    products: u64,
    unsettled: u64,
}

/// The buffers of one ranking.
pub struct Race {
    pub recorder: Recorder,
    pub x: wgpu::Buffer,
    pub v: wgpu::Buffer,
    pub y: wgpu::Buffer,
    pub targets: wgpu::Buffer,
    pub rivals: wgpu::Buffer,
    pub target_ids: wgpu::Buffer,
    pub rival_ids: wgpu::Buffer,
    pub pairs: wgpu::Buffer,
    /// Two lists of all rows, two of those of one head.
    pub live: [wgpu::Buffer; LISTS],
    /// |v| of the latter.
    pub lengths: wgpu::Buffer,
    pub rows: wgpu::Buffer,
    pub control: wgpu::Buffer,
    pub args: wgpu::Buffer,
    pub member: wgpu::Buffer,
}

/// How the rows of a query are cut into batches.
pub struct Cut {
    pub pairs: usize,
    pub heads: usize,
    pub rivals: usize,
}

impl Cut {
    /// By memory, and by the work of the products, which is not cut any further.
    fn new(shape: Shape, n_pairs: usize, n_rivals: usize, budget: f64) -> Self {
        let row_bytes = padded(shape.d_model) * 4;
        let product = shape.d_model * padded(shape.d_head);
        let rows = (Y_BYTES / row_bytes).min((budget / product as f64) as usize);
        let pairs = (SMALL_BYTES / row_bytes).min(rows).clamp(1, n_pairs.max(1));
        let heads_by_v = SMALL_BYTES / (pairs * padded(shape.d_head) * 4);
        let heads = (rows / pairs).min(heads_by_v).clamp(1, shape.n_head);
        Self {
            pairs,
            heads,
            rivals: (SMALL_BYTES / row_bytes).clamp(1, n_rivals.max(1)),
        }
    }
}

impl WebGpuEngine {
    /// See [`crate::engine::Engine::submit`].
    pub(super) async fn rank(
        &self,
        embedding: &Embedding,
        layer: &Layer,
        query: Query<'_>,
        host: &impl Host,
    ) -> Result<Pending> {
        let d = layer.shape.d_model;
        let n_pairs = query.n_pairs();
        if query.k.len() != n_pairs || query.sources.len() != n_pairs * d {
            return Err(does_not_fit());
        }
        let mut lots = vec![];
        for lot in query.lots {
            let of = lot.pairs.clone();
            let asked = Asked {
                sources: &query.sources[of.start * d..of.end * d],
                targets: &query.targets[of.clone()],
                k: &query.k[of.clone()],
                rivals: &lot.rivals,
            };
            lots.push((of, self.rank_lot(embedding, layer, asked, host).await?));
        }
        Ok(Pending {
            n_pairs,
            n_head: layer.shape.n_head,
            d_model: d,
            heads: layer.heads.clone(),
            lots,
        })
    }

    async fn rank_lot(
        &self,
        embedding: &Embedding,
        layer: &Layer,
        query: Asked<'_>,
        host: &impl Host,
    ) -> Result<PendingLot> {
        self.gpu.health.check()?;
        let shape = layer.shape;
        check(shape, &query)?;
        // Taken, not borrowed: two rankings at once must not share memory.
        let mut scratch = self.scratch.take().unwrap_or_default();
        let cut = Cut::new(shape, query.n_pairs(), query.rivals.len(), self.rate.budget());
        let race = self.prepare(&mut scratch, shape, &query, &cut)?;
        let mut pace = Pace::new(&self.gpu, &self.rate, host.now_ms());
        let mut products = self
            .make_middles(&mut scratch, &race, &mut pace, embedding, layer, host)
            .await?;
        for first_pair in (0..query.n_pairs()).step_by(cut.pairs) {
            for first_head in (0..shape.n_head).step_by(cut.heads) {
                let batch = Batch {
                    first_head,
                    heads: cut.heads.min(shape.n_head - first_head),
                    first_pair,
                    pairs: cut.pairs.min(query.n_pairs() - first_pair),
                    all_pairs: query.n_pairs(),
                };
                (pace.batch, pace.live) = (pace.batch + 1, batch.rows());
                products += self.begin_batch(&race, &mut pace, embedding, layer, &query, batch);
                let list = self
                    .run_batch(&race, &mut pace, embedding, layer, &query, &cut, batch, host)
                    .await?;
                self.kernels.finish.record(
                    &race.recorder,
                    list,
                    batch,
                    [&race.live[list as usize], &race.control, &race.rows, &race.member],
                );
            }
        }
        let pending = self.end(&race, &pace, query.n_pairs() * shape.n_head, products)?;
        let bytes = scratch.bytes() + self.kept_bytes.get();
        self.scratch_bytes.set(self.scratch_bytes.get().max(bytes));
        self.scratch.replace(Some(scratch));
        Ok(pending)
    }

    /// Buffers and everything that is written once.
    fn prepare(&self, scratch: &mut Scratch, shape: Shape, query: &Asked<'_>, cut: &Cut) -> Result<Race> {
        let gpu = &self.gpu;
        let row_bytes = padded(shape.d_model) * 4;
        let rows = cut.pairs * cut.heads;
        let members = query.n_pairs() * shape.n_head;
        let mut get = |of, bytes| scratch.get(gpu, of, bytes);
        let race = Race {
            recorder: Recorder::new(gpu)?,
            x: get(Use::X, cut.pairs * row_bytes)?,
            v: get(Use::V, rows * padded(shape.d_head) * 4)?,
            y: get(Use::Y, rows * row_bytes)?,
            targets: get(Use::Targets, cut.pairs * row_bytes)?,
            rivals: get(Use::Rivals, cut.rivals * row_bytes)?,
            target_ids: get(Use::TargetIds, query.n_pairs() * 4)?,
            rival_ids: get(Use::RivalIds, query.rivals.len() * 4)?,
            pairs: get(Use::Pairs, query.n_pairs() * 8)?,
            live: [
                get(Use::LiveA, rows * 4)?,
                get(Use::LiveB, rows * 4)?,
                get(Use::OwnA, cut.pairs * 4)?,
                get(Use::OwnB, cut.pairs * 4)?,
            ],
            lengths: get(Use::Lengths, rows * 4)?,
            rows: get(Use::Rows, rows * ROW_BYTES as usize)?,
            control: get(Use::Control, CONTROL_BYTES as usize)?,
            args: get(Use::Args, ARGS_BYTES as usize)?,
            member: get(Use::Member, members)?,
        };
        let pairs: Vec<u32> = query.targets.iter().zip(query.k).flat_map(|(t, k)| [*t, *k]).collect();
        gpu.queue.write_buffer(&race.pairs, 0, bytemuck::cast_slice(&pairs));
        gpu.queue
            .write_buffer(&race.target_ids, 0, bytemuck::cast_slice(query.targets));
        gpu.queue
            .write_buffer(&race.rival_ids, 0, bytemuck::cast_slice(query.rivals));
        race.recorder.clear(&race.control, CONTROL_BYTES);
        race.recorder.clear(&race.member, race.member.size());
        Ok(race)
    }

    fn end(&self, race: &Race, pace: &Pace<'_>, rows: usize, products: u64) -> Result<PendingLot> {
        let bytes = rows.next_multiple_of(16) as u64;
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.gpu.buffer(bytes + CONTROL_BYTES, usage, "the answer")?;
        race.recorder.copy(&race.control, &staging, 0, CONTROL_BYTES);
        race.recorder
            .copy(&race.member, &staging, CONTROL_BYTES, bytes.min(race.member.size()));
        race.recorder.submit();
        Ok(PendingLot {
            signal: Signal::map(&staging),
            staging,
            rows,
            products,
            unsettled: pace.unsettled(),
        })
    }

    /// See [`crate::engine::Engine::collect`].
    pub(super) async fn answer(&self, pending: Pending, host: &impl Host) -> Result<Ranked> {
        let Pending {
            n_pairs,
            n_head,
            d_model,
            heads,
            lots,
        } = pending;
        let mut all = Ranked {
            member: vec![0; n_head * n_pairs],
            multiply_adds: 0,
            int8_multiply_adds: 0,
        };
        for (pairs, lot) in lots {
            let (member, multiply_adds) = self.answer_of(lot, d_model, host).await?;
            for (head, row) in member.chunks_exact(pairs.len().max(1)).enumerate() {
                all.member[head * n_pairs + pairs.start..][..row.len()].copy_from_slice(row);
            }
            all.multiply_adds += multiply_adds;
        }
        heads.saw(&all.member, n_pairs);
        Ok(all)
    }

    /// Member bits of a lot, `[n_head, pairs]`, and its multiply-adds.
    async fn answer_of(&self, pending: PendingLot, d_model: usize, host: &impl Host) -> Result<(Vec<u8>, u64)> {
        host.breathe().await?;
        pending.signal.wait(&self.gpu).await?;
        let words = read_back(&pending.staging)?;
        host.settled(pending.unsettled);
        let counted = u64::from(words[MULTIPLY_ADDS]) | u64::from(words[MULTIPLY_ADDS + 1]) << 32;
        let looked_at = u64::from(words[LOOKED_AT]) * d_model as u64;
        let member = words[CONTROL_BYTES as usize / 4..]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .take(pending.rows)
            .collect();
        Ok((member, counted + looked_at + pending.products))
    }
}

fn check(shape: Shape, query: &Asked<'_>) -> Result<()> {
    let known = |ids: &[u32]| ids.iter().all(|t| (*t as usize) < shape.n_vocab);
    if known(query.targets) && known(query.rivals) {
        Ok(())
    } else {
        Err(does_not_fit())
    }
}

fn does_not_fit() -> Error {
    Error::RelationInvalid("The pairs do not fit the model: a token id is not in its vocabulary.".into())
}
