//! Layer after layer through the engine, in batches of pairs, one batch always under way while the
//! next is prepared: nothing waits for a read-back between layers.

use super::host::JobHost;
use super::layer::LoadedLayer;
use super::model::Model;
use crate::checkpoint::ByteSource;
use crate::engine::Ranked;
use crate::engine::{Engine, Query};
use crate::error::Result;
use crate::kernels::rank::Work;
use crate::result::RelationResult;
use std::collections::HashMap;
use std::future::poll_fn;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Floats of head outputs held at a time, `[n_head, pairs, d_model]`: 16 MB.
const HEAD_OUTPUTS: usize = 4 << 20;

/// Most rivals looked at first.
const RIVALS: usize = 512;

/// The pairs of all relations in a row.
pub(super) struct Pairs {
    pub source_ids: Vec<u32>,
    pub targets: Vec<u32>,
    pub k: Vec<u32>,
    /// Where each relation's pairs are.
    pub ranges: Vec<Range<usize>>,
}

impl Pairs {
    /// Cuts all pairs into queries of at most `step`, each with its rivals: what beats a target are mostly
    /// other targets of the same relation, so relations share a query while their rivals stay few.
    fn queries(&self, step: usize) -> Vec<(Range<usize>, Vec<u32>)> {
        let mut queries: Vec<(Range<usize>, Vec<u32>)> = vec![];
        for relation in &self.ranges {
            for start in relation.clone().step_by(step) {
                let part = start..(start + step).min(relation.end);
                let own = rivals(&self.targets[relation.clone()]);
                if let Some((range, known)) = queries.last_mut() {
                    let both = rivals(&[&known[..], &own[..]].concat());
                    if part.end - range.start <= step && known.len() + own.len() <= RIVALS {
                        (range.end, *known) = (part.end, both);
                        continue;
                    }
                }
                queries.push((part, own));
            }
        }
        queries
    }
}

/// The most frequent of `targets`, at most [`RIVALS`], by id.
pub(super) fn rivals(targets: &[u32]) -> Vec<u32> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for target in targets {
        *counts.entry(*target).or_default() += 1;
    }
    let mut found: Vec<_> = counts.into_iter().collect();
    found.sort_unstable_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    found.truncate(RIVALS);
    let mut ids: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids
}

/// The batches of a job.
pub(super) struct Passes<'a, E: Engine, S: ByteSource, H: JobHost> {
    model: &'a Model<E, S>,
    pairs: &'a Pairs,
    out: &'a mut [RelationResult],
    host: &'a H,
    waiting: Option<Waiting<'a>>,
    /// `[n_head, n_pairs]` of the layer whose batches are coming in.
    member: Vec<u8>,
    pub work: Work,
}

struct Waiting<'a> {
    layer: usize,
    invalid: Vec<(usize, String)>,
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
            waiting: None,
            member,
            work: Work::default(),
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
        for (range, rivals) in self.pairs.queries(step) {
            let query = Query {
                sources: &sources[range.start * d..range.end * d],
                targets: &self.pairs.targets[range.clone()],
                k: &self.pairs.k[range.clone()],
                rivals: &rivals,
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
            let before = self.waiting.replace(next);
            self.collect(before).await?;
        }
        Ok(())
    }

    /// Collects the last batch. Gives the multiply-adds of the job.
    pub async fn finish(mut self) -> Result<Work> {
        let last = self.waiting.take();
        self.collect(last).await?;
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
            let Some(waiting) = &mut self.waiting else {
                return Poll::Pending;
            };
            let Poll::Ready(ranked) = waiting.ranked.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            let waiting = self.waiting.take().expect("it was just polled");
            match ranked {
                Ok(ranked) => self.tell(&waiting, &ranked),
                Err(e) => return Poll::Ready(Err(e)),
            }
            Poll::Pending
        })
        .await
    }

    async fn collect(&mut self, waiting: Option<Waiting<'a>>) -> Result<()> {
        let Some(mut waiting) = waiting else { return Ok(()) };
        let ranked = waiting.ranked.as_mut().await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(relations: &[Vec<u32>]) -> Pairs {
        let targets: Vec<u32> = relations.concat();
        let mut start = 0;
        let ranges = relations.iter().map(|r| {
            start += r.len();
            start - r.len()..start
        });
        Pairs {
            ranges: ranges.collect(),
            source_ids: targets.clone(),
            k: vec![1; targets.len()],
            targets,
        }
    }

    #[test]
    fn queries_cover_all_pairs_once_and_know_their_own_rivals() {
        let many: Vec<Vec<u32>> = (0..20).map(|r| (r * 1000..r * 1000 + 130).collect()).collect();
        let few: Vec<Vec<u32>> = (0..9).map(|r| vec![r, r + 100]).collect();
        let large = vec![(0..2000).rev().collect::<Vec<u32>>()];
        for (relations, step) in [(&many, 455), (&many, 7), (&few, 455), (&large, 300)] {
            let pairs = pairs(relations);
            let mut next = 0;
            for (range, rivals) in pairs.queries(step) {
                assert_eq!(range.start, next);
                assert!(range.len() <= step && rivals.len() <= RIVALS);
                if relations.iter().all(|r| r.len() <= RIVALS) {
                    assert!(pairs.targets[range.clone()].iter().all(|t| rivals.contains(t)));
                }
                next = range.end;
            }
            assert_eq!(next, pairs.targets.len());
        }
        assert_eq!(pairs(&few).queries(455).len(), 1);
    }

    #[test]
    fn the_most_frequent_targets_are_the_rivals() {
        let mut targets: Vec<u32> = (0..600).collect();
        targets.extend([599, 599, 7]);
        let found = rivals(&targets);
        assert_eq!(found.len(), RIVALS);
        assert!(found.contains(&599) && found.contains(&0) && !found.contains(&598));
    }
}
