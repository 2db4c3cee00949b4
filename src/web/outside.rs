//! Floats of this worker outside the wasm heap, which never shrinks: in JavaScript's memory.

use crate::engine::cpu::{Outside, PutOutside};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own, but one that says when there is no memory.
    #[wasm_bindgen(js_name = Float32Array, extends = js_sys::Float32Array)]
    type Floats;

    #[wasm_bindgen(constructor, catch, js_class = Float32Array)]
    fn new(length: u32) -> Result<Floats, JsValue>;
}

impl Outside for Floats {
    fn read(&self, first: usize, into: &mut [f32]) {
        let (first, end) = (first as u32, (first + into.len()) as u32);
        self.subarray(first, end).copy_to(into);
    }
}

pub(super) fn outside() -> Box<PutOutside> {
    Box::new(|parts: &[&[f32]]| {
        let floats = Floats::new(parts.iter().map(|part| part.len()).sum::<usize>() as u32).ok()?;
        let mut first = 0;
        for part in parts {
            let end = first + part.len() as u32;
            floats.subarray(first, end).copy_from(part);
            first = end;
        }
        Some(Box::new(floats) as Box<dyn Outside>)
    })
}
