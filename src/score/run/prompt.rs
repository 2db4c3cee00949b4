//! One prompt: what comes next, which head said so, and where the heads looked.

use super::documents::{Attention, PromptDocument, Token};
use super::states::{Choice, Clean, States};
use super::{blocks_work, states_work};
use crate::checkpoint::ByteSource;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::gpt2::attention::{Intervention, Patterns, Wanted};
use crate::gpt2::block::{Block, last, last_of_stream};
use crate::gpt2::run::{Run, read};
use crate::score::host::{Event, JobHost};
use crate::score::model::Model;
use burn::tensor::Tensor;

/// How many next tokens are told.
const TOP: usize = 10;
/// Floats of all patterns that are given back: 64 MB.
const MAX_PATTERNS: usize = 16 << 20;

/// What to ask.
#[derive(Clone, Debug, Default)]
pub struct PromptAsk {
    pub text: String,
    /// (layer, head) whose output is taken away at the last position.
    pub ablate: Choice,
    /// Patterns to give: (layer, head), or the mean over the layer's heads.
    pub attention: Vec<(usize, Option<usize>)>,
    /// The token whose logit is taken apart; the most likely one when `None`.
    pub target: Option<u32>,
}

/// Runs the model on a text.
///
/// Errors: an empty text, one longer than the context, heads or tokens that the model does not
/// have, patterns of over 64 MB together, and those of [`super::score_dynamic`].
pub async fn run_prompt<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    ask: &PromptAsk,
    host: &impl JobHost,
) -> Result<PromptDocument> {
    let _working = model.begin()?;
    let started = host.now_ms();
    let layout = &model.layout;
    let n_ctx = layout.check_whole(model.source.name())?;
    let ids = model.tokenizer.encode(&ask.text)?;
    check(ask, &ids, n_ctx, (layout.n_layer, layout.n_head, layout.n_vocab))?;
    let (t, d, n_layer) = (ids.len(), layout.d_model, layout.n_layer);
    let vocabulary = (layout.n_vocab * d) as u64;
    let first = ask.ablate.iter().map(|(l, _)| *l).min().unwrap_or(n_layer);
    let away: Vec<usize> = (0..n_layer).map(|l| usize::from(l >= first)).collect();
    let blocks = blocks_work(1, t, layout) + states_work(&away, 1, t, layout);
    let attributed = (n_layer * layout.n_head * d * d) as u64;
    let passes = 1 + u64::from(!ask.ablate.is_empty());
    model.announce_run(blocks + attributed + passes * vocabulary, 1, host);

    let on = model.engine.run_device().await;
    let run = Run::new(&on, host);
    let x = model.stream_of(&ids, t, host).await?;
    let mut x = run.tensor(x, [t, d]);
    let choices = [ask.ablate.clone()];
    let mut states = States::new(1, layout.n_head);
    let mut attention = vec![];
    let mut wrote = vec![];
    for l in 0..n_layer {
        let block = model.block(l, &on, host).await?;
        host.event(Event::Phase {
            phase: "scoring",
            text: format!("Running block {l} of {n_layer}"),
        });
        let wanted = wanted(ask, l);
        let step = if l + 1 < n_layer {
            block
                .forward(x.clone(), 1, &Intervention::default(), &wanted, &run)
                .await?
        } else {
            block.forward_last(x.clone(), 1, &wanted, &run).await?
        };
        let clean = Clean {
            x: last_of_stream(&x, 1),
            step: &step,
        };
        states.advance(l, &block, clean, &choices, &run).await?;
        wrote.push(outputs(&block, last(&step.z, 1), layout.n_head, &run).await?);
        keep(&mut attention, l, &wanted, step.patterns).await?;
        x = step.x;
    }
    let ln_f = model.ln_f(&on, host).await?;
    let ablated = states.state(0).map(|s| states.rows()[s].clone());
    let stream = read(x.clone()).await?;
    let rows: Vec<_> = std::iter::once(x).chain(ablated).collect();
    let rows = read(ln_f.forward(Tensor::cat(rows, 0), &run).await?).await?;
    let logits = model.logits(&rows, host).await?;
    let mut told = model.top(&logits[0], TOP);
    told.push(ask.target.unwrap_or(told[0]));
    let mut top = model.guesses(&logits[0], &told)?;
    let target = top.pop().expect("the last one asked for");
    let gain = gain(model, target.id, &stream, host).await?;
    let attribution: Vec<Vec<f32>> = wrote.iter().map(|y| apart(y, &gain, d)).collect();
    let rest = f64::from(target.logit) - attribution.iter().flatten().map(|v| f64::from(*v)).sum::<f64>();
    let after = logits.get(1).map(|z| {
        let mut told = model.top(z, TOP);
        told.push(target.id);
        model.guesses(z, &told)
    });
    let mut ablated_top = after.transpose()?;
    let ablated_target = ablated_top.as_mut().and_then(Vec::pop);
    Ok(PromptDocument {
        schema: "headmap/prompt",
        version: 1,
        model: model.info(),
        engine: model.engine.info(),
        seconds: (host.now_ms() - started) / 1e3,
        multiply_adds: run.multiply_adds() + (rows.len() * layout.n_vocab) as u64,
        tokens: tokens(model, &ids)?,
        top,
        ablated_top,
        ablated_target,
        target,
        attribution,
        attribution_rest: rest as f32,
        ablated: ask.ablate.clone(),
        attention,
    })
}

