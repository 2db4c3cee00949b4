//! Layer after layer through the engine, in batches of pairs, some always under way while the
//! next is prepared: nothing waits for a read-back between layers.

use super::host::JobHost;
use super::layer::LoadedLayer;
use super::lots::queries;
use super::model::Model;
use crate::checkpoint::ByteSource;
use crate::engine::Ranked;
use crate::engine::{Engine, Query};
use crate::error::Result;
use crate::kernels::rank::Work;
use crate::result::RelationResult;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

/// The pairs of all relations in a row.
pub(super) struct Pairs {
    pub source_ids: Vec<u32>,
    pub targets: Vec<u32>,
    pub k: Vec<u32>,
    /// Where each relation's pairs are.
    pub ranges: Vec<Range<usize>>,
}

/// The batches of a job.
pub(super) struct Passes<'a, E: Engine, S: ByteSource, H: JobHost> {
    model: &'a Model<E, S>,
    pairs: &'a Pairs,
    out: &'a mut [RelationResult],
    host: &'a H,
    /// Under way, in order; at most [`Engine::AHEAD`] while the next is prepared.
    waiting: VecDeque<Waiting<'a>>,
    /// `[n_head, n_pairs]` of the layer whose batches are coming in.
    member: Vec<u8>,
    pub work: Work,
}

struct Waiting<'a> {
    layer: usize,
    invalid: Rc<[(usize, String)]>,
    range: Range<usize>,
    ranked: Pin<Box<dyn Future<Output = Result<Ranked>> + 'a>>,
}

impl<'a, E: Engine, S: ByteSource, H: JobHost> Passes<'a, E, S, H> {
    pub fn new(model: &'a Model<E, S>, pairs: &'a Pairs, out: &'a mut [RelationResult], host: &'a H) -> Self {
        let member = vec![0; model.layout.n_head * pairs.targets.len()];
        Self {
            model,
            pairs,
            out,
            host,
            waiting: VecDeque::new(),
            member,
            work: Work::default(),
        }
    }

    /// All batches of layer `l`; earlier ones are collected on the way.
    pub async fn submit(
        &mut self,
        embedding: &E::Embedding,
        l: usize,
        layer: &LoadedLayer<E>,
        sources: &[f32],
    ) -> Result<()> {
        let (d, n_head) = (self.model.layout.d_model, self.model.layout.n_head);
        for (range, lots) in queries(&self.pairs.targets, &self.pairs.ranges, n_head, d) {
            let query = Query {
                sources: &sources[range.start * d..range.end * d],
                targets: &self.pairs.targets[range.clone()],
                k: &self.pairs.k[range.clone()],
                lots: &lots,
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
                ranked: Box::pin(self.model.engine.collect(pending, self.host)),
            };
            self.waiting.push_back(next);
            while self.waiting.len() > E::AHEAD {
                self.collect().await?;
            }
        }
        Ok(())
    }

    /// Collects what is under way. Gives the multiply-adds of the job.
    pub async fn finish(mut self) -> Result<Work> {
        while !self.waiting.is_empty() {
            self.collect().await?;
        }
        Ok(self.work)
    }

    /// Waits for weights. A batch that comes to its end meanwhile is told at once: on a slow line the weights take longer, and no
    /// column has to wait for those of the next one.
    pub async fn meanwhile<T>(&mut self, weights: impl Future<Output = Result<T>>) -> Result<T> {
        let mut weights = pin!(weights);
        poll_fn(|cx| {
            // At hand, they come first: the next batch begins before the last one is collected.
            if let Poll::Ready(weights) = weights.as_mut().poll(cx) {
                return Poll::Ready(weights);
            }
            while let Some(waiting) = self.waiting.front_mut() {
                let Poll::Ready(ranked) = waiting.ranked.as_mut().poll(cx) else {
                    break;
                };
                let waiting = self.waiting.pop_front().expect("it was just polled");
                match ranked {
                    Ok(ranked) => self.tell(&waiting, &ranked),
                    Err(e) => return Poll::Ready(Err(e)),
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for what was submitted first.
    async fn collect(&mut self) -> Result<()> {
        let Some(waiting) = self.waiting.front_mut() else {
            return Ok(());
        };
        let ranked = waiting.ranked.as_mut().await?;
        let waiting = self.waiting.pop_front().expect("it was just awaited");
        self.tell(&waiting, &ranked);
        Ok(())
    }

    fn tell(&mut self, waiting: &Waiting<'_>, ranked: &Ranked) {
        let Waiting {
            layer, invalid, range, ..
        } = waiting;
        let n = self.pairs.targets.len();
        for (head, row) in ranked.member.chunks_exact(range.len()).enumerate() {
            self.member[head * n + range.start..][..range.len()].copy_from_slice(row);
        }
        self.work += Work {
            multiply_adds: ranked.multiply_adds,
            int8: ranked.int8_multiply_adds,
        };
        if range.end == n {
            for (i, own) in self.pairs.ranges.iter().enumerate() {
                self.out[i].add_layer(i, *layer, invalid, &self.member, n, own.clone(), self.host);
            }
        }
    }
}
