//! Conv1D as GPT-2 has it: `y = x W + b`, W stored `[in, out]`.

use super::run::{Run, read};
use crate::engine::{Host, Products, RunDevice};
use crate::error::{Error, Result, zeroed};
use crate::kernels::gemm::{PackedA, PackedB, matmul_onto};
use burn::tensor::{Tensor, TensorData};

/// Multiply-adds between two turns of the event loop: about 30 ms of a thread's work in a browser.
const TURN: usize = 300_000_000;

/// x w by the device's own way; see [`Products`].
fn matmul(x: Tensor<2>, w: &Tensor<2>, by: Products) -> Tensor<2> {
    match by {
        #[cfg(feature = "webgpu")]
        Products::Wgsl { broadcast } => {
            crate::kernels::gemm_gpu::product(&x, w, broadcast).unwrap_or_else(|| x.matmul(w.clone()))
        }
        Products::Packed | Products::Burn => x.matmul(w.clone()),
    }
}

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
    weights: Weights,
}

/// Weight and bias.
enum Weights {
    Packed(PackedB, Vec<f32>),
    /// `[in, out]` and `[1, out]`.
    Tensors(Box<(Tensor<2>, Tensor<2>)>),
}

impl LinearBuilder {
    /// Room for W `[inner, outer]`.
    pub fn new(inner: usize, outer: usize, on: &RunDevice) -> Result<Self> {
        let rows = if on.packed() {
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
    pub fn finish(self, bias: Vec<f32>, on: &RunDevice) -> Result<Linear> {
        let (inner, outer) = (self.inner, self.outer);
        if bias.len() != outer {
            return Err(Error::CheckpointShape(
                "A bias and its weights do not fit together.".into(),
            ));
        }
        let tensor = |v, shape: [usize; 2]| Tensor::from_data(TensorData::new(v, shape), &on.device);
        let weights = match self.rows {
            Rows::Packed(w) => Weights::Packed(w, bias),
            Rows::Plain(w) => Weights::Tensors(Box::new((tensor(w, [inner, outer]), tensor(bias, [1, outer])))),
        };
        Ok(Linear { inner, outer, weights })
    }
}

impl Linear {
    /// x `[n, in]` to `[n, out]`, some rows at a time.
    pub async fn forward<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        match &self.weights {
            Weights::Packed(w, bias) => self.packed(x, w, Some(bias), run).await,
            Weights::Tensors(tensors) => Ok(self.tensors(x, &tensors.0, run).await? + tensors.1.clone()),
        }
    }

    /// [`Linear::forward`] without the bias.
    pub async fn product<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        match &self.weights {
            Weights::Packed(w, _) => self.packed(x, w, None, run).await,
            Weights::Tensors(tensors) => self.tensors(x, &tensors.0, run).await,
        }
    }

    /// Rows that are multiplied between two turns.
    fn step(&self) -> usize {
        (TURN / (self.inner * self.outer)).max(1)
    }

    async fn packed<H: Host>(
        &self,
        x: Tensor<2>,
        w: &PackedB,
        bias: Option<&[f32]>,
        run: &Run<'_, H>,
    ) -> Result<Tensor<2>> {
        let n = x.dims()[0];
        let x = read(x).await?;
        let mut y = zeroed(n * self.outer, "the model's activations")?;
        if let Some(bias) = bias {
            y.chunks_exact_mut(self.outer).for_each(|row| row.copy_from_slice(bias));
        }
        let (xs, ys) = (
            x.chunks(self.step() * self.inner),
            y.chunks_mut(self.step() * self.outer),
        );
        for (x, y) in xs.zip(ys) {
            matmul_onto(&PackedA::from_rows(x, self.inner), w, y);
            run.did(x.len() * self.outer).await?;
        }
        Ok(run.tensor(y, [n, self.outer]))
    }

    async fn tensors<H: Host>(&self, x: Tensor<2>, w: &Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        let n = x.dims()[0];
        let mut parts = Vec::new();
        for first in (0..n).step_by(self.step()) {
            let rows = self.step().min(n - first);
            parts.push(matmul(x.clone().narrow(0, first, rows), w, run.on.products));
            run.did(rows * self.inner * self.outer).await?;
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Tensor::cat(parts, 0),
        })
    }
}