fn tokens<E: Engine, S: ByteSource>(model: &Model<E, S>, ids: &[u32]) -> Result<Vec<Token>> {
    let one = |id: &u32| {
        Ok(Token {
            id: *id,
            text: model.tokenizer.decode(&[*id])?,
        })
    };
    ids.iter().map(one).collect()
}

fn wanted(ask: &PromptAsk, layer: usize) -> Wanted {
    let here = || ask.attention.iter().filter(|(l, _)| *l == layer);
    let mut heads: Vec<usize> = here().filter_map(|(_, h)| *h).collect();
    heads.sort_unstable();
    heads.dedup();
    Wanted {
        heads,
        mean: here().any(|(_, h)| h.is_none()),
    }
}

/// What every head writes at the last position, `[n_head, d]`, without c_proj's bias.
async fn outputs(block: &Block, z: Tensor<2>, n_head: usize, run: &Run<'_, impl JobHost>) -> Result<Vec<f32>> {
    let d = z.dims()[1];
    let d_head = d / n_head;
    let own = |i: usize| f32::from(u8::from(i / d == i % d / d_head));
    let mask = run.tensor((0..n_head * d).map(own).collect(), [n_head, d]);
    read(block.attn.c_proj.product(z * mask, run).await?).await
}

/// d logit / d stream with the scale of ln_f held still, `[d]`: what is written to the stream, once its mean is
/// taken off, adds its product with this.
async fn gain<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    target: u32,
    stream: &[f32],
    host: &impl JobHost,
) -> Result<Vec<f64>> {
    let embedding = model.embedding(host).await?;
    let token = model.engine.embedding_rows(&embedding, &[target]).await?;
    let weight = model.end("ln_f.weight", host).await?;
    let d = stream.len() as f64;
    let mean = stream.iter().map(|v| f64::from(*v)).sum::<f64>() / d;
    let variance = stream.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / d;
    let scale = 1.0 / (variance + model.layout.layer_norm_epsilon).sqrt();
    Ok(token
        .iter()
        .zip(weight.iter())
        .map(|(u, w)| f64::from(*u) * f64::from(*w) * scale)
        .collect())
}

/// Contribution of every row of `y` `[n_head, d]`.
fn apart(y: &[f32], gain: &[f64], d: usize) -> Vec<f32> {
    let one = |row: &[f32]| {
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / d as f64;
        let sum: f64 = row.iter().zip(gain).map(|(v, g)| (f64::from(*v) - mean) * g).sum();
        sum as f32
    };
    y.chunks_exact(d).map(one).collect()
}

async fn keep(to: &mut Vec<Attention>, layer: usize, wanted: &Wanted, patterns: Patterns) -> Result<()> {
    let heads = wanted.heads.iter().map(|h| Some(*h)).zip(patterns.heads);
    for (head, pattern) in heads.chain(patterns.mean.map(|mean| (None, mean))) {
        to.push(Attention {
            layer,
            head,
            pattern: read(pattern).await?,
        });
    }
    Ok(())
}

pub(super) fn check(
    ask: &PromptAsk,
    ids: &[u32],
    n_ctx: usize,
    (n_layer, n_head, n_vocab): (usize, usize, usize),
) -> Result<()> {
    let wrong = |why: String| Err(Error::RelationInvalid(why));
    if ids.is_empty() {
        return wrong("The prompt is empty. Write some words.".to_owned());
    }
    if ids.len() > n_ctx {
        return wrong(format!(
            "The prompt has {} tokens, but the model's context has {n_ctx}. Shorten it.",
            ids.len()
        ));
    }
    let attended = ask.attention.iter().map(|(l, h)| (*l, h.unwrap_or(0)));
    for (l, h) in ask.ablate.iter().copied().chain(attended) {
        if l >= n_layer || h >= n_head {
            return wrong(format!(
                "Head {l}.{h} is not in this model of {n_layer} layers with {n_head} heads each."
            ));
        }
    }
    if ask.target.is_some_and(|id| id as usize >= n_vocab) {
        return wrong(format!("The target is no token of this model, which has {n_vocab}."));
    }
    if ask.attention.len() * ids.len() * ids.len() > MAX_PATTERNS {
        return wrong(format!(
            "{} attention patterns of {} tokens are more than fit; ask for fewer heads or shorten the prompt.",
            ask.attention.len(),
            ids.len()
        ));
    }
    Ok(())
}
