//! Trains Headmap's demonstration model: a small GPT-2 on sentences that this program makes itself.
//!
//! `train` from a seed, with a log and checkpoints, `export` as GPT-2's files, `show` a sample of the text.

mod batch;
mod export;
mod measure;
mod model;
mod noise;
mod optimizer;
mod recipe;
mod report;
#[cfg(test)]
mod tests;
mod text;
mod train;
mod vocabulary;

use clap::{Parser, Subcommand};
use measure::Measure;
use recipe::Recipe;
use std::collections::BTreeSet;
use std::io::Result;
use std::path::{Path, PathBuf};
use text::grammar::Grammar;
use text::slips::{self, Slips};
use text::words::Words;
use text::{Author, Dice, Mix, Windows};
use train::Training;
use vocabulary::Vocabulary;

#[derive(Parser)]
#[command(about, version)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Train, or go on with a training that was stopped, and write GPT-2's files.
    Train {
        /// Folder for the log, the checkpoints and, at the end, the model.
        #[arg(long)]
        out: PathBuf,
        /// A recipe as JSON; fields that it lacks are the shipped model's.
        #[arg(long)]
        recipe: Option<PathBuf>,
        /// Stop after this step.
        #[arg(long)]
        until: Option<usize>,
        /// Measure and save every so many steps.
        #[arg(long, default_value_t = 250)]
        every: usize,
    },
    /// Write GPT-2's files and training.json from the last checkpoint.
    Export {
        /// Folder of the training.
        #[arg(long)]
        from: PathBuf,
        /// Folder to write to.
        #[arg(long)]
        to: PathBuf,
    },
    /// Print sentences and questions.
    Show {
        /// As for `train`.
        #[arg(long)]
        recipe: Option<PathBuf>,
    },
}

/// What text and measurements are made from.
struct Studio {
    vocabulary: Vocabulary,
    author: Author,
}

impl Studio {
    fn open() -> Result<Self> {
        let vocabulary = Vocabulary::read(&root().join("models/demo/tokenizer.json"))?;
        let grammar = Grammar::new();
        let single = |word: &str| vocabulary.single(word).is_some();
        let mut words = Words::read(&root().join("www/data/relations"), &grammar, single)?;
        words.odd = slips::odd(&vocabulary, &words, &grammar);
        Ok(Self {
            vocabulary,
            author: Author { grammar, words },
        })
    }

