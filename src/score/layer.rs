//! Embedding and attention weights on their way from the checkpoint to the device.

use super::host::{Event, JobHost};
use super::model::Model;
use crate::checkpoint::{ByteSource, stream_rows};
use crate::engine::Engine;
use crate::error::{Error, Result};
use std::rc::Rc;

/// Heads whose weights are not all finite: head, reason.
type Invalid = Rc<[(usize, String)]>;

/// One layer on the device, and the heads whose weights are not all finite.
pub struct LoadedLayer<E: Engine> {
    pub(super) weights: Rc<E::Layer>,
    pub(super) invalid: Invalid,
}

/// The same, waiting for the next job.
pub(super) struct KeptLayer<E: Engine> {
    weights: E::Kept,
    invalid: Invalid,
}

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// W_E, read once. NaN or infinity in it is an error: every score would rest on it.
    pub(super) async fn embedding(&self, host: &impl JobHost) -> Result<Rc<E::Embedding>> {
        if let Some(e) = self.embedding.borrow().clone() {
            return Ok(e);
        }
        host.event(Event::Phase {
            phase: "reading",
            text: "Reading the token embedding".into(),
        });
        let mut embedding = self.engine.create_embedding(self.layout.shape())?;
        let d = self.layout.d_model;
        self.stream("wte.weight", 0..d, host, async |first, rows| {
            if let Some(at) = rows.iter().position(|v| !v.is_finite()) {
                return Err(Error::CheckpointNotFinite(format!(
                    "{} has {} in wte.weight, token {}: no head can be scored with it. Choose another copy of the checkpoint.",
                    self.source.name(), rows[at], first + at / d
                )));
            }
            self.engine.write_embedding(&mut embedding, first, rows)
        })
        .await?;
        let embedding = Rc::new(embedding);
        *self.embedding.borrow_mut() = Some(embedding.clone());
        Ok(embedding)
    }

    /// W_V and W_O of layer `l`. A head with NaN or infinity in its weights is invalid, not an
    /// error; what the device gets in its place is zero.
    pub(super) async fn layer(&self, l: usize, host: &impl JobHost) -> Result<LoadedLayer<E>> {
        if let Some(kept) = self.layers.borrow().get(&l) {
            return Ok(LoadedLayer {
                weights: self.engine.kept(&kept.weights)?,
                invalid: kept.invalid.clone(),
            });
        }
        host.event(Event::Phase {
            phase: "reading",
            text: format!("Reading layer {l}'s attention"),
        });
        let (shape, d) = (self.layout.shape(), self.layout.d_model);
        let mut weights = self.engine.create_layer(shape)?;
        let mut invalid = vec![None; shape.n_head];
        let c_attn = format!("h.{l}.attn.c_attn.weight");
        self.stream(&c_attn, 2 * d..3 * d, host, async |first, rows| {
            clean(rows, &mut invalid, &c_attn, |i| i % d / shape.d_head);
            self.engine.write_w_v(&mut weights, first, rows)
        })
        .await?;
        let c_proj = format!("h.{l}.attn.c_proj.weight");
        self.stream(&c_proj, 0..d, host, async |first, rows| {
            clean(rows, &mut invalid, &c_proj, |i| (first + i / d) / shape.d_head);
            self.engine.write_w_o(&mut weights, first, rows)
        })
        .await?;
        let invalid = invalid
            .into_iter()
            .enumerate()
            .filter_map(|(h, why)| Some((h, why?)))
            .collect();
        let layer = LoadedLayer {
            weights: Rc::new(weights),
            invalid,
        };
        let kept = self.layers.borrow().len() as u64 + 1;
        if kept * 8 * (d * d) as u64 <= self.layer_budget
            && let Some(weights) = self.engine.keep(&layer.weights)
        {
            let invalid = layer.invalid.clone();
            self.layers.borrow_mut().insert(l, KeptLayer { weights, invalid });
        }
        Ok(layer)
    }

    /// [`stream_rows`] with the host's turns and the bytes counted.
    pub(super) async fn stream(
        &self,
        key: &str,
        columns: std::ops::Range<usize>,
        host: &impl JobHost,
        mut each: impl AsyncFnMut(usize, &mut [f32]) -> Result<()>,
    ) -> Result<()> {
        let before = std::cell::Cell::new(self.source.bytes_read());
        stream_rows(&self.source, self.layout.tensor(key), columns, async |first, rows| {
            let now = self.source.bytes_read();
            host.event(Event::Read {
                bytes: now - before.replace(now),
            });
            each(first, rows).await?;
            host.breathe().await
        })
        .await
    }
}

/// Names the heads with NaN or infinity and puts zero in its place.
fn clean(rows: &mut [f32], invalid: &mut [Option<String>], key: &str, head: impl Fn(usize) -> usize) {
    if rows.iter().all(|v| v.is_finite()) {
        return;
    }
    for (i, v) in rows.iter_mut().enumerate() {
        if !v.is_finite() {
            invalid[head(i)].get_or_insert_with(|| format!("{v} in {key}"));
            *v = 0.0;
        }
    }
}
