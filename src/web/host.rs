//! The worker as a job's host: turns for its event loop, news for the page.

use crate::engine::Host;
use crate::error::{Error, Result};
use crate::score::{Event, JobHost};
use serde::Serialize;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `{ cancelled, tick(), event(news), now() }` of www/worker.js
    #[wasm_bindgen(js_name = JobControl)]
    pub type JobControl;

    #[wasm_bindgen(method, getter)]
    fn cancelled(this: &JobControl) -> bool;
    /// Resolves after the messages that are waiting have been handled.
    #[wasm_bindgen(method)]
    fn tick(this: &JobControl) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn event(this: &JobControl, news: JsValue);
    #[wasm_bindgen(method)]
    fn now(this: &JobControl) -> f64;
}

/// The longest that the worker's event loop waits, in milliseconds.
const TURN_MS: f64 = 24.0;

pub struct WorkerHost {
    control: JobControl,
    last_turn: Cell<f64>,
    settled: Cell<u64>,
}

impl WorkerHost {
    pub fn new(control: JobControl) -> Self {
        let last_turn = Cell::new(control.now());
        Self {
            control,
            last_turn,
            settled: Cell::new(0),
        }
    }

    fn send(&self, news: &News<'_>) {
        if let Ok(news) = super::to_js(news) {
            self.control.event(news);
        }
    }
}

impl Host for WorkerHost {
    fn settled(&self, comparisons: u64) {
        self.settled.set(self.settled.get() + comparisons);
    }

    async fn breathe(&self) -> Result<()> {
        if self.control.now() - self.last_turn.get() > TURN_MS {
            self.send(&News::Settled {
                comparisons: self.settled.get(),
            });
            // tick() never rejects: it is a message to ourselves.
            let _ = JsFuture::from(self.control.tick()).await;
            self.last_turn.set(self.control.now());
        }
        if self.control.cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }

    fn now_ms(&self) -> f64 {
        self.control.now()
    }
}

impl JobHost for WorkerHost {
    fn event(&self, event: Event<'_>) {
        self.send(&match event {
            Event::Phase { phase, text } => News::Phase { phase, text },
            Event::Plan { comparisons, bytes } => News::Plan { comparisons, bytes },
            Event::Read { bytes } => News::Read { bytes },
            Event::Layer {
                relation,
                layer,
                total,
                hits,
                suppression_hits,
                invalid,
            } => News::Layer {
                relation,
                layer,
                total,
                hits,
                suppression_hits,
                invalid: invalid
                    .iter()
                    .map(|(head, reason)| Invalid { head: *head, reason })
                    .collect(),
                settled: self.settled.get(),
            },
        });
    }
}

/// [`Event`] and the progress, as www/worker.js gets them.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum News<'a> {
    Phase {
        phase: &'a str,
        text: String,
    },
    Plan {
        comparisons: u64,
        bytes: u64,
    },
    Read {
        bytes: u64,
    },
    Settled {
        comparisons: u64,
    },
    Layer {
        relation: usize,
        layer: usize,
        total: usize,
        hits: &'a [u32],
        suppression_hits: &'a [u32],
        invalid: Vec<Invalid<'a>>,
        settled: u64,
    },
}

#[derive(Serialize)]
struct Invalid<'a> {
    head: usize,
    reason: &'a str,
}
