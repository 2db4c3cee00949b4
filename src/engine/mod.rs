//! What a device must be able to do for the static scores, and nothing more.
//!
//! Two engines implement [`Engine`]: [`cpu::CpuEngine`] (always there) and `webgpu::WebGpuEngine`
//! (feature `webgpu`). The analysis in [`crate::score`] is written once, against this trait.
//!
//! Weights arrive in pieces, in the order in which they come out of the checkpoint, and go
//! straight to the device: nothing here ever sees a whole checkpoint.

pub mod cpu;
#[cfg(feature = "webgpu")]
pub mod webgpu;

use crate::error::Result;
use serde::Serialize;
use std::ops::Range;
use std::rc::Rc;

/// Which engine computed a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    Cpu,
    WebGpu,
}

/// What ran, as the result names it.
#[derive(Clone, Debug, Serialize)]
pub struct EngineInfo {
    pub backend: Backend,
    /// The adapter's own description; `None` on the CPU.
    pub adapter: Option<String>,
    /// True for a software adapter, which loses to the CPU engine.
    pub fallback_adapter: bool,
    /// Why this engine and not the one asked for, as a sentence.
    pub note: Option<String>,
}

/// burn's device for running the model.
#[cfg(feature = "run")]
#[derive(Clone, Debug)]
pub struct RunDevice {
    pub device: burn::tensor::Device,
    pub products: Products,
}

/// Whose matrix products a run uses; everything around them is the same code.
#[cfg(feature = "run")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// Our CPU kernel, on packed weights.
    Packed,
    /// Our WGSL kernel on burn's buffers. `broadcast`: with `subgroupBroadcast`.
    #[cfg(feature = "webgpu")]
    Wgsl { broadcast: bool },
    /// burn's own.
    Burn,
}

#[cfg(feature = "run")]
impl RunDevice {
    /// burn's Flex, which is everywhere.
    pub fn cpu() -> Self {
        Self {
            device: burn::tensor::Device::flex(),
            products: Products::Packed,
        }
    }

    /// Whether tensors lie in this thread's memory and weights are packed.
    pub fn packed(&self) -> bool {
        self.products == Products::Packed
    }
}

/// Sizes of the attention of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub n_vocab: usize,
    pub d_model: usize,
    pub n_head: usize,
    pub d_head: usize,
}

/// The pairs whose targets are to be ranked by every head of one layer.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// x_s of every pair, `[n_pairs, d_model]`, row-major, finite.
    pub sources: &'a [f32],
    /// Token id of every pair's target, `[n_pairs]`.
    pub targets: &'a [u32],
    /// k of every pair's relation, `[n_pairs]`; at least 1.
    pub k: &'a [u32],
    /// All pairs, in order.
    pub lots: &'a [Lot],
}

/// Pairs of a query that have rivals in common.
#[derive(Clone, Debug)]
pub struct Lot {
    /// Places in the query.
    pub pairs: Range<usize>,
    /// Tokens likely to beat a target (the relation's own targets), distinct; may be empty.
    /// They decide most pairs early; the answer does not depend on them.
    pub rivals: Vec<u32>,
}

impl Query<'_> {
    /// Number of pairs.
    pub fn n_pairs(&self) -> usize {
        self.targets.len()
    }
}

/// One layer's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// `[n_head, n_pairs]`, row-major: a bit set of [`HIT`], [`SUPPRESSION_HIT`], [`NOT_FINITE`].
    pub member: Vec<u8>,
    /// Multiply-adds actually done, counted.
    pub multiply_adds: u64,
    /// Of these, how many were of bytes.
    pub int8_multiply_adds: u64,
}

/// The target is among the k largest of z.
pub const HIT: u8 = 1;
/// The target is among the k largest of -z.
pub const SUPPRESSION_HIT: u8 = 2;
/// A logit of this row was NaN or infinite: the head is invalid, whatever the other bits say.
pub const NOT_FINITE: u8 = 4;

/// What a long computation may ask of whoever runs it.
///
/// `breathe` is called at least every 50 ms of CPU work and between submits. It gives the
/// surroundings a turn and fails with [`crate::Error::Cancelled`] when the user asked to stop.
#[allow(async_fn_in_trait)] // one thread in the browser; natively nothing is spawned
pub trait Host {
    /// Comparisons (one pair of one head against one token) settled since the last call,
    /// whether computed or proven unnecessary.
    fn settled(&self, comparisons: u64);
    async fn breathe(&self) -> Result<()>;
    /// Milliseconds on a clock that only runs forward.
    fn now_ms(&self) -> f64;
}

