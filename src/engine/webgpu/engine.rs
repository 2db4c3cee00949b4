//! The engine itself: how it starts, and the trait.

use super::device::acquire;
use super::kernels::Kernels;
use super::mlp::{BurnDevice, Mlp};
use super::pace::Rate;
use super::ranking::Pending;
use super::scratch::Scratch;
use super::weights::{Embedding, Layer, padded};
use super::{MlpChoice, StartOptions, Tuning, Wrong, self_test, trial};
use crate::engine::{Backend, Engine, EngineInfo, Host, Query, Ranked, RunDevice, Shape};
use crate::error::{Error, Result};
use crate::kernels::gather::MAX_BYTES;
use crate::kernels::gpu::{Gpu, Recorder, Signal, read_back};
use crate::kernels::project_rank::Variant;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The scores on a GPU.
pub struct WebGpuEngine {
    pub(super) gpu: Gpu,
    pub(super) kernels: Kernels,
    pub(super) rate: Rate,
    pub(super) scratch: RefCell<Option<Scratch>>,
    pub(super) scratch_bytes: Cell<u64>,
    /// Bytes of what is kept of heads.
    pub(super) kept_bytes: Rc<Cell<u64>>,
    pub(super) keep_from: Cell<Option<u64>>,
    pub(super) burn: Option<BurnDevice>,
    pub(super) mlp_on_burn: Cell<bool>,
    /// Found when a run is first asked for.
    run_device: RefCell<Option<RunDevice>>,
    info: EngineInfo,
    pub(super) variant: Variant,
    trial_rate: f64,
}

impl WebGpuEngine {
    /// Gets a device, chooses the kernel by a short trial, and tests everything against the twins.
    ///
    /// Fails with [`Error::WebGpuUnavailable`] (no adapter, or only a software one that was not
    /// asked for) or [`Error::WebGpuSelfTestFailed`].
    pub async fn start(options: StartOptions) -> Result<Self> {
        Self::start_with(options, Tuning::default()).await
    }

    /// [`WebGpuEngine::start`] with a choice made before, or made for a test.
    pub async fn start_with(options: StartOptions, tuning: Tuning) -> Result<Self> {
        let acquired = acquire(options, tuning.poison).await?;
        let gpu = acquired.gpu;
        let chosen = trial::choose(&gpu, &acquired.name, acquired.subgroup, acquired.fallback, &tuning).await?;
        let broadcast = chosen.variant == Variant::Broadcast;
        let wrong = tuning.wrong_on_purpose == Some(Wrong::Through);
        let kernels = Kernels::new(&gpu, chosen.rank, chosen.plan, (broadcast, acquired.fallback), wrong).await?;
        let engine = Self {
            gpu,
            kernels,
            rate: Rate::new(chosen.multiply_adds_a_ms),
            scratch: RefCell::default(),
            scratch_bytes: Cell::new(0),
            kept_bytes: Rc::default(),
            keep_from: Cell::new(tuning.keep_from),
            mlp_on_burn: Cell::new(acquired.burn.is_some() && tuning.mlp == MlpChoice::Burn),
            burn: acquired.burn,
            run_device: RefCell::default(),
            info: EngineInfo {
                backend: Backend::WebGpu,
                adapter: Some(acquired.name),
                fallback_adapter: acquired.fallback,
                note: None,
            },
            variant: chosen.variant,
            trial_rate: chosen.multiply_adds_a_ms,
        };
        self_test::run(&engine).await?;
        if tuning.mlp == MlpChoice::Measure && !engine.info.fallback_adapter {
            engine
                .mlp_on_burn
                .set(self_test::burn_is_right_and_not_slower(&engine).await);
        }
        Ok(engine)
    }

    /// Name of the kernel that the trial chose, to be remembered for this adapter.
    pub fn kernel(&self) -> &'static str {
        self.variant.name()
    }

    /// Multiply-adds a second in the trial.
    pub fn multiply_adds_a_second(&self) -> f64 {
        self.trial_rate * 1e3
    }

    /// Whether burn computes MLP_0.
    pub fn mlp_on_burn(&self) -> bool {
        self.mlp_on_burn.get()
    }

    /// Bytes of what is kept of heads that copy much.
    pub fn kept_bytes(&self) -> u64 {
        self.kept_bytes.get()
    }

    /// Bytes of GPU memory beside the weights, at most so far.
    pub fn scratch_bytes(&self) -> u64 {
        self.scratch_bytes.get()
    }

    /// Reads `bytes` from the start of a buffer back.
    pub(super) async fn read(&self, to: &Recorder, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<f32>> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.gpu.buffer(bytes, usage, "an answer")?;
        to.copy(buffer, &staging, 0, bytes);
        to.submit();
        Signal::map(&staging).wait(&self.gpu).await?;
        let words = read_back(&staging)?;
        Ok(words.into_iter().take(bytes as usize / 4).map(f32::from_bits).collect())
    }
}

