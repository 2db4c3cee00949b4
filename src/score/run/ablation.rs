//! The causal check (method.md section 3): heads lose their output at the last position one after the other; how
//! many prompts are still answered right? Beside it, as many random other heads.

use super::documents::{AblationDocument, TaskResult};
use super::prompts::{Group, Prompts, prompts};
use super::random::Random;
use super::ranks::Targets;
use super::states::{Choice, Clean, States};
use super::{block_work, blocks_work, ranking_unit, states_work};
use crate::checkpoint::ByteSource;
use crate::engine::{Engine, HIT, NOT_FINITE, RunDevice};
use crate::error::{Error, Result};
use crate::gpt2::attention::{Intervention, Wanted};
use crate::gpt2::block::last_of_stream;
use crate::gpt2::run::{Run, read};
use crate::relation::Pair;
use crate::score::host::{Event, JobHost};
use crate::score::model::Model;
use burn::tensor::Tensor;

/// Most tasks and random draws of a job.
const MAX_TASKS: usize = 16;
const MAX_DRAWS: usize = 64;
/// Floats of all states' last positions that are held together: 64 MB.
const STATES: usize = 16 << 20;
/// Floats of the widest activation of the clean run: 64 MB.
const STEP: usize = 16 << 20;

/// A question asked of the model.
#[derive(Clone, Debug)]
pub struct AblationTask {
    pub id: String,
    pub title: String,
    pub template: String,
    pub pairs: Vec<Pair>,
}

/// What to take away, and what to ask.
#[derive(Clone, Debug)]
pub struct AblationAsk {
    /// (layer, head), the first to go first; distinct.
    pub order: Vec<(usize, usize)>,
    pub tasks: Vec<AblationTask>,
    /// Random draws to compare with.
    pub draws: usize,
    pub seed: u64,
}

/// How many heads the paper takes away at most, by the size of the model.
pub fn removed_at_most(n_layer: usize) -> usize {
    match n_layer {
        0..=12 => 30,
        13..=24 => 50,
        25..=36 => 100,
        _ => 150,
    }
}

/// The heads of a score above zero, the highest first, at most `m`; equals by layer and head.
/// `hits` is `[layer][head]`.
pub fn order_by_score(hits: &[Vec<u32>], m: usize) -> Choice {
    let rows = hits.iter().enumerate();
    let all = rows.flat_map(|(l, row)| row.iter().enumerate().map(move |(h, hits)| (*hits, (l, h))));
    let mut order: Vec<_> = all.filter(|(hits, _)| *hits > 0).collect();
    order.sort_by_key(|(hits, head)| (std::cmp::Reverse(*hits), *head));
    order.into_iter().take(m).map(|(_, head)| head).collect()
}

/// Counts the right answers of every task after every head.
///
/// Errors: heads that the model does not have or that come twice, those of
/// [`super::score_dynamic`].
pub async fn ablate<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    ask: &AblationAsk,
    host: &impl JobHost,
) -> Result<AblationDocument> {
    let _working = model.begin()?;
    let started = host.now_ms();
    let l = &model.layout;
    check(ask, l.n_layer, l.n_head)?;
    let n_ctx = l.check_whole(model.source.name())?;
    let of_task = |t: &AblationTask| prompts(&t.template, &t.pairs, false, &model.tokenizer, n_ctx);
    let prompts = ask.tasks.iter().map(of_task).collect::<Result<Vec<_>>>()?;
    let random_heads = draw(ask, l.n_layer, l.n_head);
    let orders: Vec<&Choice> = std::iter::once(&ask.order).chain(&random_heads).collect();
    // Every order's first 1, 2, ... heads.
    let choices: Vec<Choice> = orders
        .iter()
        .flat_map(|order| (1..=order.len()).map(|m| order[..m].to_vec()))
        .collect();

    let on = model.engine.run_device().await;
    let run = Run::new(&on, host);
    let mut job = Job {
        model,
        choices: &choices,
        states: (0..l.n_layer).map(|layer| distinct(&choices, layer)).collect(),
        right: vec![vec![0; choices.len() + 1]; ask.tasks.len()],
        ranking: 0,
    };
    let batches = batches(&prompts, choices.len(), l.d_model, l.d_mlp);
    let work = batches.iter().map(|(_, group)| job.work(group)).sum();
    model.announce_run(work, batches.len(), host);
    for (task, group) in &batches {
        job.pass(*task, group, &on, &run).await?;
    }
    let points = choices.len() + 1;
    let tasks = ask.tasks.iter().zip(&prompts).zip(&job.right);
    Ok(AblationDocument {
        schema: "headmap/ablation",
        version: 1,
        model: model.info(),
        engine: model.engine.info(),
        seconds: (host.now_ms() - started) / 1e3,
        multiply_adds: run.multiply_adds() + job.ranking,
        forward_passes_multiply_adds: batches.iter().map(|(_, g)| job.whole_pass(g)).sum::<u64>() * points as u64,
        order: ask.order.clone(),
        seed: ask.seed,
        tasks: tasks.map(|((t, p), right)| result(t, p, right, &orders)).collect(),
        random_heads,
    })
}