/// A device that holds weights and ranks targets against the whole vocabulary.
#[allow(async_fn_in_trait)]
pub trait Engine: 'static {
    /// W_E on the device, `[n_vocab, d_model]`.
    type Embedding;
    /// W_V and W_O of one layer on the device.
    type Layer;
    /// One layer that waits for the next job.
    type Kept;
    /// MLP_0 applied to some rows, under way.
    type Mlp;
    /// One layer's ranking under way.
    type Pending;

    /// Rankings that may be under way while the next is prepared.
    const AHEAD: usize;

    fn info(&self) -> EngineInfo;

    /// Where the model itself runs.
    #[cfg(feature = "run")]
    async fn run_device(&self) -> RunDevice {
        RunDevice::cpu()
    }

    /// Room for W_E. Rows follow by [`Engine::write_embedding`], each exactly once.
    fn create_embedding(&self, shape: Shape) -> Result<Self::Embedding>;
    /// Rows `first_row..`, `rows.len()` being a multiple of `d_model`; finite.
    fn write_embedding(&self, to: &mut Self::Embedding, first_row: usize, rows: &[f32]) -> Result<()>;
    /// Rows of W_E, `[ids.len(), d_model]`.
    async fn embedding_rows(&self, of: &Self::Embedding, ids: &[u32]) -> Result<Vec<f32>>;

    /// x W_U of every row of `x` `[n, d_model]`: `[n, n_vocab]`.
    #[cfg(feature = "run")]
    async fn logits(&self, of: &Self::Embedding, x: &[f32], host: &impl Host) -> Result<Vec<f32>>;

    /// Room for one layer's W_V and W_O.
    fn create_layer(&self, shape: Shape) -> Result<Self::Layer>;
    /// Rows of W_V of all heads, `[d_model, n_head * d_head]`: the last third of c_attn's columns.
    fn write_w_v(&self, to: &mut Self::Layer, first_row: usize, rows: &[f32]) -> Result<()>;
    /// Rows of W_O of all heads, `[n_head * d_head, d_model]`: c_proj itself.
    fn write_w_o(&self, to: &mut Self::Layer, first_row: usize, rows: &[f32]) -> Result<()>;

    /// Keeps a layer for the next job, out of the way of what computes; `None`: there is no room for it.
    fn keep(&self, layer: &Rc<Self::Layer>) -> Option<Self::Kept>;
    /// The same layer again, bit for bit. Fails when there is no memory.
    fn kept(&self, layer: &Self::Kept) -> Result<Rc<Self::Layer>>;

    /// MLP_0 of `rows` `[n, d_model]` (already through LN2_0), whose weights follow in pieces:
    /// first all of c_fc, then all of c_proj.
    fn begin_mlp(&self, rows: &[f32], d_model: usize, d_mlp: usize) -> Result<Self::Mlp>;
    /// Rows of c_fc `[d_model, d_mlp]`.
    fn mlp_c_fc(&self, mlp: &mut Self::Mlp, first_row: usize, rows: &[f32]) -> Result<()>;
    /// Ends c_fc: adds its bias `[d_mlp]` and applies gelu_new.
    fn mlp_activate(&self, mlp: &mut Self::Mlp, bias: &[f32]) -> Result<()>;
    /// Rows of c_proj `[d_mlp, d_model]`.
    fn mlp_c_proj(&self, mlp: &mut Self::Mlp, first_row: usize, rows: &[f32]) -> Result<()>;
    /// Adds c_proj's bias `[d_model]` and reads back `[n, d_model]`. No residual is added.
    async fn finish_mlp(&self, mlp: Self::Mlp, bias: &[f32]) -> Result<Vec<f32>>;

    /// Starts the ranking of `query`'s targets by every head of `layer`:
    /// z = x_s W_V^h W_O^h W_U, ties by token id (see [`crate::score`]).
    async fn submit(
        &self,
        embedding: &Self::Embedding,
        layer: &Self::Layer,
        query: Query<'_>,
        host: &impl Host,
    ) -> Result<Self::Pending>;
    /// Waits for the answer.
    async fn collect(&self, pending: Self::Pending, host: &impl Host) -> Result<Ranked>;
}
