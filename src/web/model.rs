//! A model in the worker.

use super::engine::{AnyEngine, JsEngine};
use super::host::{JobControl, WorkerHost};
use super::source::{JsByteSource, WebSource};
use super::{from_js, to_js, to_js_error};
use crate::engine::cpu::CpuEngine;
use crate::relation::{Pair, Relation, select};
use crate::score::{Model, Options, Preprocessing, score_relations};
use crate::tokenizer::Tokenizer;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

/// Attention weights kept between jobs, in bytes of JavaScript's memory: GPT-2 small's 57 MB fit.
const CPU_LAYER_BUDGET: u64 = 64 << 20;
/// On a GPU they cost no wasm heap; GPT-2 medium's 201 MB fit.
#[cfg(feature = "webgpu")]
const GPU_LAYER_BUDGET: u64 = 256 << 20;

pub(super) enum AnyModel {
    Cpu(Model<CpuEngine, WebSource>),
    #[cfg(feature = "webgpu")]
    WebGpu(Model<crate::engine::webgpu::WebGpuEngine, WebSource>),
}

/// Runs the same expression on whichever model it is.
macro_rules! with_model {
    ($self:expr, $m:ident => $body:expr) => {
        match &$self.model {
            AnyModel::Cpu($m) => $body,
            #[cfg(feature = "webgpu")]
            AnyModel::WebGpu($m) => $body,
        }
    };
}
#[cfg(feature = "run")]
pub(super) use with_model;

/// An opened checkpoint.
#[wasm_bindgen(js_name = Model)]
pub struct JsModel {
    pub(super) model: AnyModel,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sizes {
    file_bytes: u64,
    job_bytes: u64,
    job_ranges: Vec<(u64, u64)>,
    run_ranges: Option<Vec<(u64, u64)>>,
}

#[derive(Deserialize)]
struct Asked {
    name: String,
    pairs: Vec<Pair>,
    k: u32,
}

#[wasm_bindgen(js_class = Model)]
impl JsModel {
    /// Reads the header alone. `config` and `tokenizer` are the texts of config.json and
    /// tokenizer.json, `provenance` is `{ name, source, repository, revision, planted }`.
    pub async fn open(
        engine: &JsEngine,
        source: JsByteSource,
        config: Option<String>,
        tokenizer: String,
        provenance: JsValue,
    ) -> Result<JsModel, JsValue> {
        let provenance = from_js(provenance, "The model's provenance")?;
        let tokenizer = Tokenizer::from_json(tokenizer.as_bytes()).map_err(to_js_error)?;
        let source = WebSource::new(source);
        let config = config.as_deref();
        let model = match engine.engine.clone() {
            AnyEngine::Cpu(e) => AnyModel::Cpu(
                Model::open(e, source, config, tokenizer, provenance, CPU_LAYER_BUDGET)
                    .await
                    .map_err(to_js_error)?,
            ),
            #[cfg(feature = "webgpu")]
            AnyEngine::WebGpu(e) => AnyModel::WebGpu(
                Model::open(e, source, config, tokenizer, provenance, GPU_LAYER_BUDGET)
                    .await
                    .map_err(to_js_error)?,
            ),
        };
        Ok(JsModel { model })
    }

    /// What the result says of the model.
    pub fn info(&self) -> Result<JsValue, JsValue> {
        with_model!(self, m => to_js(&m.info()))
    }

    /// `{ fileBytes, jobBytes, jobRanges: [[offset, length]], runRanges }`: what a score reads, and a run of the model, which
    /// is undefined when the checkpoint is not a whole model.
    pub fn sizes(&self) -> Result<JsValue, JsValue> {
        with_model!(self, m => to_js(&Sizes {
            file_bytes: m.file_bytes(),
            job_bytes: m.job_bytes(),
            job_ranges: m.job_ranges(),
            run_ranges: m.run_ranges().ok(),
        }))
    }

    /// `{ kept: [[source, target, id, id]], dropped: [[source, target, reason]] }`
    #[wasm_bindgen(js_name = selectPairs)]
    pub fn select_pairs(&self, pairs: JsValue) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Selected {
            kept: Vec<(String, String, u32, u32)>,
            dropped: Vec<(String, String, String)>,
        }
        let pairs: Vec<Pair> = from_js(pairs, "The relation")?;
        let s = with_model!(self, m => select(&pairs, m.tokenizer())).map_err(to_js_error)?;
        let kept = s
            .kept
            .into_iter()
            .map(|k| (k.source, k.target, k.source_id, k.target_id))
            .collect();
        to_js(&Selected {
            kept,
            dropped: s.dropped,
        })
    }

    /// Scores `[{ name, pairs, k }]`; the promise gives the result document.
    #[wasm_bindgen(js_name = scoreRelations)]
    pub async fn score_relations(
        &self,
        relations: JsValue,
        preprocessing: JsValue,
        control: JobControl,
    ) -> Result<JsValue, JsValue> {
        let asked: Vec<Asked> = from_js(relations, "The relation")?;
        let preprocessing: Preprocessing = from_js(preprocessing, "The preprocessing")?;
        let relations: Vec<_> = asked
            .into_iter()
            .map(|a| Relation {
                name: a.name,
                pairs: a.pairs,
                k: a.k,
            })
            .collect();
        let host = WorkerHost::new(control);
        let options = Options { preprocessing };
        let result = with_model!(self, m => score_relations(m, &relations, options, &host).await);
        to_js(&result.map_err(to_js_error)?)
    }
}
