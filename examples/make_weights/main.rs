//! Makes weights in exactly the layout of GPT-2's checkpoints, the same bytes on every machine.
//!
//! ```text
//! cargo run --release --no-default-features --example make_weights -- KIND --out DIR --tokenizer FILE
//!     [--shape tiny|planted|small|medium|large|xl] [--relations DIR] [--dtype f32|f16|bf16] [--prefix]
//! ```
//!
//! KIND is one of
//! - `planted`: 4 layers x 4 heads, width 128. Heads written by hand to copy names, to suppress them and to map
//!   countries to capitals, at graded strengths. `--relations` is `www/data/relations`; `planted.json` says
//!   which head does what. This is the model that comes with the page: `node scripts/make-planted.mjs --out DIR`
//!   makes its tokenizer and then calls this.
//! - `graded`: noise, and in every head a known strength of copying (every third head: of suppressing).
//! - `random`: noise alone, with GPT-2's own deviation of 0.02.
//! - `tiny`: `graded` with 2 layers x 2 heads, width 32.
//!
//! `--shape` is for `graded` and `random`; without it `small` (548 MB). `--prefix` writes every name with
//! `transformer.` before it, as some checkpoints on the hub do.
//! Writes `model.safetensors`, `config.json` and `tokenizer.json` (a copy of FILE) to DIR; a tensor at a time, so
//! GPT-2 XL's shape needs no more memory than its largest changed matrix.

mod make;

use make::{Dtype, Kind, Options, Shape};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: make_weights tiny|planted|random|graded --out DIR --tokenizer FILE [--shape tiny|planted|small|medium|large|xl] [--relations DIR] [--dtype f32|f16|bf16] [--prefix]";

struct Arguments {
    options: Options,
    out: PathBuf,
    tokenizer: PathBuf,
    relations: Option<PathBuf>,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let kind = match args.next().as_deref() {
        Some("tiny") => Kind::Tiny,
        Some("planted") => Kind::Planted,
        Some("random") => Kind::Random,
        Some("graded") => Kind::Graded,
        _ => return Err(USAGE.into()),
    };
    let mut options = Options {
        kind,
        shape: kind.usual_shape(),
        dtype: Dtype::F32,
        prefix: false,
    };
    let (mut out, mut tokenizer, mut relations) = (None, None, None);
    while let Some(name) = args.next() {
        if name == "--prefix" {
            options.prefix = true;
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{name} wants a value\n{USAGE}"))?;
        match name.as_str() {
            "--out" => out = Some(PathBuf::from(value)),
            "--tokenizer" => tokenizer = Some(PathBuf::from(value)),
            "--relations" => relations = Some(PathBuf::from(value)),
            "--shape" => options.shape = Shape::named(&value).ok_or_else(|| format!("no such shape: {value}"))?,
            "--dtype" => options.dtype = Dtype::named(&value).ok_or_else(|| format!("no such dtype: {value}"))?,
            _ => return Err(format!("no such option: {name}\n{USAGE}")),
        }
    }
    match (out, tokenizer) {
        (Some(out), Some(tokenizer)) => Ok(Arguments {
            options,
            out,
            tokenizer,
            relations,
        }),
        _ => Err(USAGE.into()),
    }
}

fn main() -> ExitCode {
    let done = parse(std::env::args().skip(1)).and_then(|a| {
        make::make_files(&a.options, &a.tokenizer, a.relations.as_deref(), &a.out).map_err(|e| e.to_string())
    });
    match done {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
