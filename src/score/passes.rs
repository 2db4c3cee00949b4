//! Layer after layer through the engine, in batches of pairs, one batch always under way while the
//! next is prepared: nothing waits for a read-back between layers.

use super::host::JobHost;
use super::layer::LoadedLayer;
use super::model::Model;
use crate::checkpoint::ByteSource;
use crate::engine::{Engine, Query};
use crate::error::Result;
use crate::result::RelationResult;
use std::ops::Range;

/// Floats of head outputs held at a time, `[n_head, pairs, d_model]`: 16 MB.
const HEAD_OUTPUTS: usize = 4 << 20;

/// The pairs of all relations in a row.
pub(super) struct Pairs {
    pub source_ids: Vec<u32>,
    pub targets: Vec<u32>,
    pub k: Vec<u32>,
    pub rivals: Vec<u32>,
    /// Where each relation's pairs are.
    pub ranges: Vec<Range<usize>>,
}

/// The batches of a job.
pub(super) struct Passes<'a, E: Engine, S: ByteSource, H: JobHost> {
    model: &'a Model<E, S>,
    pairs: &'a Pairs,
    out: &'a mut [RelationResult],
    host: &'a H,
    waiting: Option<Waiting<E>>,
    /// `[n_head, n_pairs]` of the layer whose batches are coming in.
    member: Vec<u8>,
    pub multiply_adds: u64,
}

struct Waiting<E: Engine> {
    layer: usize,
    invalid: Vec<(usize, String)>,
    range: Range<usize>,
    pending: E::Pending,
}

impl<'a, E: Engine, S: ByteSource, H: JobHost> Passes<'a, E, S, H> {
    pub fn new(model: &'a Model<E, S>, pairs: &'a Pairs, out: &'a mut [RelationResult], host: &'a H) -> Self {
        let member = vec![0; model.layout.n_head * pairs.targets.len()];
        Self {
            model,
            pairs,
            out,
            host,
            waiting: None,
            member,
            multiply_adds: 0,
        }
    }

    /// All batches of layer `l`; those of the layer before are collected on the way.
    pub async fn submit(
        &mut self,
        embedding: &E::Embedding,
        l: usize,
        layer: &LoadedLayer<E>,
        sources: &[f32],
    ) -> Result<()> {
        let (d, n) = (self.model.layout.d_model, self.pairs.targets.len());
        let step = (HEAD_OUTPUTS / (self.model.layout.n_head * d)).clamp(1, n);
        for start in (0..n).step_by(step) {
            let range = start..(start + step).min(n);
            let query = Query {
                sources: &sources[range.start * d..range.end * d],
                targets: &self.pairs.targets[range.clone()],
                k: &self.pairs.k[range.clone()],
                rivals: &self.pairs.rivals,
            };
            let pending = self
                .model
                .engine
                .submit(embedding, &layer.weights, query, self.host)
                .await?;
            let next = Waiting {
                layer: l,
                invalid: layer.invalid.clone(),
                range,
                pending,
            };
            let before = self.waiting.replace(next);
            self.collect(before).await?;
        }
        Ok(())
    }

    /// Collects the last batch. Gives the multiply-adds of the job.
    pub async fn finish(mut self) -> Result<u64> {
        let last = self.waiting.take();
        self.collect(last).await?;
        Ok(self.multiply_adds)
    }

    async fn collect(&mut self, waiting: Option<Waiting<E>>) -> Result<()> {
        let Some(Waiting {
            layer,
            invalid,
            range,
            pending,
        }) = waiting
        else {
            return Ok(());
        };
        let n = self.pairs.targets.len();
        let ranked = self.model.engine.collect(pending, self.host).await?;
        for (head, row) in ranked.member.chunks_exact(range.len()).enumerate() {
            self.member[head * n + range.start..][..range.len()].copy_from_slice(row);
        }
        self.multiply_adds += ranked.multiply_adds;
        if range.end == n {
            for (i, own) in self.pairs.ranges.iter().enumerate() {
                self.out[i].add_layer(i, layer, &invalid, &self.member, n, own.clone(), self.host);
            }
        }
        Ok(())
    }
}
