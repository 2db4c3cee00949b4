//! Logits of a few positions, by the engine's own copy of the embedding, and what is told of them.

use super::documents::Guess;
use crate::checkpoint::ByteSource;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::score::host::JobHost;
use crate::score::model::Model;

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// x W_U of every row of `x` `[n, d_model]`, already through ln_f: `[n, n_vocab]`.
    pub(super) async fn logits(&self, x: &[f32], host: &impl JobHost) -> Result<Vec<Vec<f32>>> {
        let n_vocab = self.layout.n_vocab;
        let embedding = self.embedding(host).await?;
        let logits = self.engine.logits(&embedding, x, host).await?;
        host.settled((x.len() * n_vocab) as u64);
        match logits.iter().find(|z| !z.is_finite()) {
            None => Ok(logits.chunks_exact(n_vocab).map(<[f32]>::to_vec).collect()),
            Some(z) => Err(Error::CheckpointNotFinite(format!(
                "{} gives a logit of {z}: its answers mean nothing. Choose another copy of the checkpoint.",
                self.source.name()
            ))),
        }
    }

    /// Tokens `ids` among `logits`, in their order.
    pub(super) fn guesses(&self, logits: &[f32], ids: &[u32]) -> Result<Vec<Guess>> {
        let largest = logits.iter().fold(f32::NEG_INFINITY, |m, z| m.max(*z));
        let sum: f64 = logits.iter().map(|z| f64::from(z - largest).exp()).sum();
        let one = |id: &u32| {
            let logit = logits[*id as usize];
            Ok(Guess {
                id: *id,
                text: self.tokenizer.decode(&[*id])?,
                logit,
                probability: f64::from(logit - largest).exp() / sum,
            })
        };
        ids.iter().map(one).collect()
    }

    /// The ids of the `count` largest, the lower id first among equals.
    pub(super) fn top(&self, logits: &[f32], count: usize) -> Vec<u32> {
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        let count = count.min(ids.len());
        let order = |a: &u32, b: &u32| {
            logits[*b as usize]
                .total_cmp(&logits[*a as usize])
                .then_with(|| a.cmp(b))
        };
        if count < ids.len() {
            ids.select_nth_unstable_by(count, order);
            ids.truncate(count);
        }
        ids.sort_unstable_by(order);
        ids
    }
}