    fn windows(&self, recipe: &Recipe) -> Windows<'_> {
        let words = &self.author.words;
        let [known, held_out] = [&words.people, &words.held_out].map(|list| list.iter().map(|p| p.name.as_str()));
        Windows {
            author: &self.author,
            vocabulary: &self.vocabulary,
            random: self.copied(),
            mix: Mix::default(),
            manner: recipe.manner(),
            slips: (recipe.slips > 0.0).then(|| {
                let share = [recipe.slips, recipe.slipped_words];
                Slips::new(share, &self.vocabulary, words, self.author.grammar.lists())
            }),
            len: recipe.shape.n_ctx,
            names: self
                .vocabulary
                .singles(known.chain(held_out.clone()))
                .into_values()
                .collect(),
            held_out: self.vocabulary.singles(held_out),
        }
    }

    /// Tokens that the text uses.
    fn used(&self, windows: &Windows<'_>) -> Vec<u32> {
        windows.used(self.author.words.all().filter_map(|word| self.vocabulary.single(word)))
    }

    /// What random rows hold: every word of every relation; names three times, for half of what is to be copied in
    /// sentences is names. Held-out names are among them: were they never copied at all, the model would learn just
    /// that of them.
    fn copied(&self) -> Vec<u32> {
        let words = &self.author.words;
        let once: BTreeSet<&String> = words.all().collect();
        let names = words.people.iter().chain(&words.held_out).map(|p| &p.name);
        once.into_iter()
            .chain(names.clone())
            .chain(names)
            .filter_map(|word| self.vocabulary.single(word))
            .collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn main() -> Result<()> {
    let studio = Studio::open()?;
    match Args::parse().task {
        Task::Train {
            out,
            recipe,
            until,
            every,
        } => train(&studio, &out, recipe.as_deref(), until, every),
        Task::Export { from, to } => write(&studio, &from, &to),
        Task::Show { recipe } => {
            show(&studio, &read(recipe.as_deref())?);
            Ok(())
        }
    }
}

/// The recipe in a file, or the shipped model's.
fn read(file: Option<&Path>) -> Result<Recipe> {
    Ok(match file {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => Recipe::default(),
    })
}

fn train(studio: &Studio, out: &Path, recipe: Option<&Path>, until: Option<usize>, every: usize) -> Result<()> {
    let recipe = read(recipe)?;
    let windows = studio.windows(&recipe);
    let used = studio.used(&windows);
    let n_vocab = studio.vocabulary.len();
    println!("recipe {}, {} of {n_vocab} tokens in use", recipe.hash(), used.len());
    let measure = Measure::new(&studio.author, &studio.vocabulary);
    let training = Training {
        recipe: &recipe,
        windows: &windows,
        measure: &measure,
        used: &used,
        n_vocab,
        out,
    };
    training.run(until.unwrap_or(recipe.steps), every)?;
    write(studio, out, &out.join("model"))
}

fn write(studio: &Studio, from: &Path, to: &Path) -> Result<()> {
    let recipe: Recipe = serde_json::from_slice(&std::fs::read(from.join("recipe.json"))?)?;
    let model = train::last(&recipe, studio.vocabulary.len(), from)?;
    let model = export::export(model, &recipe, to)?;
    let tokenizer = to.join("tokenizer.json");
    if !tokenizer.exists() {
        std::fs::copy(root().join("models/demo/tokenizer.json"), tokenizer)?;
    }
    let measure = Measure::new(&studio.author, &studio.vocabulary);
    let report = report::report(&model, &recipe, &measure, &from.join("log.jsonl"), to)?;
    println!("{}", report["ablation"]);
    std::fs::write(
        to.join("training.json"),
        format!("{}\n", serde_json::to_string(&report)?),
    )
}

fn show(studio: &Studio, recipe: &Recipe) {
    let author = &studio.author;
    let manner = recipe.manner();
    let mut dice = Dice::new(1, 1);
    for kind in text::sentences::KINDS {
        for _ in 0..4 {
            println!("{kind:?}: {}", author.sentence(kind, &manner, &mut dice).text);
        }
    }
    for (from, new) in [(&author.words.people, false), (&author.words.held_out, true)] {
        for _ in 0..5 {
            let q = author.question_of_two(from, new, &mut dice);
            println!("{} | {}, not {}", q.prompt, q.answer, q.rival);
        }
    }
    let windows = studio.windows(recipe);
    for _ in 0..8 {
        let tokens = windows.text(&mut dice);
        println!(
            "{}",
            tokens.iter().map(|t| studio.vocabulary.decode(*t)).collect::<String>()
        );
    }
}

/// Hits and suppression hits for name copying as Headmap itself counts them, [layer][head].
#[cfg(test)]
fn headmap_scores(
    source: headmap::checkpoint::FileSource,
    config: &str,
    tokenizer: headmap::tokenizer::Tokenizer,
) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    use headmap::engine::cpu::CpuEngine;
    use headmap::relation::Relation;
    use headmap::score::{Model, Options, Provenance, SilentHost, score_relations};
    let engine = std::rc::Rc::new(CpuEngine::default());
    let text = std::fs::read(root().join("www/data/relations/name_copying.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let pairs = serde_json::from_value(file["pairs"].take()).unwrap();
    let relation = Relation {
        name: "name_copying".into(),
        pairs,
        k: 1,
    };
    pollster::block_on(async {
        let model = Model::open(engine, source, Some(config), tokenizer, Provenance::default(), u64::MAX)
            .await
            .unwrap();
        let result = score_relations(&model, &[relation], Options::default(), &SilentHost)
            .await
            .unwrap();
        let counts = |of: &[Vec<u32>]| of.iter().map(|row| row.iter().map(|h| *h as usize).collect()).collect();
        (
            counts(&result.relations[0].hits),
            counts(&result.relations[0].suppression_hits),
        )
    })
}
