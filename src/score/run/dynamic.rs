//! Dynamic relation scores (method.md section 2): the model runs on a template with each source in it; is the target
//! among the k largest of what a head writes at the last position?
//!
//! With context: z W_O W_U of a normal run. Without: the head's last row of attention is one-hot on
//! the source, everything before it from the normal run, so its z is its value vector there.

use super::documents::{Condition, DynamicDocument, TemplateResult};
use super::prompts::{Group, Prompts, prompts};
use super::ranks::Targets;
use super::{block_work, ranking_unit};
use crate::checkpoint::ByteSource;
use crate::engine::{Engine, HIT, NOT_FINITE, SUPPRESSION_HIT};
use crate::error::{Error, Result};
use crate::gpt2::attention::{Intervention, Wanted};
use crate::gpt2::run::Run;
use crate::relation::Pair;
use crate::result::InvalidHead;
use crate::score::host::{Event, JobHost};
use crate::score::model::Model;
use burn::tensor::Tensor;

/// The paper's templates.
pub const PAPER_TEMPLATES: [&str; 4] = [
    "No <X> means no",
    "The story of <X> contains",
    "This is a document about <X>",
    "When I think about <X> I think about",
];

/// Most templates of a job.
const MAX_TEMPLATES: usize = 32;
/// Floats of the residual streams that are under way together: 128 MB.
const STREAMS: usize = 32 << 20;
/// Floats of the widest activation of one step: 64 MB.
const STEP: usize = 16 << 20;

/// What to score.
#[derive(Clone, Debug)]
pub struct DynamicAsk {
    pub name: String,
    pub pairs: Vec<Pair>,
    pub templates: Vec<String>,
    pub k: u32,
    /// Keep the pairs whose source is several tokens, in place of one.
    pub multi_token: bool,
}

/// Prompts on their way through the blocks.
struct Flow {
    template: usize,
    group: Group,
    x: Tensor<2>,
}

/// Scores every head on every template.
///
/// Errors: those of [`prompts`], a checkpoint that is not a whole model, weights that are not
/// finite, whatever the source or the engine reports, [`Error::Cancelled`], [`Error::Busy`].
pub async fn score_dynamic<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    ask: &DynamicAsk,
    host: &impl JobHost,
) -> Result<DynamicDocument> {
    let _working = model.begin()?;
    let started = host.now_ms();
    if ask.k == 0 || ask.templates.is_empty() || ask.templates.len() > MAX_TEMPLATES {
        return Err(Error::RelationInvalid(format!(
            "Give k of at least 1 and 1 to {MAX_TEMPLATES} templates."
        )));
    }
    let n_ctx = model.layout.check_whole(model.source.name())?;
    let of_template = |t: &String| prompts(t, &ask.pairs, ask.multi_token, &model.tokenizer, n_ctx);
    let prompts = ask.templates.iter().map(of_template).collect::<Result<Vec<_>>>()?;
    let device = model.engine.run_device().await;
    let run = Run::new(&device, host);
    let mut job = Job {
        model,
        ask,
        out: ask
            .templates
            .iter()
            .zip(&prompts)
            .map(|(t, p)| empty(t, p, model))
            .collect(),
        invalid: vec![],
        ranking: 0,
        d: model.layout.d_model,
    };
    let batches = batches(&prompts, model.layout.d_model, model.layout.d_mlp);
    model.announce_run(work(model, &batches), batches.len(), host);
    for batch in batches {
        job.pass(batch, &device, &run).await?;
    }
    job.empty_invalid();
    Ok(DynamicDocument {
        schema: "headmap/dynamic",
        version: 1,
        model: model.info(),
        engine: model.engine.info(),
        seconds: (host.now_ms() - started) / 1e3,
        multiply_adds: run.multiply_adds() + job.ranking,
        relation: ask.name.clone(),
        k: ask.k,
        multi_token: ask.multi_token,
        pairs_given: ask.pairs.len(),
        templates: job.out,
        invalid: job.invalid,
    })
}

struct Job<'a, E: Engine, S: ByteSource> {
    model: &'a Model<E, S>,
    ask: &'a DynamicAsk,
    out: Vec<TemplateResult>,
    invalid: Vec<InvalidHead>,
    /// Multiply-adds of the ranking.
    ranking: u64,
    d: usize,
}

