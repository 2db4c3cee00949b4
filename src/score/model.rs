//! A model that can be scored: where its weights are, and what of them is already on the device.

use crate::checkpoint::{ByteSource, BytesCounted, Config, Gpt2Layout, Header};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::result::ModelInfo;
use crate::tokenizer::Tokenizer;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::layer::KeptLayer;

/// Bytes of blocks that a model keeps unless told otherwise: GPT-2 small's 340 MB fit.
#[cfg(feature = "run")]
const BLOCK_BUDGET: u64 = 384 << 20;

/// Where a model came from, for the result.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Provenance {
    pub name: String,
    /// hub, mirror, file, bytes, bundled or directory
    pub source: String,
    pub repository: Option<String>,
    pub revision: Option<String>,
    pub planted: bool,
}

/// An opened model. Weights are read when a job wants them and kept within the budgets.
pub struct Model<E: Engine, S: ByteSource> {
    pub(super) engine: Rc<E>,
    pub(super) source: BytesCounted<S>,
    pub(super) layout: Gpt2Layout,
    pub(super) tokenizer: Tokenizer,
    pub(super) provenance: Provenance,
    pub(super) embedding: RefCell<Option<Rc<E::Embedding>>>,
    pub(super) layers: RefCell<HashMap<usize, KeptLayer<E>>>,
    /// MLP_0(LN2_0(e)) of tokens already asked for, `[d_model]` each; a few MB of them (`sources.rs`).
    pub(super) enriched: RefCell<HashMap<u32, Rc<[f32]>>>,
    /// Bytes of layers kept for the next job.
    pub(super) layer_budget: u64,
    /// Blocks of the model that runs.
    #[cfg(feature = "run")]
    pub(super) blocks: RefCell<HashMap<usize, Rc<crate::gpt2::block::Block>>>,
    /// wpe and ln_f, which every prompt needs: a few MB.
    #[cfg(feature = "run")]
    pub(super) ends: RefCell<HashMap<String, Rc<[f32]>>>,
    /// Bytes of blocks kept on the device: all of them or none.
    #[cfg(feature = "run")]
    pub block_budget: u64,
    busy: Cell<bool>,
}

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// Reads the header alone and checks that checkpoint, config and tokenizer fit together.
    ///
    /// `layer_budget`: bytes of attention weights that may be kept between jobs.
    pub async fn open(
        engine: Rc<E>,
        source: S,
        config: Option<&str>,
        tokenizer: Tokenizer,
        provenance: Provenance,
        layer_budget: u64,
    ) -> Result<Self> {
        let source = BytesCounted::new(source);
        let config = config.map(Config::parse).transpose()?.unwrap_or_default();
        let header = Header::read(&source).await?;
        let layout = Gpt2Layout::new(source.name(), header, &config)?;
        tokenizer.check_vocabulary(layout.n_vocab, source.name())?;
        Ok(Self {
            engine,
            source,
            layout,
            tokenizer,
            provenance,
            embedding: RefCell::default(),
            layers: RefCell::default(),
            enriched: RefCell::default(),
            layer_budget,
            #[cfg(feature = "run")]
            blocks: RefCell::default(),
            #[cfg(feature = "run")]
            ends: RefCell::default(),
            #[cfg(feature = "run")]
            block_budget: BLOCK_BUDGET,
            busy: Cell::new(false),
        })
    }

    pub fn layout(&self) -> &Gpt2Layout {
        &self.layout
    }

    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Length of the checkpoint in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.source.len()
    }

    /// Bytes of weights that the static scores of this model read, all told.
    pub fn job_bytes(&self) -> u64 {
        self.layout.bytes(&self.layout.static_job(true))
    }

    /// Where these bytes are: offset and length, in the order in which they are wanted.
    pub fn job_ranges(&self) -> Vec<(u64, u64)> {
        self.ranges(&self.layout.static_job(true))
    }

    /// The same for a run of the model. Fails when the checkpoint is not a whole model.
    pub fn run_ranges(&self) -> Result<Vec<(u64, u64)>> {
        self.layout.check_whole(self.source.name())?;
        Ok(self.ranges(&self.layout.run_job()))
    }

    fn ranges(&self, keys: &[String]) -> Vec<(u64, u64)> {
        let tensors = keys.iter().map(|k| self.layout.tensor(k));
        tensors.map(|t| (t.offset, t.len)).collect()
    }

    /// Longest prompt in tokens. Fails when the checkpoint is not a whole model.
    #[cfg(feature = "run")]
    pub fn context_length(&self) -> Result<usize> {
        self.layout.check_whole(self.source.name())
    }

    /// What the result says of the model.
    pub fn info(&self) -> ModelInfo {
        let (l, p) = (&self.layout, self.provenance.clone());
        ModelInfo {
            name: p.name,
            source: p.source,
            repository: p.repository,
            revision: p.revision,
            sha256: None,
            n_layer: l.n_layer,
            n_head: l.n_head,
            d_model: l.d_model,
            d_head: l.shape().d_head,
            n_vocab: l.n_vocab,
            dtype: format!("{:?}", l.dtype),
            planted: p.planted,
        }
    }

    /// Marks the model as computing until the guard is dropped; fails when it already is.
    pub(super) fn begin(&self) -> Result<Working<'_>> {
        if self.busy.replace(true) {
            return Err(Error::Busy);
        }
        Ok(Working(&self.busy))
    }
}

/// A job under way.
pub(super) struct Working<'a>(&'a Cell<bool>);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
