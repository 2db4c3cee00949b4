//! The vocabulary spread over workers (www/shards.js), and a worker's own part of it.

use super::host::{JobControl, WorkerHost};
use super::source::from_js_error;
use super::to_js_error;
use crate::engine::Shape;
use crate::engine::cpu::{Alone, Counted, Elsewhere, LocalFuture, Meeting, Shard, Spread};
use crate::error::{Error, Result};
use crate::kernels::rank::{Count, Entrants, Through, Work};
use js_sys::{Float32Array, Function, Promise, Uint8Array, Uint32Array};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// An embedding smaller than this is ranked faster than workers are started, in bytes.
const WORTH_SPREADING: usize = 32 << 20;
/// Floats of rows that are given to the shards at a time: a message of theirs, which they need not cut again.
const MESSAGE: usize = (1 << 20) / 4;

#[wasm_bindgen]
extern "C" {
    /// Starts the shards of one embedding; see www/shards.js.
    #[wasm_bindgen(js_name = Shards)]
    pub type JsShards;

    #[wasm_bindgen(method, catch)]
    fn write(this: &JsShards, first_row: u32, rows: Float32Array) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn rows(this: &JsShards, ids: Uint32Array) -> Promise;
    /// Resolves to a Float32Array, `[n, n_vocab]`.
    #[wasm_bindgen(method)]
    fn logits(this: &JsShards, x: Float32Array) -> Promise;
    /// Resolves to a Uint32Array: above, below, not_finite of every row, then the multiply-adds and those of
    /// bytes, each as low and high word.
    #[wasm_bindgen(method)]
    fn count(this: &JsShards, entrants: JsEntrants) -> Promise;
    /// Ends the workers.
    #[wasm_bindgen(method)]
    fn close(this: &JsShards);
}

/// [`Entrants`] on their way to a worker, as transferable arrays.
#[wasm_bindgen(getter_with_clone)]
pub struct JsEntrants {
    pub y: Float32Array,
    pub targets: Uint32Array,
    pub k: Uint32Array,
    pub z: Float32Array,
    pub suspicious: Uint8Array,
    /// First row and end of every head that has a cheaper way; `v` and `w_o` of all of them in a row.
    pub heads: Uint32Array,
    pub v: Float32Array,
    pub w_o: Float32Array,
}

/// `make(n_vocab, d_model)` gives the shards, for embeddings that are worth it.
pub(super) fn spread(make: Function) -> Box<Spread> {
    Box::new(move |shape: Shape| {
        if shape.n_vocab * shape.d_model * 4 < WORTH_SPREADING {
            return Ok(None);
        }
        let made = make.call2(
            &JsValue::NULL,
            &(shape.n_vocab as u32).into(),
            &(shape.d_model as u32).into(),
        );
        let shards: JsShards = made.map_err(from_js_error)?.unchecked_into();
        Ok(Some(Box::new(Workers {
            shards,
            d: shape.d_model,
        }) as Box<dyn Elsewhere>))
    })
}

struct Workers {
    shards: JsShards,
    d: usize,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shards.close();
    }
}

impl Elsewhere for Workers {
    fn write(&self, first_row: usize, rows: &[f32]) -> Result<()> {
        let step = (MESSAGE / self.d).max(1);
        for (i, piece) in rows.chunks(step * self.d).enumerate() {
            let first = (first_row + i * step) as u32;
            self.shards
                .write(first, Float32Array::from(piece))
                .map_err(from_js_error)?;
        }
        Ok(())
    }

    fn rows(&self, ids: &[u32]) -> LocalFuture<Vec<f32>> {
        floats(self.shards.rows(Uint32Array::from(ids)))
    }

    fn logits(&self, x: &[f32]) -> LocalFuture<Vec<f32>> {
        floats(self.shards.logits(Float32Array::from(x)))
    }

    fn count(&self, e: Entrants) -> LocalFuture<Counted> {
        // Made now, not when it is awaited: a rejection that nobody waits for any more is heard too.
        let promise = JsFuture::from(
            self.shards.count(JsEntrants {
                y: Float32Array::from(&e.y[..]),
                targets: Uint32Array::from(&e.targets[..]),
                k: Uint32Array::from(&e.k[..]),
                z: Float32Array::from(&e.z[..]),
                suspicious: Uint8Array::from(&e.suspicious[..]),
                heads: Uint32Array::from(
                    &e.through
                        .iter()
                        .flat_map(|t| [t.rows.start as u32, t.rows.end as u32])
                        .collect::<Vec<_>>()[..],
                ),
                v: Float32Array::from(&e.through.iter().flat_map(|t| &t.v).copied().collect::<Vec<_>>()[..]),
                w_o: Float32Array::from(&e.through.iter().flat_map(|t| &t.w_o).copied().collect::<Vec<_>>()[..]),
            }),
        );
        let n = e.len();
        Box::pin(async move {
            let words = promise.await.map_err(from_js_error)?;
            read_counts(&words.unchecked_into::<Uint32Array>().to_vec(), n)
        })
    }
}

/// The Float32Array that `promise` resolves to.
fn floats(promise: Promise) -> LocalFuture<Vec<f32>> {
    let promise = JsFuture::from(promise);
    Box::pin(async move {
        let values = promise.await.map_err(from_js_error)?;
        Ok(values.unchecked_into::<Float32Array>().to_vec())
    })
}