impl<E: Engine, S: ByteSource> Job<'_, E, S> {
    /// All blocks over one batch.
    async fn pass<H: JobHost>(
        &mut self,
        batch: Vec<(usize, Group)>,
        on: &crate::engine::RunDevice,
        run: &Run<'_, H>,
    ) -> Result<()> {
        let (model, host) = (self.model, run.host);
        let mut flows = Vec::new();
        for (template, group) in batch {
            let x = model.stream_of(&group.ids, group.t, host).await?;
            let x = run.tensor(x, [group.ids.len(), self.d]);
            flows.push(Flow { template, group, x });
        }
        let n_layer = model.layout.n_layer;
        for l in 0..n_layer {
            let block = model.block(l, on, host).await?;
            host.event(Event::Phase {
                phase: "scoring",
                text: format!("Running block {l} of {n_layer}"),
            });
            // Rows in the flows' order: z of a normal run, then the value at the source.
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for flow in &mut flows {
                let (n, t) = (flow.group.n(), flow.group.t);
                let x = flow.x.clone();
                let nothing = (Intervention::default(), Wanted::default());
                let (heads, z) = if l + 1 < n_layer {
                    let step = block.forward(x, n, &nothing.0, &nothing.1, run).await?;
                    flow.x = step.x;
                    (step.heads, step.z)
                } else {
                    // Nobody reads the stream after the last block.
                    let heads = block.attn.heads(block.ln_1.forward(x, run).await?, n, run).await?;
                    let (z, _) = block.attn.attend(&heads, &nothing.0, &nothing.1, run).await?;
                    (heads, z)
                };
                let at = |x: Tensor<3>, position: usize| x.narrow(1, position, 1).reshape([n, self.d]);
                with.extend(run.read(at(z, t - 1)).await?);
                without.extend(run.read(at(heads.v, flow.group.source)).await?);
            }
            self.rank(l, &flows, with, without, host).await?;
        }
        Ok(())
    }

    /// Ranks what the heads of layer `l` wrote.
    async fn rank(
        &mut self,
        l: usize,
        flows: &[Flow],
        with: Vec<f32>,
        without: Vec<f32>,
        host: &impl JobHost,
    ) -> Result<()> {
        let n_head = self.model.layout.n_head;
        let layer = self.model.output_layer(l, host).await?;
        let ids: Vec<u32> = flows.iter().flat_map(|f| f.group.targets.iter().copied()).collect();
        let (n, k) = (ids.len(), self.ask.k);
        let targets = Targets {
            ids: [&ids[..], &ids[..]].concat(),
            k,
        };
        let rows = [with, without].concat();
        let ranked = self.model.rank(&layer, n_head, &rows, &targets, host).await?;
        self.ranking += ranked.multiply_adds;
        for (head, member) in ranked.member.chunks_exact(2 * n).enumerate() {
            if member.iter().any(|m| m & NOT_FINITE != 0) {
                self.invalidate(l, head);
            }
            let mut start = 0;
            for flow in flows {
                let out = &mut self.out[flow.template];
                for (condition, from) in [(&mut out.with_context, start), (&mut out.without_context, n + start)] {
                    let member = &member[from..from + flow.group.n()];
                    let count = |bit: u8| member.iter().filter(|m| *m & bit != 0).count() as u32;
                    condition.hits[l][head] += count(HIT);
                    condition.suppression_hits[l][head] += count(SUPPRESSION_HIT);
                }
                start += flow.group.n();
            }
        }
        Ok(())
    }

    /// A head that is invalid has no hits, as in the static scores: rows ranked before it was seen do not count.
    fn empty_invalid(&mut self) {
        for InvalidHead { layer, head, .. } in &self.invalid {
            for condition in self
                .out
                .iter_mut()
                .flat_map(|t| [&mut t.with_context, &mut t.without_context])
            {
                condition.hits[*layer][*head] = 0;
                condition.suppression_hits[*layer][*head] = 0;
            }
        }
    }

    fn invalidate(&mut self, layer: usize, head: usize) {
        if !self.invalid.iter().any(|i| (i.layer, i.head) == (layer, head)) {
            self.invalid.push(InvalidHead {
                layer,
                head,
                reason: "what this head writes is not finite".to_owned(),
            });
        }
    }
}

/// Cuts the prompts into batches whose streams are held together, and these into steps.
fn batches(prompts: &[Prompts], d: usize, d_mlp: usize) -> Vec<Vec<(usize, Group)>> {
    let mut all: Vec<Vec<(usize, Group)>> = vec![vec![]];
    let mut held = 0;
    for (template, prompts) in prompts.iter().enumerate() {
        for group in &prompts.groups {
            let step = (STEP / (group.t * d_mlp.max(3 * d))).clamp(1, group.n());
            for from in (0..group.n()).step_by(step) {
                let part = group.part(from, (from + step).min(group.n()));
                let floats = part.ids.len() * d;
                if held > 0 && held + floats > STREAMS {
                    all.push(vec![]);
                    held = 0;
                }
                held += floats;
                all.last_mut().expect("there is always one").push((template, part));
            }
        }
    }
    all
}

/// The job's work in the units of its progress.
fn work<E: Engine, S: ByteSource>(model: &Model<E, S>, batches: &[Vec<(usize, Group)>]) -> u64 {
    let l = &model.layout;
    let flow = |group: &Group| {
        let (rows, t) = (group.ids.len(), group.t);
        let whole = block_work(rows, t, l) * (l.n_layer as u64 - 1);
        let last = rows * (3 * l.d_model + 2 * t) * l.d_model;
        let comparisons = 2 * group.n() * l.n_head * l.n_layer * l.n_vocab;
        whole + last as u64 + comparisons as u64 * ranking_unit(l.d_model)
    };
    batches.iter().flatten().map(|(_, group)| flow(group)).sum()
}

fn empty<E: Engine, S: ByteSource>(template: &str, prompts: &Prompts, model: &Model<E, S>) -> TemplateResult {
    let zeros = vec![vec![0; model.layout.n_head]; model.layout.n_layer];
    let condition = Condition {
        hits: zeros.clone(),
        suppression_hits: zeros,
    };
    let lengths = prompts.groups.iter().map(|g| g.t);
    TemplateResult {
        template: template.to_owned(),
        length: (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0)),
        total: prompts.kept.len(),
        kept: prompts
            .kept
            .iter()
            .map(|k| (k.source.clone(), k.target.clone(), k.source_id, k.target_id))
            .collect(),
        dropped: prompts.dropped.clone(),
        with_context: condition.clone(),
        without_context: condition,
    }
}
