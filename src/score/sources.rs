//! x_s: the embedding of a source, in every layer but the first through MLP_0 and its LayerNorm.

use super::host::{Event, JobHost};
use super::model::Model;
use crate::checkpoint::{ByteSource, read_tensor};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::gpt2::layer_norm;
use std::rc::Rc;

/// Tokens that go through MLP_0 at a time, at most.
const BATCH: usize = 2_048;
/// Floats of a weight handed to the engine at a time, so that a turn stays short.
const PIECE: usize = 1 << 19;

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// MLP_0(LN2_0(e)) of every token of `ids`, biases included, no residual; `[ids.len(), d_model]`.
    /// Tokens met before are not computed again.
    pub(super) async fn enriched(
        &self,
        embedding: &E::Embedding,
        ids: &[u32],
        host: &impl JobHost,
    ) -> Result<(Vec<f32>, u64)> {
        let mut new: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| !self.enriched.borrow().contains_key(id))
            .collect();
        new.sort_unstable();
        new.dedup();
        let mut multiply_adds = 0;
        // All of one size: as many passes of the weights in less memory.
        let batches = new.len().div_ceil(BATCH).max(1);
        for batch in new.chunks(new.len().div_ceil(batches).max(1)) {
            let x = self.first_mlp(embedding, batch, host).await?;
            let rows = x.chunks_exact(self.layout.d_model).map(Rc::from);
            self.enriched.borrow_mut().extend(batch.iter().copied().zip(rows));
            multiply_adds += (2 * batch.len() * self.layout.d_model * self.layout.d_mlp) as u64;
        }
        let known = self.enriched.borrow();
        let mut x = Vec::with_capacity(ids.len() * self.layout.d_model);
        ids.iter().for_each(|id| x.extend_from_slice(&known[id]));
        Ok((x, multiply_adds))
    }

    async fn first_mlp(&self, embedding: &E::Embedding, ids: &[u32], host: &impl JobHost) -> Result<Vec<f32>> {
        host.event(Event::Phase {
            phase: "preparing",
            text: "Passing the sources through the first MLP".into(),
        });
        let (d, d_mlp) = (self.layout.d_model, self.layout.d_mlp);
        let mut e = self.engine.embedding_rows(embedding, ids).await?;
        let ln_2 = [
            self.small("h.0.ln_2.weight", host).await?,
            self.small("h.0.ln_2.bias", host).await?,
        ];
        layer_norm(&mut e, &ln_2[0], &ln_2[1], self.layout.layer_norm_epsilon);
        let mut mlp = self.engine.begin_mlp(&e, d, d_mlp)?;
        drop(e);
        self.stream("h.0.mlp.c_fc.weight", 0..d_mlp, host, async |first, rows| {
            self.finite("h.0.mlp.c_fc.weight", rows)?;
            for (i, piece) in rows.chunks((PIECE / d_mlp).max(1) * d_mlp).enumerate() {
                self.engine
                    .mlp_c_fc(&mut mlp, first + i * (PIECE / d_mlp).max(1), piece)?;
                host.breathe().await?;
            }
            Ok(())
        })
        .await?;
        self.engine
            .mlp_activate(&mut mlp, &self.small("h.0.mlp.c_fc.bias", host).await?)?;
        self.stream("h.0.mlp.c_proj.weight", 0..d, host, async |first, rows| {
            self.finite("h.0.mlp.c_proj.weight", rows)?;
            for (i, piece) in rows.chunks((PIECE / d).max(1) * d).enumerate() {
                self.engine
                    .mlp_c_proj(&mut mlp, first + i * (PIECE / d).max(1), piece)?;
                host.breathe().await?;
            }
            Ok(())
        })
        .await?;
        self.engine
            .finish_mlp(mlp, &self.small("h.0.mlp.c_proj.bias", host).await?)
            .await
    }

    /// A vector, whole and finite.
    async fn small(&self, key: &str, host: &impl JobHost) -> Result<Vec<f32>> {
        let tensor = self.layout.tensor(key);
        let values = read_tensor(&self.source, tensor).await?;
        host.event(Event::Read { bytes: tensor.len });
        self.finite(key, &values)?;
        Ok(values)
    }

    fn finite(&self, key: &str, values: &[f32]) -> Result<()> {
        match values.iter().find(|v| !v.is_finite()) {
            None => Ok(()),
            Some(v) => Err(Error::CheckpointNotFinite(format!(
                "{} has {v} in {key}, through which every source passes: no head can be scored. Choose another copy, or score without the first MLP.",
                self.source.name()
            ))),
        }
    }
}
