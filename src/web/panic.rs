//! A panic ends the worker. Its message is kept where the worker's last words can find it.

use wasm_bindgen::prelude::*;

pub(super) fn keep_its_message() {
    std::panic::set_hook(Box::new(|info| {
        let text = JsValue::from_str(&info.to_string());
        // Should this fail there is nobody left to tell.
        let _ = js_sys::Reflect::set(&js_sys::global(), &JsValue::from_str("headmapPanic"), &text);
    }));
}
