//! Static relation scores (MAPS, method.md section 1): for every head and pair (s, t), is t among
//! the k largest of z = x_s W_V W_O W_U, and of -z?
//!
//! No ln_1, no ln_f, no attention biases, no position embedding. Layers come one after the other,
//! each as soon as its weights are there; all relations of a job share a pass.

use super::Preprocessing;
use super::host::{Event, JobHost};
use super::model::Model;
use super::passes::{Pairs, Passes};
use crate::checkpoint::ByteSource;
use crate::engine::{Engine, HIT, NOT_FINITE, SUPPRESSION_HIT};
use crate::error::{Error, Result};
use crate::relation::{Kept, Relation, Selection, select};
use crate::result::{InvalidHead, RelationResult, ResultDocument, bit_set};
use std::ops::Range;

/// How to score.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub preprocessing: Preprocessing,
}

/// Scores every head of the model on every relation.
///
/// Errors: a relation without a usable pair or with k = 0, weights that are not finite where all
/// heads need them, whatever the source or the engine reports, [`Error::Cancelled`], [`Error::Busy`].
pub async fn score_relations<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    relations: &[Relation],
    options: Options,
    host: &impl JobHost,
) -> Result<ResultDocument> {
    let _working = model.begin()?;
    let started = host.now_ms();
    let bytes_before = model.source.bytes_read();
    let selections = relations
        .iter()
        .map(|r| select(&r.pairs, &model.tokenizer))
        .collect::<Result<Vec<_>>>()?;
    check(relations, &selections)?;
    let pairs = Pairs::new(relations, &selections);
    let shape = model.layout.shape();
    let n_layer = model.layout.n_layer;
    let comparisons = (n_layer * shape.n_head * pairs.targets.len()) as u64 * shape.n_vocab as u64;
    model.announce(options.preprocessing, &pairs, comparisons, host);

    let embedding = model.embedding(host).await?;
    let mut sources = model.engine.embedding_rows(&embedding, &pairs.source_ids).await?;
    let mut out: Vec<_> = relations
        .iter()
        .zip(selections)
        .map(|(r, s)| empty_result(r, s))
        .collect();
    let mut passes = Passes::new(model, &pairs, &mut out, host);
    for l in 0..n_layer {
        if l == 1 && options.preprocessing == Preprocessing::FirstMlp {
            // Before there are others, as large.
            drop(std::mem::take(&mut sources));
            let (x, work) = passes
                .meanwhile(model.enriched(&embedding, &pairs.source_ids, host))
                .await?;
            sources = x;
            passes.work.add(work);
        }
        let layer = passes.meanwhile(model.layer(l, host)).await?;
        host.event(Event::Phase {
            phase: "scoring",
            text: format!("Scoring layer {l} of {n_layer}"),
        });
        passes.submit(&embedding, l, &layer, &sources).await?;
        host.breathe().await?;
    }
    let work = passes.finish().await?;
    Ok(ResultDocument {
        schema: "headmap/result",
        version: 1,
        created: None,
        complete: true,
        model: model.info(),
        preprocessing: options.preprocessing,
        engine: model.engine.info(),
        seconds: (host.now_ms() - started) / 1e3,
        multiply_adds: work.multiply_adds,
        int8_multiply_adds: work.int8,
        full_projection_multiply_adds: comparisons * shape.d_model as u64,
        bytes_read: model.source.bytes_read() - bytes_before,
        relations: out,
    })
}

