//! Attention where the device's memory is this one: head by head through [`crate::kernels::attend`].

use super::attention::{Attention, Heads, Intervention, Patterns, Wanted};
use super::run::{Run, read};
use crate::engine::Host;
use crate::error::{Result, zeroed};
use crate::kernels::attend::{mix, pattern};
use burn::tensor::Tensor;

/// Multiply-adds between two turns of the event loop; the softmax between them takes as long again.
const TURN: usize = 100_000_000;

impl Attention {
    /// [`Attention::attend`]
    pub(super) async fn attend_packed<H: Host>(
        &self,
        heads: &Heads,
        change: &Intervention,
        wanted: &Wanted,
        run: &Run<'_, H>,
    ) -> Result<(Tensor<3>, Patterns)> {
        let [n, t, d_head] = heads.q.dims();
        let (q, k, v) = (
            read(heads.q.clone()).await?,
            read(heads.k.clone()).await?,
            read(heads.v.clone()).await?,
        );
        let mut z = zeroed(n * t * d_head, "the heads' outputs")?;
        let mut patterns = Patterns::default();
        let mut mean = zeroed(if wanted.mean { t * t } else { 0 }, "the mean attention pattern")?;
        let one = t * d_head;
        let mut done = 0;
        for i in 0..n {
            let (head, own) = (i % self.n_head, i * one..(i + 1) * one);
            let mut p = pattern(&q[own.clone()], &k[own.clone()], d_head)?;
            let last = &mut p[(t - 1) * t..];
            for (_, position) in change.attend_only.iter().filter(|(h, _)| *h == head) {
                last.fill(0.0);
                last[*position] = 1.0;
            }
            z[own.clone()].copy_from_slice(&mix(&p, &v[own.clone()], d_head)?);
            if change.zero.contains(&head) {
                z[own][(t - 1) * d_head..].fill(0.0);
            }
            // Of the first prompt alone.
            if i < self.n_head {
                mean.iter_mut().zip(&p).for_each(|(m, p)| *m += p / self.n_head as f32);
                if wanted.heads.contains(&head) {
                    patterns.heads.push(run.tensor(p, [t, t]));
                }
            }
            done += 2 * t * t * d_head;
            if done >= TURN || i + 1 == n {
                run.did(std::mem::take(&mut done)).await?;
            }
        }
        patterns.mean = wanted.mean.then(|| run.tensor(mean, [t, t]));
        Ok((run.tensor(z, [n, t, d_head]), patterns))
    }
}
