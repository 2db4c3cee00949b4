//! What has to be asked of the browser itself, before wgpu.
//!
//! A null adapter panics further down, and wgpu 30 neither names a browser's adapter nor asks for
//! the feature `subgroups`. So the adapter is asked for here, and handed to wgpu by standing in
//! for `navigator.gpu.requestAdapter` while wgpu asks.

use crate::error::{Error, Result};
use js_sys::{Array, Function, Object, Promise, Reflect, global};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// The adapter as the browser describes it.
pub struct Probed {
    gpu: JsValue,
    adapter: JsValue,
    pub name: String,
    pub fallback: bool,
    /// The largest subgroup, where subgroups are to be had.
    pub subgroup: Option<u32>,
}

fn get(of: &JsValue, name: &str) -> JsValue {
    // A missing object and a missing property are the same to us.
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn method(of: &JsValue, name: &str) -> Option<Function> {
    get(of, name).dyn_into().ok()
}

/// Asks for an adapter.
pub async fn probe() -> Result<Probed> {
    let none = |why: &str| Error::WebGpuUnavailable(why.into());
    let gpu = get(&get(&global(), "navigator"), "gpu");
    let request = method(&gpu, "requestAdapter")
        .ok_or_else(|| none("This browser has no WebGPU here; the CPU engine is used instead."))?;
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into())
        .map_err(|_| none("The browser refused to be asked for WebGPU."))?;
    let promise: Promise = request
        .call1(&gpu, &options)
        .ok()
        .and_then(|p| p.dyn_into().ok())
        .ok_or_else(|| {
            none("The browser refused to be asked for a graphics adapter; the CPU engine is used instead.")
        })?;
    let adapter = JsFuture::from(promise)
        .await
        .map_err(|_| none("The browser failed to look for a graphics adapter; the CPU engine is used instead."))?;
    if !adapter.is_object() {
        return Err(none(
            "The browser has WebGPU but no graphics adapter for it; the CPU engine is used instead.",
        ));
    }
    let info = get(&adapter, "info");
    let word = |name: &str| get(&info, name).as_string().filter(|s| !s.is_empty());
    let mut words: Vec<String> = ["vendor", "architecture", "device"]
        .into_iter()
        .filter_map(word)
        .collect();
    words.extend(word("description"));
    let has = |feature: &str| {
        let features = get(&adapter, "features");
        method(&features, "has")
            .and_then(|f| f.call1(&features, &feature.into()).ok())
            .is_some_and(|v| v.is_truthy())
    };
    let fallback = get(&info, "isFallbackAdapter").is_truthy() || get(&adapter, "isFallbackAdapter").is_truthy();
    let subgroup = get(&info, "subgroupMaxSize")
        .as_f64()
        .filter(|_| has("subgroups"))
        .map(|s| s as u32);
    let name = if words.is_empty() {
        "unnamed adapter".to_owned()
    } else {
        words.join(" ")
    };
    Ok(Probed {
        gpu,
        adapter,
        name,
        fallback,
        subgroup,
    })
}

impl Probed {
    /// Makes wgpu receive this very adapter, which asks for `subgroups` on top of what wgpu asks
    /// for. Holds until the guard is dropped.
    pub fn stand_in(&self) -> StandIn {
        let original = method(&self.adapter, "requestDevice");
        let adapter = self.adapter.clone();
        let subgroups = self.subgroup.is_some();
        let request_device = Closure::<dyn Fn(JsValue) -> JsValue>::new(move |descriptor: JsValue| {
            if subgroups && let Ok(features) = get(&descriptor, "requiredFeatures").dyn_into::<Array>() {
                features.push(&"subgroups".into());
            }
            match original.as_ref().map(|f| f.call1(&adapter, &descriptor)) {
                Some(Ok(promise)) => promise,
                Some(Err(error)) => Promise::reject(&error).into(),
                None => Promise::reject(&"no requestDevice".into()).into(),
            }
        });
        let adapter = self.adapter.clone();
        let request_adapter = Closure::<dyn Fn() -> JsValue>::new(move || Promise::resolve(&adapter).into());
        // Own properties in front of the prototype's methods; dropping the guard uncovers them.
        for (of, name, f) in [
            (&self.adapter, "requestDevice", request_device.as_ref()),
            (&self.gpu, "requestAdapter", request_adapter.as_ref()),
        ] {
            // Where it cannot be set, wgpu gets the adapter by itself, and goes without subgroups.
            let _ = Reflect::set(of, &name.into(), f);
        }
        StandIn {
            gpu: self.gpu.clone(),
            adapter: self.adapter.clone(),
            _keep: (request_device, request_adapter),
        }
    }
}

/// See [`Probed::stand_in`].
pub struct StandIn {
    gpu: JsValue,
    adapter: JsValue,
    _keep: (RequestDevice, RequestAdapter),
}

type RequestDevice = Closure<dyn Fn(JsValue) -> JsValue>;
type RequestAdapter = Closure<dyn Fn() -> JsValue>;

impl Drop for StandIn {
    fn drop(&mut self) {
        for (of, name) in [(&self.adapter, "requestDevice"), (&self.gpu, "requestAdapter")] {
            let _ = Reflect::delete_property(of.unchecked_ref::<Object>(), &name.into());
        }
    }
}