struct Job<'a, E: Engine, S: ByteSource> {
    model: &'a Model<E, S>,
    choices: &'a [Choice],
    /// Different states after every block.
    states: Vec<usize>,
    /// Right answers `[task][0: clean, then every choice]`.
    right: Vec<Vec<u32>>,
    /// Multiply-adds of the ranking.
    ranking: u64,
}

impl<E: Engine, S: ByteSource> Job<'_, E, S> {
    async fn pass<H: JobHost>(&mut self, task: usize, group: &Group, on: &RunDevice, run: &Run<'_, H>) -> Result<()> {
        let (model, host) = (self.model, run.host);
        let (n, d, n_layer) = (group.n(), model.layout.d_model, model.layout.n_layer);
        let x = model.stream_of(&group.ids, group.t, host).await?;
        let mut x = run.tensor(x, [group.ids.len(), d]);
        let mut states = States::new(self.choices.len(), model.layout.n_head);
        for l in 0..n_layer {
            let block = model.block(l, on, host).await?;
            host.event(Event::Phase {
                phase: "scoring",
                text: format!("Running block {l} of {n_layer}"),
            });
            let nothing = (Intervention::default(), Wanted::default());
            let step = if l + 1 < n_layer {
                block.forward(x.clone(), n, &nothing.0, &nothing.1, run).await?
            } else {
                block.forward_last(x.clone(), n, &nothing.1, run).await?
            };
            let clean = Clean {
                x: last_of_stream(&x, n),
                step: &step,
            };
            states.advance(l, &block, clean, self.choices, run).await?;
            x = step.x;
        }
        let ln_f = model.ln_f(on, host).await?;
        let mut all = vec![x];
        all.extend(states.rows().iter().cloned());
        let rows = read(ln_f.forward(Tensor::cat(all, 0), run).await?).await?;
        let copies = rows.len() / (n * d);
        let targets = Targets {
            ids: group.targets.repeat(copies),
            k: 1,
        };
        let layer = model.identity_layer()?;
        let ranked = model.rank(&layer, 1, &rows, &targets, host).await?;
        self.ranking += ranked.multiply_adds;
        if ranked.member.iter().any(|m| m & NOT_FINITE != 0) {
            return Err(Error::CheckpointNotFinite(format!(
                "{} gives a logit that is not finite: its answers mean nothing. Choose another copy of the checkpoint.",
                model.source.name()
            )));
        }
        let right: Vec<u32> = ranked
            .member
            .chunks_exact(n)
            .map(|row| row.iter().filter(|m| *m & HIT != 0).count() as u32)
            .collect();
        self.right[task][0] += right[0];
        for choice in 0..self.choices.len() {
            let row = states.state(choice).map_or(0, |s| s + 1);
            self.right[task][choice + 1] += right[row];
        }
        Ok(())
    }

    /// Units of progress of a group.
    fn work(&self, group: &Group) -> u64 {
        let l = &self.model.layout;
        let (n, d) = (group.n(), l.d_model);
        let states = self.states.last().copied().unwrap_or(0);
        blocks_work(n, group.t, l)
            + states_work(&self.states, n, group.t, l)
            + (n * (states + 1) * l.n_vocab) as u64 * ranking_unit(d)
    }

    /// Multiply-adds of a whole forward pass over a group, logits of every position included.
    fn whole_pass(&self, group: &Group) -> u64 {
        let l = &self.model.layout;
        let rows = group.ids.len();
        block_work(rows, group.t, l) * l.n_layer as u64 + (rows * l.d_model * l.n_vocab) as u64
    }
}

