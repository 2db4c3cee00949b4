//! Attention-pattern scores (method.md section 5): random tokens given twice in a row; how much of its attention
//! does a head put on the token before, on the same token, on the one after it?

use super::block_work;
use super::documents::PatternsDocument;
use super::random::Random;
use crate::checkpoint::ByteSource;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::gpt2::attention::{Intervention, Wanted};
use crate::gpt2::run::{Run, read};
use crate::score::host::{Event, JobHost};
use crate::score::model::Model;

/// Most sequences of a job.
const MAX_SEQUENCES: usize = 64;

/// What to score on.
#[derive(Clone, Copy, Debug)]
pub struct PatternsAsk {
    /// Random tokens of a sequence, which has twice as many; at most half the context.
    pub length: usize,
    pub sequences: usize,
    pub seed: u64,
}

/// Scores every head.
///
/// Errors: a length under 2 or over half the context, no sequence, and those of
/// [`super::score_dynamic`].
pub async fn attention_scores<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    ask: PatternsAsk,
    host: &impl JobHost,
) -> Result<PatternsDocument> {
    let _working = model.begin()?;
    let started = host.now_ms();
    let layout = &model.layout;
    let n_ctx = layout.check_whole(model.source.name())?;
    if ask.length < 2 || 2 * ask.length > n_ctx || !(1..=MAX_SEQUENCES).contains(&ask.sequences) {
        return Err(Error::RelationInvalid(format!(
            "Give 2 to {} random tokens (half the model's context) and 1 to {MAX_SEQUENCES} sequences.",
            n_ctx / 2
        )));
    }
    let (t, d, n_layer, n_head) = (2 * ask.length, layout.d_model, layout.n_layer, layout.n_head);
    let work = block_work(t, t, layout) * (n_layer * ask.sequences) as u64;
    model.announce_run(work, 1, host);
    let on = model.engine.run_device().await;
    let run = Run::new(&on, host);
    let mut random = Random::new(ask.seed);
    let mut streams = vec![];
    for _ in 0..ask.sequences {
        let half: Vec<u32> = (0..ask.length).map(|_| random.below(layout.n_vocab) as u32).collect();
        let x = model.stream_of(&half.repeat(2), t, host).await?;
        streams.push(run.tensor(x, [t, d]));
    }
    let zeros = vec![vec![0.0; n_head]; n_layer];
    let mut scores = [zeros.clone(), zeros.clone(), zeros];
    let wanted = Wanted {
        heads: (0..n_head).collect(),
        mean: false,
    };
    for l in 0..n_layer {
        let block = model.block(l, &on, host).await?;
        host.event(Event::Phase {
            phase: "scoring",
            text: format!("Running block {l} of {n_layer}"),
        });
        for x in &mut streams {
            let step = block
                .forward(x.clone(), 1, &Intervention::default(), &wanted, &run)
                .await?;
            *x = step.x;
            for (head, pattern) in step.patterns.heads.into_iter().enumerate() {
                let pattern = read(pattern).await?;
                for (scores, (first, back)) in scores.iter_mut().zip(looks(ask.length)) {
                    scores[l][head] += mean(&pattern, t, first, back) / ask.sequences as f64;
                }
            }
        }
    }
    if scores.iter().flatten().flatten().any(|v| !v.is_finite()) {
        return Err(Error::CheckpointNotFinite(format!(
            "{} gives attention that is not finite: its patterns mean nothing. Choose another copy of the checkpoint.",
            model.source.name()
        )));
    }
    let [previous_token, duplicate_token, induction] = scores;
    Ok(PatternsDocument {
        schema: "headmap/patterns",
        version: 1,
        model: model.info(),
        engine: model.engine.info(),
        seconds: (host.now_ms() - started) / 1e3,
        multiply_adds: run.multiply_adds(),
        length: ask.length,
        sequences: ask.sequences,
        seed: ask.seed,
        previous_token,
        duplicate_token,
        induction,
    })
}

/// First query and how far back it looks: the token before; the same token; the one that followed it.
fn looks(length: usize) -> [(usize, usize); 3] {
    [(1, 1), (length, length), (length, length - 1)]
}

/// Mean of A[i, i - back] over i from `first`.
fn mean(pattern: &[f32], t: usize, first: usize, back: usize) -> f64 {
    let sum: f64 = (first..t).map(|i| f64::from(pattern[i * t + i - back])).sum();
    sum / (t - first) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_finds_its_own_diagonal() {
        let length = 3;
        let t = 2 * length;
        for which in 0..3 {
            let mut pattern = vec![0.0; t * t];
            let (first, back) = looks(length)[which];
            (first..t).for_each(|i| pattern[i * t + i - back] = 0.5);
            let got = looks(length).map(|(first, back)| mean(&pattern, t, first, back));
            for (i, score) in got.into_iter().enumerate() {
                assert!((score == 0.5) == (i == which), "{which}: {got:?}");
            }
        }
    }
}
