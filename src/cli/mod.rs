//! Arguments, and what each command does with the library.

mod convert;
mod progress;
mod run;

use clap::{Parser, Subcommand};
use headmap::checkpoint::FileSource;
use headmap::engine::cpu::CpuEngine;
use headmap::relation::{MAX_FILE, Relation, parse_pairs};
use headmap::score::{Model, Options, Preprocessing, Provenance, score_relations};
use headmap::tokenizer::Tokenizer;
use headmap::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What every attention head of GPT-2 copies.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Static relation scores of every head, as JSON on stdout.
    Score {
        /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
        #[arg(long)]
        model: PathBuf,
        /// Pairs: a JSON list of [source, target], or CSV or TSV. May be given several times.
        #[arg(long, required = true)]
        relation: Vec<PathBuf>,
        /// How far from the top a target may be; one value for all relations or one for each.
        #[arg(short, default_values_t = [10])]
        k: Vec<u32>,
        /// Take the embedding itself in every layer instead of passing it through the first MLP.
        #[arg(long)]
        no_mlp: bool,
    },
    /// Scores of every head while the model runs, as JSON on stdout.
    Dynamic(run::Dynamic),
    /// Accuracy while heads are taken away one after the other, as JSON on stdout.
    Ablate(run::Ablate),
    /// What comes after a text, and which head said so, as JSON on stdout.
    Prompt(run::Prompt),
    /// Previous-token, duplicate-token and induction scores of every head, as JSON on stdout.
    Patterns(run::Patterns),
    /// A smaller copy of a checkpoint (only what the static scores need), with a manifest, for hosting.
    Convert {
        /// Folder with model.safetensors, tokenizer.json and (unless d_head is 64) config.json.
        #[arg(long)]
        model: PathBuf,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
        /// Element type of the copy. The page names it in every result.
        #[arg(long, value_enum, default_value = "f16")]
        dtype: convert::Target,
    },
}

pub async fn run() -> Result<()> {
    match Arguments::parse().command {
        Command::Score {
            model,
            relation,
            k,
            no_mlp,
        } => score(&model, &relation, &k, no_mlp).await,
        Command::Dynamic(ask) => run::dynamic(ask).await,
        Command::Ablate(ask) => run::ablate(ask).await,
        Command::Prompt(ask) => run::prompt(ask).await,
        Command::Patterns(ask) => run::patterns(ask).await,
        Command::Convert { model, out, dtype } => convert::convert(&model, &out, dtype).await,
    }
}

async fn score(model: &Path, relation: &[PathBuf], k: &[u32], no_mlp: bool) -> Result<()> {
    let relations = relations(relation, k)?;
    let model = open(model).await?;
    let preprocessing = if no_mlp {
        Preprocessing::None
    } else {
        Preprocessing::FirstMlp
    };
    let result = score_relations(
        &model,
        &relations,
        Options { preprocessing },
        &progress::Terminal::default(),
    )
    .await?;
    print(&result)
}

/// The one line that a command writes to stdout.
fn print(result: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string(result).expect("a result is always JSON");
    writeln!(std::io::stdout(), "{json}").map_err(|e| unreadable("standard output", &e))
}

/// A model's folder, on the CPU engine.
async fn open(model: &Path) -> Result<Model<CpuEngine, FileSource>> {
    let source = FileSource::open(&model.join("model.safetensors"))?;
    let config = model.join("config.json");
    let config = if config.exists() {
        Some(read_text(&config, 1_000_000)?)
    } else {
        None
    };
    let tokenizer = Tokenizer::from_json(read_text(&model.join("tokenizer.json"), 32 << 20)?.as_bytes())?;
    let name = model
        .file_name()
        .map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned());
    let provenance = Provenance {
        name,
        source: "directory".into(),
        ..Provenance::default()
    };
    let engine = Rc::new(CpuEngine::default());
    Model::open(engine, source, config.as_deref(), tokenizer, provenance, u64::MAX).await
}

fn relations(files: &[PathBuf], k: &[u32]) -> Result<Vec<Relation>> {
    if k.len() != 1 && k.len() != files.len() {
        return Err(Error::RelationInvalid(format!(
            "Give -k once, or once for each of the {} relations.",
            files.len()
        )));
    }
    let one = |(i, file): (usize, &PathBuf)| {
        let name = file
            .file_stem()
            .map_or_else(|| "relation".into(), |n| n.to_string_lossy().into_owned());
        let pairs = parse_pairs(&read_text(file, MAX_FILE as u64)?)?;
        Ok(Relation {
            name,
            pairs,
            k: k[i.min(k.len() - 1)],
        })
    };
    files.iter().enumerate().map(one).collect()
}

/// A text file of at most `limit` bytes.
fn read_text(path: &Path, limit: u64) -> Result<String> {
    let name = path.display().to_string();
    let size = std::fs::metadata(path).map_err(|e| unreadable(&name, &e))?.len();
    if size > limit {
        return Err(Error::Source {
            code: "SourceUnreachable".into(),
            message: format!("{name} has {size} bytes; at most {limit} are read."),
        });
    }
    std::fs::read_to_string(path).map_err(|e| unreadable(&name, &e))
}

fn unreadable(name: &str, e: &std::io::Error) -> Error {
    Error::Source {
        code: "SourceUnreachable".into(),
        message: format!("{name} cannot be read or written: {e}."),
    }
}
