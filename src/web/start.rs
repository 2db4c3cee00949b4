//! What runs once, when the module starts, before anything is called.

use super::panic;
use wasm_bindgen::prelude::*;

unsafe extern "C" {
    /// The constructors of all crates. Made by the linker.
    fn __wasm_call_ctors();
}

/// A module whose constructors nobody calls counts as a command to the linker: it wraps *every* export, the
/// allocator's included, to run all of them first. burn's compiler registers thousands of things in
/// constructors, so that each string, callback and call from JavaScript cost about a millisecond. This
/// reference keeps the wrappers away.
#[wasm_bindgen(start)]
fn start() {
    // SAFETY: takes and gives nothing; runs once, before any other export.
    unsafe { __wasm_call_ctors() };
    panic::keep_its_message();
}
