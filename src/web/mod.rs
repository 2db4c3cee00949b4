//! The JavaScript binding, and no science. Only www/worker.js calls it.
//!
//! Names are those of the library in JavaScript's spelling. Every async function returns a promise
//! that rejects with an Error whose `name` is [`crate::Error::code`].

mod bench;
mod engine;
mod host;
mod model;
mod outside;
mod panic;
#[cfg(feature = "run")]
mod run;
mod shards;
mod source;
mod start;

use crate::error::Error;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Pairs from the text of a relation file: a list of [source, target].
#[wasm_bindgen(js_name = parsePairs)]
pub fn parse_pairs(text: &str) -> Result<JsValue, JsValue> {
    let pairs = crate::relation::parse_pairs(text).map_err(to_js_error)?;
    to_js(&pairs)
}

/// The Error that JavaScript gets: `name` is the stable code, `message` the sentence.
fn to_js_error(e: Error) -> JsValue {
    let error = js_sys::Error::new(&e.to_string());
    error.set_name(e.code());
    error.into()
}

/// Plain objects and arrays, as JSON would have them.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value
        .serialize(&serializer)
        .map_err(|e| js_sys::Error::new(&e.to_string()).into())
}

/// A value from JavaScript, or an error that says what was wrong with it.
fn from_js<T: serde::de::DeserializeOwned>(value: JsValue, what: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|e| {
        let text = format!("{what} is not of the form that the library takes: {e}.");
        to_js_error(Error::RelationInvalid(text))
    })
}
