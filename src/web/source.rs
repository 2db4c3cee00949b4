//! A [`ByteSource`] that JavaScript implements (www/source/): a file, an address, bytes.

use crate::checkpoint::ByteSource;
use crate::error::{Error, Result};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `{ name, size, read(offset, length), expect(ranges) }`
    #[wasm_bindgen(js_name = ByteSource)]
    pub type JsByteSource;

    #[wasm_bindgen(method, getter)]
    fn name(this: &JsByteSource) -> String;
    #[wasm_bindgen(method, getter)]
    fn size(this: &JsByteSource) -> f64;
    #[wasm_bindgen(method, catch)]
    fn read(this: &JsByteSource, offset: f64, length: f64) -> std::result::Result<js_sys::Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn expect(this: &JsByteSource, ranges: js_sys::Array);
}

/// The source, with what never changes asked for once.
pub struct WebSource {
    js: JsByteSource,
    name: String,
    len: u64,
}

impl WebSource {
    pub fn new(js: JsByteSource) -> Self {
        let (name, len) = (js.name(), js.size() as u64);
        Self { js, name, len }
    }
}

impl ByteSource for WebSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        // Offsets are exact in f64 up to 2^53.
        let promise = self.js.read(offset as f64, len as f64).map_err(from_js_error)?;
        let value = JsFuture::from(promise).await.map_err(from_js_error)?;
        let array: js_sys::Uint8Array = value.unchecked_into();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(array.length() as usize).map_err(|_| {
            Error::OutOfMemory(format!(
                "There is not enough memory for {len} bytes of {}. Close other tabs.",
                self.name
            ))
        })?;
        bytes.resize(array.length() as usize, 0);
        array.copy_to(&mut bytes);
        Ok(bytes)
    }

    fn expect(&self, ranges: &[(u64, u64)]) {
        let list = ranges.iter().map(|(offset, len)| {
            js_sys::Array::of2(&JsValue::from_f64(*offset as f64), &JsValue::from_f64(*len as f64))
        });
        self.js.expect(list.collect());
    }
}

/// An error that JavaScript threw, its code kept.
pub fn from_js_error(value: JsValue) -> Error {
    match value.dyn_into::<js_sys::Error>() {
        Ok(e) if e.name() == "AbortError" => Error::Cancelled,
        Ok(e) => Error::Source {
            code: e.name().into(),
            message: e.message().into(),
        },
        Err(value) => match js_sys::Reflect::get(&value, &"name".into())
            .ok()
            .and_then(|n| n.as_string())
        {
            Some(name) if name == "AbortError" => Error::Cancelled, // a DOMException
            _ => Error::Source {
                code: "SourceUnreachable".into(),
                message: format!("Reading failed: {value:?}"),
            },
        },
    }
}