impl Pairs {
    fn new(relations: &[Relation], selections: &[Selection]) -> Self {
        let mut p = Self {
            source_ids: vec![],
            targets: vec![],
            k: vec![],
            ranges: vec![],
        };
        for (relation, selection) in relations.iter().zip(selections) {
            let start = p.targets.len();
            for Kept {
                source_id, target_id, ..
            } in &selection.kept
            {
                p.source_ids.push(*source_id);
                p.targets.push(*target_id);
                p.k.push(relation.k);
            }
            p.ranges.push(start..p.targets.len());
        }
        p
    }
}

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// Tells the host how much is to be done, and the source what will be read.
    fn announce(&self, preprocessing: Preprocessing, pairs: &Pairs, comparisons: u64, host: &impl JobHost) {
        let known = self.enriched.borrow();
        let mlp = preprocessing == Preprocessing::FirstMlp && pairs.source_ids.iter().any(|id| !known.contains_key(id));
        let mut keys = self.layout.static_job(mlp);
        let layers = self.layers.borrow();
        keys.retain(|k| match k.strip_prefix("h.").and_then(|k| k.split_once(".attn.")) {
            Some((l, _)) => !l.parse().is_ok_and(|l| layers.contains_key(&l)),
            None => k != "wte.weight" || self.embedding.borrow().is_none(),
        });
        let ranges: Vec<_> = keys
            .iter()
            .map(|k| self.layout.tensor(k))
            .map(|t| (t.offset, t.len))
            .collect();
        self.source.expect(&ranges);
        host.event(Event::Plan {
            comparisons,
            bytes: self.layout.bytes(&keys),
        });
    }
}

impl RelationResult {
    #[allow(clippy::too_many_arguments)] // one caller; a struct would only rename them
    pub(super) fn add_layer(
        &mut self,
        index: usize,
        layer: usize,
        broken: &[(usize, String)],
        member: &[u8],
        n: usize,
        range: Range<usize>,
        host: &impl JobHost,
    ) {
        let heads: Vec<&[u8]> = member.chunks_exact(n).map(|row| &row[range.clone()]).collect();
        let mut invalid = broken.to_vec();
        for (h, row) in heads.iter().enumerate() {
            if row.iter().any(|m| m & NOT_FINITE != 0) && !invalid.iter().any(|(i, _)| *i == h) {
                invalid.push((h, "a logit of this head is not finite".to_owned()));
            }
        }
        let bits = |bit: u8| -> Vec<Vec<bool>> {
            let valid = |h| !invalid.iter().any(|(i, _)| *i == h);
            heads
                .iter()
                .enumerate()
                .map(|(h, row)| row.iter().map(|m| valid(h) && m & bit != 0).collect())
                .collect()
        };
        let count = |rows: &[Vec<bool>]| {
            rows.iter()
                .map(|r| r.iter().filter(|b| **b).count() as u32)
                .collect::<Vec<_>>()
        };
        let encode = |rows: Vec<Vec<bool>>| rows.into_iter().map(|r| bit_set(r.into_iter())).collect();
        let (hit, suppressed) = (bits(HIT), bits(SUPPRESSION_HIT));
        let (hits, suppression_hits) = (count(&hit), count(&suppressed));
        host.event(Event::Layer {
            relation: index,
            layer,
            total: self.total,
            hits: &hits,
            suppression_hits: &suppression_hits,
            invalid: &invalid,
        });
        self.hits.push(hits);
        self.suppression_hits.push(suppression_hits);
        self.pair_hits.push(encode(hit));
        self.pair_suppression_hits.push(encode(suppressed));
        self.invalid.extend(
            invalid
                .into_iter()
                .map(|(head, reason)| InvalidHead { layer, head, reason }),
        );
    }
}

fn empty_result(relation: &Relation, selection: Selection) -> RelationResult {
    RelationResult {
        name: relation.name.clone(),
        k: relation.k,
        pairs_given: relation.pairs.len(),
        total: selection.kept.len(),
        kept: selection
            .kept
            .into_iter()
            .map(|k| (k.source, k.target, k.source_id, k.target_id))
            .collect(),
        dropped: selection.dropped,
        hits: vec![],
        suppression_hits: vec![],
        invalid: vec![],
        pair_hits: vec![],
        pair_suppression_hits: vec![],
    }
}

fn check(relations: &[Relation], selections: &[Selection]) -> Result<()> {
    if relations.is_empty() {
        return Err(Error::RelationInvalid("No relation was given.".into()));
    }
    for (relation, selection) in relations.iter().zip(selections) {
        if relation.k == 0 {
            return Err(Error::RelationInvalid(format!(
                "k must be at least 1 for {}.",
                relation.name
            )));
        }
        if selection.kept.is_empty() {
            let (_, _, why) = selection.dropped.first().cloned().unwrap_or_default();
            return Err(Error::RelationEmpty(format!(
                "No pair of {} can be used: source and target must each be one token (of the first pair, {why}). Choose other words.",
                relation.name
            )));
        }
    }
    Ok(())
}
