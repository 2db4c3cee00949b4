//! The WebGPU engine: kernels of our own in WGSL, on a device that burn shares.
//!
//! Everything that the race needs to know stays on the GPU: rows are counted, dropped and the next
//! dispatch sized there. What comes back is a byte for every pair and head, and 16 bytes a submit.

mod batch;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod case;
mod clock;
mod device;
mod engine;
mod kernels;
mod logits;
mod middle;
mod mlp;
mod pace;
mod ranking;
mod run_device;
mod scratch;
mod self_test;
mod steps;
mod through;
mod trial;
mod weights;

pub use engine::WebGpuEngine;
pub use mlp::Mlp;
pub use ranking::Pending;
pub use weights::{Embedding, Layer};

use std::collections::HashMap;

/// How to start.
#[derive(Clone, Copy, Debug, Default)]
pub struct StartOptions {
    /// Take a software adapter too. It loses to the CPU engine.
    pub allow_fallback: bool,
    /// Ask for WebGPU's default limits even where the adapter has more; burn is not started then.
    pub require_defaults: bool,
}

/// What only a remembered choice, a benchmark or a test sets.
#[derive(Clone, Debug, Default)]
pub struct Tuning {
    /// The kernel that an earlier trial on this adapter chose ([`WebGpuEngine::kernel`]).
    /// Anything else than a name of a kernel that this adapter can run is ignored.
    pub kernel: Option<String>,
    /// The same for several adapters, by their description ([`crate::engine::EngineInfo::adapter`]).
    pub kernels: HashMap<String, String>,
    /// Who computes MLP_0.
    pub mlp: MlpChoice,
    /// Fill memory with a pattern before use, so that nothing can rely on zeros. For tests.
    pub poison: bool,
    /// Rows of a head that met every token in a ranking, after which its W_O W_U is kept; half of d_head if not said.
    pub keep_from: Option<u64>,
    /// Compile a kernel that counts wrongly. For the test that the self-test sees it.
    pub wrong_on_purpose: Option<Wrong>,
}

/// A kernel that is to count wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Rank,
    Through,
}

/// Who computes MLP_0's two products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MlpChoice {
    /// burn on a real GPU if its matrix product is not slower there, our kernels otherwise.
    #[default]
    Measure,
    Burn,
    Own,
}
