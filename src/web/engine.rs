//! Which engine this worker runs.

use super::{from_js, to_js, to_js_error};
use crate::engine::cpu::CpuEngine;
use crate::engine::{Engine, EngineInfo};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A started engine, to open models with.
#[wasm_bindgen(js_name = Engine)]
#[derive(Clone)]
pub struct JsEngine {
    pub(super) engine: AnyEngine,
}

/// The two engines; the models are built for one or the other.
#[derive(Clone)]
pub(super) enum AnyEngine {
    Cpu(Rc<CpuEngine>),
    #[cfg(feature = "webgpu")]
    WebGpu(Rc<crate::engine::webgpu::WebGpuEngine>),
}

/// What `startWebGpu` may be told.
#[cfg(feature = "webgpu")]
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WebGpuOptions {
    allow_fallback: bool,
    require_defaults: bool,
    /// Kernels that earlier trials chose, by the adapter's description.
    kernels: std::collections::HashMap<String, String>,
}

#[wasm_bindgen(js_class = Engine)]
impl JsEngine {
    /// The CPU engine. `note`: why it and no other, as a sentence for the result.
    /// `make_shards(n_vocab, d_model)`: spreads a large embedding over workers.
    #[wasm_bindgen(js_name = startCpu)]
    pub fn start_cpu(note: Option<String>, make_shards: Option<js_sys::Function>) -> JsEngine {
        let spread = make_shards.map(super::shards::spread);
        JsEngine {
            engine: AnyEngine::Cpu(Rc::new(CpuEngine {
                note,
                spread,
                outside: Some(super::outside::outside()),
            })),
        }
    }

    /// The WebGPU engine, tested against its CPU twins.
    /// Rejects with WebGpuUnavailable or WebGpuSelfTestFailed.
    #[cfg(feature = "webgpu")]
    #[wasm_bindgen(js_name = startWebGpu)]
    pub async fn start_web_gpu(options: JsValue) -> Result<JsEngine, JsValue> {
        use crate::engine::webgpu::{StartOptions, Tuning, WebGpuEngine};
        let o: WebGpuOptions = from_js(options, "The engine's options")?;
        let options = StartOptions {
            allow_fallback: o.allow_fallback,
            require_defaults: o.require_defaults,
        };
        let tuning = Tuning {
            kernels: o.kernels,
            ..Tuning::default()
        };
        let engine = WebGpuEngine::start_with(options, tuning).await.map_err(to_js_error)?;
        Ok(JsEngine {
            engine: AnyEngine::WebGpu(Rc::new(engine)),
        })
    }

    /// Name of the kernel that the trial chose on this adapter, to be given to `startWebGpu` the next time;
    /// none on the CPU.
    pub fn kernel(&self) -> Option<String> {
        match &self.engine {
            AnyEngine::Cpu(_) => None,
            #[cfg(feature = "webgpu")]
            AnyEngine::WebGpu(e) => Some(e.kernel().to_owned()),
        }
    }

    /// `{ backend, adapter, fallback_adapter, note }`
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let info: EngineInfo = match &self.engine {
            AnyEngine::Cpu(e) => e.info(),
            #[cfg(feature = "webgpu")]
            AnyEngine::WebGpu(e) => e.info(),
        };
        to_js(&info)
    }
}

#[cfg(not(feature = "webgpu"))]
#[allow(unused_imports)] // the names that only the WebGPU build uses
use {from_js as _, to_js_error as _};
