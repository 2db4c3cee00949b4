//! The commands that run the model.

use super::progress::Terminal;
use super::{open, print, relations};
use clap::Args;
use headmap::relation::Relation;
use headmap::score::run::{
    AblationAsk, AblationTask, DynamicAsk, PAPER_TEMPLATES, PatternsAsk, PromptAsk, ablate as run_ablation,
    attention_scores, order_by_score, removed_at_most, run_prompt, score_dynamic,
};
use headmap::score::{Options, score_relations};
use headmap::{Error, Result};
use std::path::PathBuf;

#[derive(Args)]
pub struct Dynamic {
    /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
    #[arg(long)]
    model: PathBuf,
    /// Pairs: a JSON list of [source, target], or CSV or TSV.
    #[arg(long)]
    relation: PathBuf,
    /// How far from the top a target may be.
    #[arg(short, default_value_t = 10)]
    k: u32,
    /// A prompt with <X> where the source belongs; may be given several times. The paper's four if not given.
    #[arg(long)]
    template: Vec<String>,
    /// Keep the pairs whose source is several tokens, in place of one.
    #[arg(long)]
    multi_token: bool,
}

#[derive(Args)]
pub struct Ablate {
    /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
    #[arg(long)]
    model: PathBuf,
    /// Pairs of the task. A second one is the control task.
    #[arg(long, required = true, num_args = 1)]
    relation: Vec<PathBuf>,
    /// A prompt with <X> where the source belongs, once for each relation.
    #[arg(long, required = true, num_args = 1)]
    template: Vec<String>,
    /// Heads in the order in which they go, as 9.9,9.6. If not given: by static score of the first relation.
    #[arg(long, value_parser = heads)]
    heads: Option<Heads>,
    /// k of the static score that gives the order.
    #[arg(short, default_value_t = 1)]
    k: u32,
    /// How many heads go at most; the paper's number for the model's size if not given.
    #[arg(short)]
    m: Option<usize>,
    /// Random draws to compare with.
    #[arg(long, default_value_t = 5)]
    draws: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
pub struct Prompt {
    /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
    #[arg(long)]
    model: PathBuf,
    #[arg(long)]
    text: String,
    /// Heads whose output is taken away at the last position, as 9.9,9.6.
    #[arg(long, value_parser = heads)]
    ablate: Option<Heads>,
    /// Heads whose attention pattern is given, as 9.9,9.6.
    #[arg(long, value_parser = heads)]
    attention: Option<Heads>,
    /// Id of the token whose logit is taken apart; the most likely one if not given.
    #[arg(long)]
    target: Option<u32>,
}

#[derive(Args)]
pub struct Patterns {
    /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
    #[arg(long)]
    model: PathBuf,
    /// Random tokens of a sequence, which has them twice.
    #[arg(long, default_value_t = 100)]
    length: usize,
    #[arg(long, default_value_t = 1)]
    sequences: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone)]
struct Heads(Vec<(usize, usize)>);

/// `9.9,10.0`
fn heads(text: &str) -> std::result::Result<Heads, String> {
    let one = |part: &str| {
        let (layer, head) = part.trim().split_once('.')?;
        Some((layer.parse().ok()?, head.parse().ok()?))
    };
    let all: Option<Vec<_>> = text.split(',').map(one).collect();
    all.map(Heads)
        .ok_or_else(|| format!("{text:?} is not a list of heads; write layer.head, as in 9.9,10.0"))
}

pub async fn dynamic(a: Dynamic) -> Result<()> {
    let relation = relations(&[a.relation], &[a.k])?.remove(0);
    let model = open(&a.model).await?;
    let ask = DynamicAsk {
        name: relation.name,
        pairs: relation.pairs,
        templates: if a.template.is_empty() {
            PAPER_TEMPLATES.map(str::to_owned).to_vec()
        } else {
            a.template
        },
        k: a.k,
        multi_token: a.multi_token,
    };
    print(&score_dynamic(&model, &ask, &Terminal::default()).await?)
}

pub async fn ablate(a: Ablate) -> Result<()> {
    if a.relation.len() != a.template.len() {
        return Err(Error::RelationInvalid(
            "Give --template once for each --relation.".to_owned(),
        ));
    }
    let relations = relations(&a.relation, &[a.k])?;
    let model = open(&a.model).await?;
    let host = Terminal::default();
    let order = match a.heads {
        Some(Heads(order)) => order,
        None => {
            let first = &relations[..1];
            let scored = score_relations(&model, first, Options::default(), &host).await?;
            let m = a.m.unwrap_or(removed_at_most(model.layout().n_layer));
            order_by_score(&scored.relations[0].hits, m)
        }
    };
    let task = |(relation, template): (Relation, String)| AblationTask {
        id: relation.name.clone(),
        title: relation.name,
        template,
        pairs: relation.pairs,
    };
    let ask = AblationAsk {
        order,
        tasks: relations.into_iter().zip(a.template).map(task).collect(),
        draws: a.draws,
        seed: a.seed,
    };
    print(&run_ablation(&model, &ask, &host).await?)
}

pub async fn prompt(a: Prompt) -> Result<()> {
    let model = open(&a.model).await?;
    let list = |heads: Option<Heads>| heads.map_or(vec![], |Heads(h)| h);
    let ask = PromptAsk {
        text: a.text,
        ablate: list(a.ablate),
        attention: list(a.attention).into_iter().map(|(l, h)| (l, Some(h))).collect(),
        target: a.target,
    };
    print(&run_prompt(&model, &ask, &Terminal::default()).await?)
}

pub async fn patterns(a: Patterns) -> Result<()> {
    let model = open(&a.model).await?;
    let ask = PatternsAsk {
        length: a.length,
        sequences: a.sequences,
        seed: a.seed,
    };
    print(&attention_scores(&model, ask, &Terminal::default()).await?)
}
