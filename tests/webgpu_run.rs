//! The running model on burn's WebGPU device, natively: the reference's numbers.
#![cfg(feature = "webgpu")]

mod gpu_support;
mod support;

use burn::tensor::{Tensor, TensorData};
use gpu_support::{block_on, tuning};
use headmap::checkpoint::FileSource;
use headmap::engine::webgpu::{StartOptions, WebGpuEngine};
use headmap::engine::{Engine, Products};
use headmap::gpt2::run::read;
use headmap::kernels::gemm::matmul_plain;
use headmap::kernels::gemm_gpu::product;
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

#[test]
fn products_on_burns_tensors_are_the_plain_ones_on_odd_shapes() {
    let engine = block_on(WebGpuEngine::start_with(START, tuning("registers"))).unwrap();
    let on = block_on(engine.run_device());
    let Products::Wgsl { broadcast } = on.products else {
        panic!("a software adapter runs with {:?}", on.products);
    };
    let noise = |n: usize, step: usize| -> Vec<f32> { (0..n).map(|i| (i * step % 101) as f32 / 50.0 - 1.0).collect() };
    let tensor = |v: &[f32], shape: [usize; 2]| Tensor::<2>::from_data(TensorData::new(v.to_vec(), shape), &on.device);
    for (m, k, n) in [(1, 4, 4), (13, 20, 68), (37, 260, 132), (5, 8, 4)] {
        let (x, w) = (noise(m * k, 7), noise(k * n, 13));
        // A part of a larger tensor, as the rows of a run are.
        let larger = tensor(&[noise(2 * k, 3), x.clone(), noise(k, 5)].concat(), [m + 3, k]);
        let got = product(&larger.narrow(0, 2, m), &tensor(&w, [k, n]), broadcast).unwrap();
        let got = block_on(read(got)).unwrap();
        for (g, w) in got.iter().zip(matmul_plain(&x, &w, m, k, n)) {
            assert!((g - w).abs() < 1e-4, "{m} x {k} x {n}: {g}, not {w}");
        }
    }
    let odd = product(
        &tensor(&noise(18, 3), [3, 6]),
        &tensor(&noise(24, 5), [6, 4]),
        broadcast,
    );
    assert!(odd.is_none(), "a width of 6 is left to burn");
}
