//! W_O W_U of heads that copy much, kept from one ranking to the next.
//!
//! A row that stays in the race to its end meets every token. That takes d_model multiply-adds a token, or d_head through W_O W_U, which
//! takes as much to make as d_head such rows. So a head's is made when half as many stayed in the last ranking: whoever asks the same
//! model again, with another k or another relation, mostly meets the same heads.

use super::engine::WebGpuEngine;
use super::pace::Pace;
use super::ranking::Race;
use super::scratch::{Scratch, Use};
use super::weights::{Embedding, Layer, padded};
use crate::engine::{HIT, Host, SUPPRESSION_HIT, Shape};
use crate::error::Result;
use crate::kernels::gpu::Gpu;
use crate::kernels::middle::{off, words};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Bytes of all that is kept, of every model: nine heads of GPT-2.
const KEPT_BYTES: u64 = 32 << 20;
/// Bytes of a part of a head's W_O W_U before rounding, at most.
const PART_BYTES: usize = 2 << 20;
/// Tokens of a part at least, however slow the adapter is.
const LEAST_TOKENS: usize = 64;

/// What is known of the heads of a layer.
pub struct Heads {
    /// Rows of each that met every token in the last ranking.
    stayed: RefCell<Vec<u64>>,
    /// Of each, the sum of squares of W_O.
    w_o: RefCell<Vec<f64>>,
    middles: RefCell<Vec<Option<Rc<Middle>>>>,
}

/// W_O W_U of one head in bytes, with what they do not tell (`kernels/middle`).
pub struct Middle {
    pub tokens: wgpu::Buffer,
    kept_bytes: Rc<Cell<u64>>,
}

impl Heads {
    pub fn new(n_head: usize) -> Self {
        Self {
            stayed: RefCell::new(vec![0; n_head]),
            w_o: RefCell::new(vec![0.0; n_head]),
            middles: RefCell::new(vec![None; n_head]),
        }
    }

    /// A row of a head's W_O has this sum of squares.
    pub fn has_w_o(&self, head: usize, squares: f64) {
        self.w_o.borrow_mut()[head] += squares;
    }

    /// Learns from member bits `[n_head, pairs]` who stayed.
    pub fn saw(&self, member: &[u8], pairs: usize) {
        let member = member.chunks_exact(pairs.max(1));
        for (stayed, row) in self.stayed.borrow_mut().iter_mut().zip(member) {
            *stayed = row.iter().filter(|m| **m & (HIT | SUPPRESSION_HIT) != 0).count() as u64;
        }
    }

    /// What is kept of a head.
    pub fn middle(&self, head: usize) -> Option<Rc<Middle>> {
        self.middles.borrow()[head].clone()
    }

    /// Heads of which nothing is kept though at least so many rows stayed; who had most comes first.
    fn due(&self, from: u64) -> Vec<usize> {
        let (stayed, middles) = (self.stayed.borrow(), self.middles.borrow());
        let mut due: Vec<_> = (0..stayed.len())
            .filter(|h| stayed[*h] >= from && middles[*h].is_none())
            .collect();
        due.sort_by_key(|h| std::cmp::Reverse(stayed[*h]));
        due
    }
}

impl Middle {
    /// Room for `bytes`; `None` where that is too much beside what is kept already.
    fn new(gpu: &Gpu, bytes: u64, kept_bytes: &Rc<Cell<u64>>) -> Result<Option<Self>> {
        if kept_bytes.get() + bytes > KEPT_BYTES {
            return Ok(None);
        }
        let tokens = gpu.storage(bytes, "W_O W_U of a head")?;
        kept_bytes.set(kept_bytes.get() + tokens.size());
        Ok(Some(Self {
            tokens,
            kept_bytes: kept_bytes.clone(),
        }))
    }
}

impl Drop for Middle {
    fn drop(&mut self) {
        self.kept_bytes.set(self.kept_bytes.get() - self.tokens.size());
    }
}

impl WebGpuEngine {
    /// Makes what is due of the layer's heads, as far as there is room; returns the multiply-adds.
    pub(super) async fn make_middles(
        &self,
        scratch: &mut Scratch,
        race: &Race,
        pace: &mut Pace<'_>,
        embedding: &Embedding,
        layer: &Layer,
        host: &impl Host,
    ) -> Result<u64> {
        let Shape {
            n_vocab,
            d_model,
            d_head,
            ..
        } = layer.shape;
        if 4 * d_head > d_model {
            return Ok(0);
        }
        let bytes = n_vocab as u64 * words(padded(d_head) / 4) as u64 * 4;
        let mut multiply_adds = 0;
        for head in layer.heads.due(self.keep_from.get().unwrap_or(d_head as u64 / 2)) {
            let w_o = layer.heads.w_o.borrow()[head].sqrt();
            let Some(off) = off(d_model, d_head, w_o, embedding.longest) else {
                continue;
            };
            let Some(middle) = Middle::new(&self.gpu, bytes, &self.kept_bytes)? else {
                break;
            };
            self.make_middle(scratch, race, pace, (embedding, layer, head, off), &middle, host)
                .await?;
            layer.heads.middles.borrow_mut()[head] = Some(Rc::new(middle));
            multiply_adds += n_vocab as u64 * (d_model * d_head) as u64;
        }
        Ok(multiply_adds)
    }

    async fn make_middle(
        &self,
        scratch: &mut Scratch,
        race: &Race,
        pace: &mut Pace<'_>,
        (embedding, layer, head, off): (&Embedding, &Layer, usize, f32),
        into: &Middle,
        host: &impl Host,
    ) -> Result<()> {
        let (d, dh) = (padded(layer.shape.d_model), padded(layer.shape.d_head));
        let most = (PART_BYTES / (dh * 4)).min(embedding.tile_rows);
        let part = scratch.get(&self.gpu, Use::Part, most * dh * 4)?;
        let (to, through) = (&race.recorder, &self.kernels.through);
        for (i, vectors) in embedding.tiles.iter().enumerate() {
            let (first, tokens) = embedding.tile(i);
            let mut at = 0;
            while at < tokens {
                let room = (pace.room().max(0.0) / (d * dh) as f64) as usize;
                let m = room.max(LEAST_TOKENS).min(most).min(tokens - at);
                let buffers = [&layer.w_o, vectors, &part];
                through.project(to, [d / 4, dh / 4], head * dh * d, (at, m), buffers);
                through.round(to, dh / 4, (first + at, m), off, [&part, &into.tokens]);
                pace.add_product(m * d * dh);
                at += m;
                if pace.room() < (LEAST_TOKENS * d * dh) as f64 {
                    pace.flush(to, &race.control, 0, host).await?;
                }
            }
        }
        Ok(())
    }
}
