//! One block of GPT-2: attention, then MLP, each behind its LayerNorm and added to the stream.

use super::attention::{Attention, Heads, Intervention, Patterns, Wanted};
use super::linear::Linear;
use super::norm::LayerNorm;
use super::run::Run;
use crate::engine::Host;
use crate::error::Result;
use crate::kernels::gelu::gelu;
use burn::tensor::Tensor;

/// `h.{l}.mlp`
pub struct Mlp {
    pub c_fc: Linear,
    pub c_proj: Linear,
}

/// `h.{l}`
pub struct Block {
    pub ln_1: LayerNorm,
    pub attn: Attention,
    pub ln_2: LayerNorm,
    pub mlp: Mlp,
}

/// A block's output, and what went on in its attention.
pub struct Step {
    /// The residual stream after the block, `[B * T, d]`.
    pub x: Tensor<2>,
    pub heads: Heads,
    /// `[B * n_head, T, d_head]`
    pub z: Tensor<3>,
    pub patterns: Patterns,
}

impl Mlp {
    /// x `[n, d]`
    pub async fn forward<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        let h = self.c_fc.forward(x, run).await?; // [n, d_mlp]
        self.c_proj.forward(activation(h, run).await?, run).await
    }
}

impl Block {
    /// x `[B * T, d]`
    pub async fn forward<H: Host>(
        &self,
        x: Tensor<2>,
        b: usize,
        change: &Intervention,
        wanted: &Wanted,
        run: &Run<'_, H>,
    ) -> Result<Step> {
        let heads = self
            .attn
            .heads(self.ln_1.forward(x.clone(), run).await?, b, run)
            .await?;
        let (z, patterns) = self.attn.attend(&heads, change, wanted, run).await?;
        let x = self.rest(x, self.attn.merge(z.clone()), run).await?;
        Ok(Step { x, heads, z, patterns })
    }

    /// The same for the last block of a run: only the last position of every prompt goes on, so `x` of the
    /// step is `[B, d]`.
    pub async fn forward_last<H: Host>(
        &self,
        x: Tensor<2>,
        b: usize,
        wanted: &Wanted,
        run: &Run<'_, H>,
    ) -> Result<Step> {
        let heads = self
            .attn
            .heads(self.ln_1.forward(x.clone(), run).await?, b, run)
            .await?;
        let (z, patterns) = self.attn.attend(&heads, &Intervention::default(), wanted, run).await?;
        let x = self.rest(last_of_stream(&x, b), last(&z, b), run).await?;
        Ok(Step { x, heads, z, patterns })
    }

    /// What follows the heads: x and z `[n, d]`.
    pub async fn rest<H: Host>(&self, x: Tensor<2>, z: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        let x = x + self.attn.c_proj.forward(z, run).await?;
        Ok(x.clone() + self.mlp.forward(self.ln_2.forward(x, run).await?, run).await?)
    }
}

/// The last position of z `[B * n_head, T, d_head]`, as `[B, n_head * d_head]`.
pub fn last(z: &Tensor<3>, b: usize) -> Tensor<2> {
    let [n, t, d_head] = z.dims();
    z.clone().narrow(1, t - 1, 1).reshape([b, n / b * d_head])
}

/// The last position of a stream `[B * T, d]`, `[B, d]`.
pub fn last_of_stream(x: &Tensor<2>, b: usize) -> Tensor<2> {
    let [rows, d] = x.dims();
    let t = rows / b;
    x.clone().reshape([b, t, d]).narrow(1, t - 1, 1).reshape([b, d])
}

/// gelu_new in the device's own way.
async fn activation<H: Host>(h: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
    if run.on.packed() {
        return run.map(h, gelu).await;
    }
    Ok(gelu_new(h))
}

/// `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`
pub fn gelu_new<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let cube = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cube * 0.044_715) * (2.0 / std::f64::consts::PI).sqrt();
    // tanh may be made of exponentials that overflow; at 10 it is 1 in f32 anyway.
    x * 0.5 * (inner.clamp(-10.0, 10.0).tanh() + 1.0)
}
