//! `headmap convert`: a smaller copy of a checkpoint, for people who host their own.

use super::{read_text, unreadable};
use headmap::checkpoint::{Config, Dtype, FileSource, Gpt2Layout, Header, Sink, write_checkpoint};
use headmap::tokenizer::Tokenizer;
use headmap::{Error, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Longest chunk of the manifest; the page fetches by these.
const CHUNK: usize = 4 << 20;

/// Element types that a copy may have.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Target {
    F32,
    F16,
    Bf16,
}

impl Target {
    fn dtype(self) -> Dtype {
        match self {
            Target::F32 => Dtype::F32,
            Target::F16 => Dtype::F16,
            Target::Bf16 => Dtype::BF16,
        }
    }
}

/// Writes model.safetensors (the tensors of the static scores alone), config.json, tokenizer.json and, last,
/// manifest.json with the SHA-256 of every chunk. Says on stdout what it wrote, as JSON.
pub async fn convert(model: &Path, out: &Path, target: Target) -> Result<()> {
    let source = FileSource::open(&model.join("model.safetensors"))?;
    let config_text = match model.join("config.json") {
        path if path.exists() => Some(read_text(&path, 1_000_000)?),
        _ => None,
    };
    let config = config_text
        .as_deref()
        .map(Config::parse)
        .transpose()?
        .unwrap_or_default();
    let tokenizer = read_text(&model.join("tokenizer.json"), 32 << 20)?;
    let name = model
        .file_name()
        .map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned());
    let header = Header::read(&source).await?;
    let layout = Gpt2Layout::new(&name, header, &config)?;
    Tokenizer::from_json(tokenizer.as_bytes())?.check_vocabulary(layout.n_vocab, &name)?;

    if same_folder(model, out) {
        return Err(refused(format!(
            "{} is the model itself. Choose another folder to write to.",
            out.display()
        )));
    }
    std::fs::create_dir_all(out).map_err(|e| unreadable(&out.display().to_string(), &e))?;
    let path = out.join("model.safetensors");
    let mut file = Chunked::create(&path)?;
    let keys = layout.scored_tensors();
    write_checkpoint(&source, &layout, &keys, target.dtype(), &mut file).await?;
    let written = file.finish()?;

    write(
        &out.join("config.json"),
        &config_text.unwrap_or_else(|| config_of(&layout)),
    )?;
    write(&out.join("tokenizer.json"), &tokenizer)?;
    let manifest = json!({
        "schema": "headmap/weights",
        "version": 1,
        "name": name,
        "file": "model.safetensors",
        "config": "config.json",
        "tokenizer": "tokenizer.json",
        "dtype": target.dtype(),
        "bytes": written.bytes,
        "sha256": written.sha256,
        "chunks": written.chunks,
    });
    write(&out.join("manifest.json"), &manifest.to_string())?;
    let summary = json!({ "written": path, "dtype": target.dtype(), "bytes": written.bytes, "sha256": written.sha256, "tensors": keys.len() });
    writeln!(std::io::stdout(), "{summary}").map_err(|e| unreadable("standard output", &e))
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn refused(message: String) -> Error {
    Error::Source {
        code: "SourceUnreachable".into(),
        message,
    }
}

/// For a model that came without one.
fn config_of(l: &Gpt2Layout) -> String {
    json!({
        "model_type": "gpt2", "n_layer": l.n_layer, "n_head": l.n_head, "n_embd": l.d_model, "n_inner": l.d_mlp,
        "vocab_size": l.n_vocab, "layer_norm_epsilon": l.layer_norm_epsilon, "activation_function": "gelu_new",
    })
    .to_string()
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|e| unreadable(&path.display().to_string(), &e))
}

/// A file whose chunks are hashed as they are written.
struct Chunked {
    path: PathBuf,
    file: BufWriter<File>,
    whole: Sha256,
    chunk: Sha256,
    in_chunk: usize,
    bytes: u64,
    chunks: Vec<Value>,
}

struct Written {
    bytes: u64,
    sha256: String,
    chunks: Vec<Value>,
}

impl Chunked {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| unreadable(&path.display().to_string(), &e))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            whole: Sha256::new(),
            chunk: Sha256::new(),
            in_chunk: 0,
            bytes: 0,
            chunks: vec![],
        })
    }

    fn finish(mut self) -> Result<Written> {
        self.cut()?;
        self.file
            .flush()
            .map_err(|e| unreadable(&self.path.display().to_string(), &e))?;
        Ok(Written {
            bytes: self.bytes,
            sha256: hex(&self.whole.finalize()),
            chunks: self.chunks,
        })
    }
}

impl Sink for Chunked {
    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|e| unreadable(&self.path.display().to_string(), &e))?;
        self.whole.update(bytes);
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(CHUNK - self.in_chunk));
            self.chunk.update(now);
            self.in_chunk += now.len();
            bytes = rest;
            if self.in_chunk == CHUNK {
                self.cut()?;
            }
        }
        Ok(())
    }

    fn cut(&mut self) -> Result<()> {
        if self.in_chunk > 0 {
            let sha256 = hex(&self.chunk.finalize_reset());
            self.chunks.push(json!({ "length": self.in_chunk, "sha256": sha256 }));
            self.in_chunk = 0;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
