//! Causal self-attention: what is captured of it, and what can be changed in it.

use super::linear::Linear;
use super::run::Run;
use crate::engine::Host;
use crate::error::Result;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};

/// Entries of attention patterns held at a time, in floats: 16 MB.
const PATTERN: usize = 4 << 20;

/// `h.{l}.attn`
pub struct Attention {
    pub c_attn: Linear,
    pub c_proj: Linear,
    pub n_head: usize,
}

/// Queries, keys and values, each `[B * n_head, T, d_head]`.
#[derive(Clone)]
pub struct Heads {
    pub q: Tensor<3>,
    pub k: Tensor<3>,
    pub v: Tensor<3>,
}

/// A change of one layer's heads at the last position. Everything before it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Intervention {
    /// Heads whose z becomes zero.
    pub zero: Vec<usize>,
    /// Heads whose last row of attention becomes one-hot on a position.
    pub attend_only: Vec<(usize, usize)>,
}

/// What to keep of the patterns.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Ascending, each once.
    pub heads: Vec<usize>,
    /// The mean over all heads.
    pub mean: bool,
}

/// Attention patterns of the first prompt, `[query, key]`.
#[derive(Default)]
pub struct Patterns {
    /// In the order of [`Wanted::heads`], `[T, T]` each.
    pub heads: Vec<Tensor<2>>,
    pub mean: Option<Tensor<2>>,
}

impl Attention {
    /// x `[B * T, d]`, already through ln_1.
    pub async fn heads<H: Host>(&self, x: Tensor<2>, b: usize, run: &Run<'_, H>) -> Result<Heads> {
        let [rows, d] = x.dims();
        let (t, d_head) = (rows / b, d / self.n_head);
        let qkv = self.c_attn.forward(x, run).await?; // [B * T, 3 d]
        let split = |i: usize| {
            let part: Tensor<2> = qkv.clone().narrow(1, i * d, d);
            part.reshape([b, t, self.n_head, d_head])
                .swap_dims(1, 2) // [B, n_head, T, d_head]
                .reshape([b * self.n_head, t, d_head])
        };
        Ok(Heads {
            q: split(0),
            k: split(1),
            v: split(2),
        })
    }

    /// z `[B * n_head, T, d_head]` of all positions, with `change` at the last.
    pub async fn attend<H: Host>(
        &self,
        heads: &Heads,
        change: &Intervention,
        wanted: &Wanted,
        run: &Run<'_, H>,
    ) -> Result<(Tensor<3>, Patterns)> {
        if run.on.packed() {
            return self.attend_packed(heads, change, wanted, run).await;
        }
        let [n, t, d_head] = heads.q.dims();
        let future: Tensor<3, Bool> = Tensor::<2, Bool>::tril_mask([t, t], 0, &run.on.device).unsqueeze();
        let step = (PATTERN / (t * t)).clamp(1, n);
        let (mut z, mut patterns) = (Vec::new(), Patterns::default());
        for first in (0..n).step_by(step) {
            let count = step.min(n - first);
            let part = |x: &Tensor<3>| x.clone().narrow(0, first, count);
            let scores = part(&heads.q).matmul(part(&heads.k).swap_dims(1, 2)) / (d_head as f64).sqrt(); // [count, T, T]
            let pattern = softmax(
                scores.mask_fill(future.clone().expand([count, t, t]), f32::NEG_INFINITY),
                2,
            );
            let pattern = self.forced(pattern, first, change, run);
            patterns.keep(&pattern, first, wanted, self.n_head);
            z.push(pattern.matmul(part(&heads.v)));
            run.did(2 * count * t * t * d_head).await?;
        }
        let z = self.zeroed(Tensor::cat(z, 0), change, run);
        Ok((z, patterns))
    }

    /// z `[B, d]` of the last position alone, before [`Attention::c_proj`]; q, k, v as in [`Heads`], q of one
    /// position.
    pub async fn attend_last<H: Host>(
        &self,
        q: Tensor<3>,
        k: Tensor<3>,
        v: Tensor<3>,
        run: &Run<'_, H>,
    ) -> Result<Tensor<2>> {
        let [n, t, d_head] = k.dims();
        let pattern = softmax(q.matmul(k.swap_dims(1, 2)) / (d_head as f64).sqrt(), 2); // [n, 1, T]
        run.did(2 * n * t * d_head).await?;
        Ok(pattern.matmul(v).reshape([n / self.n_head, self.n_head * d_head]))
    }

    /// z `[B * n_head, T, d_head]` to `[B * T, d]`, as c_proj takes it.
    pub fn merge(&self, z: Tensor<3>) -> Tensor<2> {
        let [n, t, d_head] = z.dims();
        let b = n / self.n_head;
        z.reshape([b, self.n_head, t, d_head])
            .swap_dims(1, 2)
            .reshape([b * t, self.n_head * d_head])
    }

    fn forced<H: Host>(&self, pattern: Tensor<3>, first: usize, change: &Intervention, run: &Run<'_, H>) -> Tensor<3> {
        let [count, t, _] = pattern.dims();
        let mut pattern = pattern;
        for i in 0..count {
            let head = (first + i) % self.n_head;
            for (_, position) in change.attend_only.iter().filter(|(h, _)| *h == head) {
                let mut row = vec![0.0; t];
                row[*position] = 1.0;
                let row = run.tensor(row, [1, 1, t]);
                pattern = pattern.slice_assign([i..i + 1, t - 1..t, 0..t], row);
            }
        }
        pattern
    }