fn write_counts(counts: &[Count], work: Work) -> Vec<u32> {
    let words = counts.iter().flat_map(|c| [c.above, c.below, u32::from(c.not_finite)]);
    words
        .chain(
            [work.multiply_adds, work.int8]
                .into_iter()
                .flat_map(|n| [n as u32, (n >> 32) as u32]),
        )
        .collect()
}

fn read_counts(words: &[u32], n: usize) -> Result<Counted> {
    if words.len() != 3 * n + 4 {
        return Err(Error::Source {
            code: "WorkerDied".into(),
            message: "A part of the vocabulary gave no whole answer. Run again.".into(),
        });
    }
    let counts = words[..3 * n].as_chunks().0.iter().map(|[a, b, f]| Count {
        above: *a,
        below: *b,
        not_finite: *f != 0,
    });
    let long = |i: usize| u64::from(words[3 * n + i]) | u64::from(words[3 * n + i + 1]) << 32;
    let work = Work {
        multiply_adds: long(0),
        int8: long(2),
    };
    Ok((counts.collect(), work))
}

/// The shards in the other workers.
struct Others(Function);

impl Meeting for Others {
    async fn meet(&self, counts: &[Count]) -> Result<Option<Vec<Count>>> {
        let words = Uint32Array::from(&write_counts(counts, Work::default())[..]);
        let promise = self.0.call1(&JsValue::NULL, &words).map_err(from_js_error)?;
        let others = JsFuture::from(promise.unchecked_into::<Promise>()).await;
        let others = others.map_err(from_js_error)?;
        if others.is_null() {
            return Ok(None);
        }
        let words = others.unchecked_into::<Uint32Array>().to_vec();
        Ok(Some(read_counts(&words, counts.len())?.0))
    }
}

/// The cheaper ways out of their arrays; they come from the same build's `count`, in one piece.
fn read_through(heads: &[u32], v: &[f32], w_o: &[f32]) -> Vec<Through> {
    let heads = heads.as_chunks().0;
    let rows: usize = heads.iter().map(|[a, b]| (b - a) as usize).sum();
    if rows == 0 {
        return vec![];
    }
    let (d_head, one) = (v.len() / rows, w_o.len() / heads.len());
    let mut at = 0;
    let each = heads.iter().zip(w_o.chunks_exact(one)).map(|([a, b], w_o)| {
        let (first, n) = (at, (b - a) as usize * d_head);
        at += n;
        Through {
            rows: *a as usize..*b as usize,
            v: v[first..first + n].to_vec(),
            w_o: w_o.to_vec(),
        }
    });
    each.collect()
}

/// One worker's part of the vocabulary.
#[wasm_bindgen(js_name = Shard)]
pub struct JsShard {
    shard: RefCell<Shard>,
    d: usize,
}

#[wasm_bindgen(js_class = Shard)]
impl JsShard {
    /// Tokens `first..first + n`, of width `d`.
    #[wasm_bindgen(constructor)]
    pub fn new(first: usize, n: usize, d: usize) -> std::result::Result<JsShard, JsValue> {
        let shard = Shard::new(first, n, d).map_err(to_js_error)?;
        Ok(Self {
            shard: RefCell::new(shard),
            d,
        })
    }

    pub fn write(&self, first_row: usize, rows: &[f32]) -> std::result::Result<(), JsValue> {
        self.shard.borrow_mut().write(first_row, rows).map_err(to_js_error)
    }

    pub fn rows(&self, ids: &[u32]) -> Vec<f32> {
        self.shard.borrow().rows(ids)
    }

    /// x W_U over this part's tokens, `[n, tokens]`.
    #[allow(clippy::await_holding_refcell_ref)] // as in `count`
    pub async fn logits(&self, x: Vec<f32>, control: JobControl) -> std::result::Result<Float32Array, JsValue> {
        let logits = self.shard.borrow().logits(&x, &WorkerHost::new(control)).await;
        Ok(Float32Array::from(&logits.map_err(to_js_error)?[..]))
    }

    /// See `JsShards::count`. Nothing may be written meanwhile. `meet`, where there are other shards, takes what was
    /// counted so far (as the answer, but without multiply-adds) and gives a promise of the others' sums, or of null.
    #[expect(clippy::too_many_arguments, reason = "arrays cross the boundary one by one")]
    #[allow(clippy::await_holding_refcell_ref)] // rows are written before the first count, and one at a time counts
    pub async fn count(
        &self,
        y: Vec<f32>,
        targets: Vec<u32>,
        k: Vec<u32>,
        z: Vec<f32>,
        suspicious: Vec<u8>,
        heads: Vec<u32>,
        v: Vec<f32>,
        w_o: Vec<f32>,
        meet: Option<Function>,
        control: JobControl,
    ) -> std::result::Result<Uint32Array, JsValue> {
        let through = read_through(&heads, &v, &w_o);
        drop((heads, v, w_o));
        let entrants = Entrants {
            d: self.d,
            y,
            targets,
            k,
            z,
            suspicious,
            through,
        };
        let host = WorkerHost::new(control);
        let shard = self.shard.borrow();
        let counted = match meet {
            Some(meet) => shard.count(entrants, &host, &Others(meet), |_| {}).await,
            None => shard.count(entrants, &host, &Alone, |_| {}).await,
        };
        let (counts, work) = counted.map_err(to_js_error)?;
        Ok(Uint32Array::from(&write_counts(&counts, work)[..]))
    }
}
