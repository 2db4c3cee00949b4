//! x_s: the embedding of a source, in every layer but the first through MLP_0 and its LayerNorm.

use super::host::{Event, JobHost};
use super::model::Model;
use crate::checkpoint::{ByteSource, read_tensor};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::gpt2::layer_norm;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Tokens that go through MLP_0 at a time, at most.
const BATCH: usize = 2_048;
/// Floats of a weight handed to the engine at a time, so that a turn stays short.
const PIECE: usize = 1 << 19;

/// Floats of rows remembered for the next job, at most: 8 MB, as many as a query's sources.
const REMEMBERED: usize = 2 << 20;

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// MLP_0(LN2_0(e)) of every token of `ids`, biases included, no residual; `[ids.len(), d_model]`.
    /// Tokens met before are not computed again, as far as they are remembered.
    pub(super) async fn enriched(
        &self,
        embedding: &E::Embedding,
        ids: &[u32],
        host: &impl JobHost,
    ) -> Result<(Vec<f32>, u64)> {
        // Held here: another job may make the model forget them meanwhile.
        let mut rows: HashMap<u32, Rc<[f32]>> = {
            let known = self.enriched.borrow();
            ids.iter()
                .filter_map(|id| Some((*id, known.get(id)?.clone())))
                .collect()
        };
        let mut new: Vec<u32> = ids.iter().copied().filter(|id| !rows.contains_key(id)).collect();
        new.sort_unstable();
        new.dedup();
        let mut multiply_adds = 0;
        // All of one size: as many passes of the weights in less memory.
        let batches = new.len().div_ceil(BATCH).max(1);
        for batch in new.chunks(new.len().div_ceil(batches).max(1)) {
            let x = self.first_mlp(embedding, batch, host).await?;
            rows.extend(
                batch
                    .iter()
                    .copied()
                    .zip(x.chunks_exact(self.layout.d_model).map(Rc::from)),
            );
            let made = batch.iter().map(|id| (*id, rows[id].clone()));
            self.enriched.borrow_mut().extend(made);
            multiply_adds += (2 * batch.len() * self.layout.d_model * self.layout.d_mlp) as u64;
        }
        let mut x = Vec::with_capacity(ids.len() * self.layout.d_model);
        ids.iter().for_each(|id| x.extend_from_slice(&rows[id]));
        forget(&mut self.enriched.borrow_mut(), ids, REMEMBERED);
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

/// Leaves at most `most` floats: all, those of `asked` alone, or none.
fn forget(known: &mut HashMap<u32, Rc<[f32]>>, asked: &[u32], most: usize) {
    let floats = |known: &HashMap<u32, Rc<[f32]>>| known.values().map(|row| row.len()).sum::<usize>();
    if floats(known) > most {
        let asked: HashSet<_> = asked.iter().collect();
        known.retain(|id, _| asked.contains(id));
    }
    if floats(known) > most {
        *known = HashMap::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_has_a_limit() {
        let left = |asked: &[u32], most| {
            let mut known = (0..5).map(|id| (id, Rc::from([0.0; 3]))).collect();
            forget(&mut known, asked, most);
            let mut ids: Vec<_> = known.into_keys().collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(left(&[4, 1, 4], 15), [0, 1, 2, 3, 4]);
        assert_eq!(left(&[4, 1, 4], 14), [1, 4]);
        assert_eq!(left(&[4, 1, 4], 6), [1, 4]);
        assert!(left(&[4, 1, 4], 5).is_empty());
        assert!(left(&[], 14).is_empty());
    }
}
