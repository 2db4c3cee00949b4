//! Logits of a few positions: W_U is streamed past them, a piece at a time.

use super::documents::Guess;
use crate::checkpoint::ByteSource;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::score::host::JobHost;
use crate::score::model::Model;

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// x W_U of every row of `x` `[n, d_model]`, already through ln_f: `[n, n_vocab]`.
    pub(super) async fn logits(&self, x: &[f32], host: &impl JobHost) -> Result<Vec<Vec<f32>>> {
        let d = self.layout.d_model;
        let mut logits = vec![vec![0.0; self.layout.n_vocab]; x.len() / d];
        self.stream("wte.weight", 0..d, host, async |first, rows| {
            for (x, logits) in x.chunks_exact(d).zip(&mut logits) {
                for (token, logit) in rows.chunks_exact(d).zip(&mut logits[first..]) {
                    *logit = dot(x, token);
                }
            }
            host.settled((x.len() / d * rows.len()) as u64);
            Ok(())
        })
        .await?;
        match logits.iter().flatten().find(|z| !z.is_finite()) {
            None => Ok(logits),
            Some(z) => Err(Error::CheckpointNotFinite(format!(
                "{} gives a logit of {z}: its answers mean nothing. Choose another copy of the checkpoint.",
                self.source.name()
            ))),
        }
    }

    /// Token `id` among `logits`.
    pub(super) fn guess(&self, logits: &[f32], id: u32) -> Result<Guess> {
        let logit = logits[id as usize];
        let largest = logits.iter().fold(f32::NEG_INFINITY, |m, z| m.max(*z));
        let sum: f64 = logits.iter().map(|z| f64::from(z - largest).exp()).sum();
        Ok(Guess {
            id,
            text: self.tokenizer.decode(&[id])?,
            logit,
            probability: f64::from(logit - largest).exp() / sum,
        })
    }

    /// The `count` largest, the lower id first among equals.
    pub(super) fn top(&self, logits: &[f32], count: usize) -> Result<Vec<Guess>> {
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
        ids.into_iter().map(|id| self.guess(logits, id)).collect()
    }
}

/// Sixteen sums side by side, which the compiler turns into SIMD.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
