//! Conv1D as GPT-2 has it: `y = x W + b`, W stored `[in, out]`.

use super::run::{Run, read};
use crate::engine::Host;
use crate::error::{Error, Result, zeroed};
use crate::kernels::gemm::{PackedA, PackedB, matmul};
use burn::tensor::{Device, Tensor, TensorData};

/// Multiply-adds between two turns of the event loop: about 30 ms of a thread's work in a browser.
const TURN: usize = 300_000_000;

/// Weights whose rows arrive in pieces.
pub struct LinearBuilder {
    inner: usize,
    outer: usize,
    rows: Rows,
}

enum Rows {
    Packed(PackedB),
    Plain(Vec<f32>),
}

/// A linear layer on the device.
///
/// On the CPU the product is our own kernel ([`crate::kernels::gemm`]): in a browser burn's reached
/// a quarter of its speed. Everything around it is the same code on every device.
pub struct Linear {
    inner: usize,
    outer: usize,
    weight: Weight,
    bias: Tensor<2>,
}

enum Weight {
    Packed(PackedB),
    Tensor(Box<Tensor<2>>),
}

impl LinearBuilder {
    /// Room for W `[inner, outer]`. `packed`: for the CPU.
    pub fn new(inner: usize, outer: usize, packed: bool) -> Result<Self> {
        let rows = if packed {
            Rows::Packed(PackedB::new(inner, outer, "the model's weights")?)
        } else {
            Rows::Plain(zeroed(inner * outer, "the model's weights")?)
        };
        Ok(Self { inner, outer, rows })
    }

    /// Rows of W from `first` on.
    pub fn write(&mut self, first: usize, rows: &[f32]) {
        match &mut self.rows {
            Rows::Packed(w) => w.write_rows(first, rows),
            Rows::Plain(w) => w[first * self.outer..][..rows.len()].copy_from_slice(rows),
        }
    }

    /// With bias `[outer]`.
    pub fn finish(self, bias: Vec<f32>, device: &Device) -> Result<Linear> {
        if bias.len() != self.outer {
            return Err(Error::CheckpointShape(
                "A bias and its weights do not fit together.".into(),
            ));
        }
        let weight = match self.rows {
            Rows::Packed(w) => Weight::Packed(w),
            Rows::Plain(w) => {
                let data = TensorData::new(w, [self.inner, self.outer]);
                Weight::Tensor(Box::new(Tensor::from_data(data, device)))
            }
        };
        Ok(Linear {
            inner: self.inner,
            outer: self.outer,
            weight,
            bias: Tensor::from_data(TensorData::new(bias, [1, self.outer]), device),
        })
    }
}

impl Linear {
    /// x `[n, in]` to `[n, out]`, some rows at a time.
    pub async fn forward<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        Ok(self.product(x, run).await? + self.bias.clone())
    }

    /// [`Linear::forward`] without the bias.
    pub async fn product<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        let n = x.dims()[0];
        let step = (TURN / (self.inner * self.outer)).max(1);
        let mut parts = Vec::new();
        for first in (0..n).step_by(step) {
            let rows = step.min(n - first);
            let part = x.clone().narrow(0, first, rows);
            let product = match &self.weight {
                Weight::Tensor(w) => part.matmul(Tensor::clone(w)),
                Weight::Packed(w) => {
                    let x = read(part).await?;
                    let y = matmul(&PackedA::from_rows(&x, self.inner), w)?;
                    run.tensor(y, [rows, self.outer])
                }
            };
            parts.push(product);
            run.did(rows * self.inner * self.outer).await?;
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Tensor::cat(parts, 0)
        })
    }
}