/// How many different non-empty choices there are among layers `0..=layer`.
fn distinct(choices: &[Choice], layer: usize) -> usize {
    let mut seen = std::collections::HashSet::new();
    for choice in choices {
        let mut here: Vec<_> = choice.iter().filter(|(l, _)| *l <= layer).collect();
        here.sort_unstable();
        if !here.is_empty() {
            seen.insert(here);
        }
    }
    seen.len()
}

/// Groups of prompts small enough that all their states are held together.
fn batches(prompts: &[Prompts], choices: usize, d: usize, d_mlp: usize) -> Vec<(usize, Group)> {
    let mut all = vec![];
    for (task, prompts) in prompts.iter().enumerate() {
        for group in &prompts.groups {
            let by_states = STATES / ((choices + 1) * d);
            let by_step = STEP / (group.t * d_mlp.max(3 * d));
            let step = by_states.min(by_step).clamp(1, group.n());
            for from in (0..group.n()).step_by(step) {
                all.push((task, group.part(from, (from + step).min(group.n()))));
            }
        }
    }
    all
}

/// Random orders of heads that are not in the ask's own.
fn draw(ask: &AblationAsk, n_layer: usize, n_head: usize) -> Vec<Choice> {
    let mut random = Random::new(ask.seed);
    let others: Vec<_> = (0..n_layer * n_head)
        .map(|i| (i / n_head, i % n_head))
        .filter(|head| !ask.order.contains(head))
        .collect();
    (0..ask.draws)
        .map(|_| {
            let mut heads = others.clone();
            random.draw(&mut heads, ask.order.len());
            heads.truncate(ask.order.len());
            heads
        })
        .collect()
}

fn result(task: &AblationTask, prompts: &Prompts, right: &[u32], orders: &[&Choice]) -> TaskResult {
    let mut curves = vec![];
    let mut start = 1;
    for order in orders {
        curves.push(right[start..start + order.len()].to_vec());
        start += order.len();
    }
    let mut curves = curves.into_iter();
    TaskResult {
        id: task.id.clone(),
        title: task.title.clone(),
        template: task.template.clone(),
        total: prompts.kept.len(),
        dropped: prompts.dropped.clone(),
        clean: right[0],
        ranked: curves.next().unwrap_or_default(),
        random: curves.collect(),
    }
}

fn check(ask: &AblationAsk, n_layer: usize, n_head: usize) -> Result<()> {
    let wrong = |why: String| Err(Error::RelationInvalid(why));
    if ask.tasks.is_empty() || ask.tasks.len() > MAX_TASKS || ask.draws > MAX_DRAWS {
        return wrong(format!("Give 1 to {MAX_TASKS} tasks and at most {MAX_DRAWS} draws."));
    }
    for (i, (layer, head)) in ask.order.iter().enumerate() {
        if *layer >= n_layer || *head >= n_head {
            return wrong(format!(
                "Head {layer}.{head} is not in this model of {n_layer} layers with {n_head} heads each."
            ));
        }
        if ask.order[..i].contains(&(*layer, *head)) {
            return wrong(format!("Head {layer}.{head} stands twice in the order."));
        }
    }
    if ask.order.is_empty() {
        return wrong("No head was given to take away.".to_owned());
    }
    Ok(())
}