    fn zeroed<H: Host>(&self, z: Tensor<3>, change: &Intervention, run: &Run<'_, H>) -> Tensor<3> {
        if change.zero.is_empty() {
            return z;
        }
        let [n, t, d_head] = z.dims();
        let factor = |i: usize| f32::from(u8::from(!change.zero.contains(&(i % self.n_head))));
        let factors = run.tensor((0..n).map(factor).collect(), [n, 1, 1]);
        let last = z.clone().narrow(1, t - 1, 1) * factors;
        z.slice_assign([0..n, t - 1..t, 0..d_head], last)
    }
}

impl Patterns {
    fn keep(&mut self, pattern: &Tensor<3>, first: usize, wanted: &Wanted, n_head: usize) {
        let [count, t, _] = pattern.dims();
        for head in &wanted.heads {
            if (first..first + count).contains(head) {
                self.heads
                    .push(pattern.clone().narrow(0, head - first, 1).reshape([t, t]));
            }
        }
        // Of the first prompt alone.
        let own = n_head.saturating_sub(first).min(count);
        if wanted.mean && own > 0 {
            let sum = pattern.clone().narrow(0, 0, own).sum_dim(0).reshape([t, t]) / n_head as f64;
            self.mean = Some(match self.mean.take() {
                Some(before) => before + sum,
                None => sum,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linear::LinearBuilder;
    use super::super::run::read;
    use super::*;
    use crate::engine::{Products, RunDevice};
    use crate::score::SilentHost;
    use pollster::block_on;

    const N_HEAD: usize = 3;
    const D: usize = 15;
    const T: usize = 7;
    const B: usize = 2;

    /// From -1 to 1.
    fn noise(n: usize, seed: u32) -> Vec<f32> {
        crate::noise::noise(n, seed).iter().map(|v| 2.0 * v).collect()
    }

    fn attention(on: &RunDevice) -> Attention {
        let linear = |outer: usize, seed| {
            let mut w = LinearBuilder::new(D, outer, on).unwrap();
            w.write(0, &noise(D * outer, seed));
            w.finish(noise(outer, seed + 1), on).unwrap()
        };
        Attention {
            c_attn: linear(3 * D, 1),
            c_proj: linear(D, 3),
            n_head: N_HEAD,
        }
    }

    /// z `[B, n_head, T, d_head]` as plain numbers, v likewise, and the first prompt's patterns.
    fn run(on: &RunDevice, change: &Intervention, wanted: &Wanted) -> (Vec<f32>, Vec<f32>, Patterns) {
        let (attention, host) = (attention(on), SilentHost);
        let run = Run::new(on, &host);
        let x = run.tensor(noise(B * T * D, 9), [B * T, D]);
        block_on(async {
            let heads = attention.heads(x, B, &run).await.unwrap();
            let (z, patterns) = attention.attend(&heads, change, wanted, &run).await.unwrap();
            (read(z).await.unwrap(), read(heads.v).await.unwrap(), patterns)
        })
    }

    /// Our own products, and burn's.
    fn devices() -> [RunDevice; 2] {
        let packed = RunDevice::cpu();
        let tensors = RunDevice {
            products: Products::Burn,
            ..packed.clone()
        };
        [packed, tensors]
    }

    /// Where a prompt's head begins at a position.
    fn at(b: usize, head: usize, t: usize) -> std::ops::Range<usize> {
        let d_head = D / N_HEAD;
        let start = ((b * N_HEAD + head) * T + t) * d_head;
        start..start + d_head
    }

    #[test]
    fn interventions_change_the_last_position_of_their_heads_and_nothing_else() {
        for on in devices() {
            interventions(&on);
        }
    }

    fn interventions(on: &RunDevice) {
        let (clean, v, _) = run(on, &Intervention::default(), &Wanted::default());
        let change = Intervention {
            zero: vec![2],
            attend_only: vec![(0, 4)],
        };
        let (changed, _, _) = run(on, &change, &Wanted::default());
        for b in 0..B {
            for head in 0..N_HEAD {
                for t in 0..T {
                    let got = &changed[at(b, head, t)];
                    match (head, t + 1 == T) {
                        (2, true) => assert!(got.iter().all(|z| *z == 0.0)),
                        (0, true) => assert_eq!(got, &v[at(b, 0, 4)]),
                        _ => assert_eq!(got, &clean[at(b, head, t)]),
                    }
                }
            }
        }
        assert_ne!(clean[at(0, 0, T - 1)], v[at(0, 0, 4)]);
    }

    #[test]
    fn patterns_are_causal_and_sum_to_one() {
        let wanted = Wanted {
            heads: vec![0, 2],
            mean: true,
        };
        let [packed, tensors] = devices().map(|on| {
            let (z, _, patterns) = run(&on, &Intervention::default(), &wanted);
            assert_eq!(patterns.heads.len(), 2);
            let all = patterns.heads.into_iter().chain(patterns.mean);
            let all: Vec<_> = all.flat_map(|p| block_on(read(p)).unwrap()).collect();
            for (q, row) in all.chunks_exact(T).enumerate() {
                assert!(row[q % T + 1..].iter().all(|a| *a == 0.0));
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
            [all, z].concat()
        });
        assert_eq!(packed.len(), 3 * T * T + B * T * D);
        assert!(packed.iter().zip(&tensors).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
