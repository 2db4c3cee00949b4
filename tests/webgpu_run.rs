//! The running model on burn's WebGPU device, natively: the reference's numbers.
#![cfg(feature = "webgpu")]

mod gpu_support;
mod support;

use gpu_support::{block_on, tuning};
use headmap::checkpoint::FileSource;
use headmap::engine::Engine;
use headmap::engine::webgpu::{StartOptions, WebGpuEngine};
use headmap::score::{Model, Provenance};
use headmap::tokenizer::Tokenizer;
use std::path::Path;
use std::rc::Rc;

/// Not the default limits: burn wants more.
const START: StartOptions = StartOptions {
    allow_fallback: true,
    require_defaults: false,
};

fn open(folder: &Path) -> Model<WebGpuEngine, FileSource> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let engine = block_on(WebGpuEngine::start_with(START, tuning("registers"))).unwrap();
    assert!(
        !block_on(engine.run_device()).packed(),
        "burn has no device on this adapter"
    );
    let source = FileSource::open(&folder.join("model.safetensors")).unwrap();
    let tokenizer = Tokenizer::from_json(read("tokenizer.json").as_bytes()).unwrap();
    let config = read("config.json");
    let opened = Model::open(
        Rc::new(engine),
        source,
        Some(&config),
        tokenizer,
        Provenance::default(),
        u64::MAX,
    );
    block_on(opened).unwrap()
}

#[test]
fn tiny_and_planted_weights_run_as_the_reference_says() {
    golden_runs!("tiny", open, block_on);
    golden_runs!("planted", open, block_on);
}
