//! Checkpoints of GPT-2's layout, made from nothing but names.

mod layout;
mod linear;
mod noise;
mod plan;
mod planted;
mod rng;
mod space;
mod words;
mod write;

pub use layout::Shape;
use noise::{Graded, Random};
use planted::Plant;
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufWriter, Error, ErrorKind, Result, Write};
use std::path::Path;
use words::{Vocabulary, read_relation};
use write::{Recipe, write_checkpoint};

/// Recipe of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tiny,
    Planted,
    Random,
    Graded,
}

impl Kind {
    pub fn usual_shape(self) -> Shape {
        match self {
            Self::Tiny => Shape::TINY,
            Self::Planted => Shape::PLANTED,
            Self::Random | Self::Graded => Shape::SMALL,
        }
    }
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    F32,
    F16,
    BF16,
}

impl Dtype {
    pub fn named(name: &str) -> Option<Self> {
        [Self::F32, Self::F16, Self::BF16]
            .into_iter()
            .find(|d| d.name().eq_ignore_ascii_case(name))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
        }
    }

    pub fn bytes(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }
}

/// What to make.
pub struct Options {
    pub kind: Kind,
    pub shape: Shape,
    pub dtype: Dtype,
    /// Whether names begin with `transformer.`
    pub prefix: bool,
}

/// Writes model.safetensors, config.json, tokenizer.json and, for planted weights, planted.json to `out`; returns
/// one line about them. The kinds `tiny` and `planted` have one shape only.
pub fn make_files(options: &Options, tokenizer: &Path, relations: Option<&Path>, out: &Path) -> Result<String> {
    let Options {
        kind,
        shape,
        dtype,
        prefix,
    } = *options;
    if matches!(kind, Kind::Tiny | Kind::Planted) && shape != kind.usual_shape() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "tiny and planted weights have a shape of their own: leave --shape away",
        ));
    }
    let vocabulary = Vocabulary::read(tokenizer)?;
    fs::create_dir_all(out)?;
    let recipe: Box<dyn Recipe> = match kind {
        // The small width needs strong heads to stand out from the noise.
        Kind::Tiny => Box::new(Graded {
            shape,
            std: 0.05,
            most: 1.0,
        }),
        Kind::Graded => Box::new(Graded {
            shape,
            std: 0.02,
            most: 0.6,
        }),
        Kind::Random => Box::new(Random { std: 0.02 }),
        Kind::Planted => {
            let dir =
                relations.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "planted weights want --relations DIR"))?;
            let names = read_relation(dir, "name_copying", &vocabulary)?;
            let capitals = read_relation(dir, "country_to_capital", &vocabulary)?;
            let text = serde_json::to_string_pretty(&plan::planted_json(&names, &capitals))?;
            fs::write(out.join("planted.json"), text + "\n")?;
            Box::new(Plant::new(shape, vocabulary.size(), &names, &capitals))
        }
    };
    let file = out.join("model.safetensors");
    let mut writer = BufWriter::with_capacity(1 << 20, File::create(&file)?);
    write_checkpoint(&mut writer, &shape, vocabulary.size(), dtype, prefix, recipe.as_ref())?;
    writer.flush()?;
    fs::write(out.join("config.json"), config(&shape, vocabulary.size()))?;
    if fs::canonicalize(tokenizer)? != fs::canonicalize(out)?.join("tokenizer.json") {
        fs::copy(tokenizer, out.join("tokenizer.json"))?;
    }
    Ok(format!(
        "{}: {} bytes, {} tokens",
        file.display(),
        fs::metadata(&file)?.len(),
        vocabulary.size()
    ))
}

/// GPT-2's config.json, with these sizes.
fn config(shape: &Shape, n_vocab: usize) -> String {
    let value = json!({
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
        "bos_token_id": n_vocab - 1, "embd_pdrop": 0.1, "eos_token_id": n_vocab - 1, "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5, "model_type": "gpt2", "n_ctx": shape.n_ctx, "n_embd": shape.width,
        "n_head": shape.n_head, "n_layer": shape.n_layer, "n_positions": shape.n_ctx, "resid_pdrop": 0.1,
        "vocab_size": n_vocab,
    });
    format!("{value:#}\n")
}