/// Rows of `wide` elements cut to `width`.
pub(super) fn narrow(rows: Vec<f32>, wide: usize, width: usize) -> Vec<f32> {
    if wide == width {
        return rows;
    }
    rows.chunks_exact(wide).flat_map(|row| &row[..width]).copied().collect()
}

impl Engine for WebGpuEngine {
    type Embedding = Embedding;
    type Layer = Layer;
    type Kept = Rc<Layer>;
    type Mlp = Mlp;
    type Pending = Pending;

    /// The adapter has one queue, and what is in it cannot be cancelled.
    const AHEAD: usize = 1;

    fn info(&self) -> EngineInfo {
        self.info.clone()
    }

    async fn run_device(&self) -> RunDevice {
        if let Some(found) = self.run_device.borrow().clone() {
            return found;
        }
        let found = self.find_run_device().await;
        self.run_device.replace(Some(found.clone()));
        found
    }

    fn create_embedding(&self, shape: Shape) -> Result<Embedding> {
        Embedding::new(&self.gpu, shape)
    }

    fn write_embedding(&self, to: &mut Embedding, first_row: usize, rows: &[f32]) -> Result<()> {
        to.write(&self.gpu, first_row, rows)
    }

    async fn embedding_rows(&self, of: &Embedding, ids: &[u32]) -> Result<Vec<f32>> {
        if ids.iter().any(|t| *t as usize >= of.shape.n_vocab) {
            return Err(Error::RelationInvalid(
                "A token id is not in the model's vocabulary.".into(),
            ));
        }
        let d = of.shape.d_model;
        let wide = padded(d);
        // A quarter of what one dispatch could do: it is memory beside the weights, twice.
        let chunk = (MAX_BYTES / 4 / (wide * 4)).max(1);
        let mut rows = Vec::with_capacity(ids.len() * d);
        let to = Recorder::new(&self.gpu)?;
        for ids in ids.chunks(chunk) {
            let list = self.gpu.storage(ids.len() as u64 * 4, "token ids")?;
            self.gpu.queue.write_buffer(&list, 0, bytemuck::cast_slice(ids));
            let bytes = (ids.len() * wide * 4) as u64;
            let gathered = self.gpu.storage(bytes, "rows of the token embedding")?;
            self.gather(&to, of, 0, ids.len(), &list, &gathered);
            rows.extend(narrow(self.read(&to, &gathered, bytes).await?, wide, d));
        }
        Ok(rows)
    }

    async fn logits(&self, of: &Embedding, x: &[f32], host: &impl Host) -> Result<Vec<f32>> {
        self.project(of, x, host).await
    }

    fn create_layer(&self, shape: Shape) -> Result<Layer> {
        Layer::new(&self.gpu, shape)
    }

    fn write_w_v(&self, to: &mut Layer, first_row: usize, rows: &[f32]) -> Result<()> {
        to.write_w_v(&self.gpu, first_row, rows)
    }

    fn write_w_o(&self, to: &mut Layer, first_row: usize, rows: &[f32]) -> Result<()> {
        to.write_w_o(&self.gpu, first_row, rows)
    }

    /// It stays on the device.
    fn keep(&self, layer: &Rc<Layer>) -> Option<Rc<Layer>> {
        Some(layer.clone())
    }

    fn kept(&self, layer: &Rc<Layer>) -> Result<Rc<Layer>> {
        Ok(layer.clone())
    }

    fn begin_mlp(&self, rows: &[f32], d_model: usize, d_mlp: usize) -> Result<Mlp> {
        Mlp::begin(self, rows, d_model, d_mlp)
    }

    fn mlp_c_fc(&self, mlp: &mut Mlp, first_row: usize, rows: &[f32]) -> Result<()> {
        mlp.c_fc(&self.gpu, first_row, rows)
    }

    fn mlp_activate(&self, mlp: &mut Mlp, bias: &[f32]) -> Result<()> {
        mlp.activate(bias)
    }

    fn mlp_c_proj(&self, mlp: &mut Mlp, first_row: usize, rows: &[f32]) -> Result<()> {
        mlp.c_proj(&self.gpu, first_row, rows)
    }

    async fn finish_mlp(&self, mlp: Mlp, bias: &[f32]) -> Result<Vec<f32>> {
        mlp.finish(self, bias).await
    }

    async fn submit(
        &self,
        embedding: &Embedding,
        layer: &Layer,
        query: Query<'_>,
        host: &impl Host,
    ) -> Result<Pending> {
        self.rank(embedding, layer, query, host).await
    }

    async fn collect(&self, pending: Pending, host: &impl Host) -> Result<Ranked> {
        self.answer(pending, host).await
    }
}
