//! LayerNorm on tensors.

use super::layer_norm;
use super::run::Run;
use crate::engine::{Host, RunDevice};
use crate::error::Result;
use burn::tensor::{Tensor, TensorData};

/// (x - mean) / sqrt(variance + eps) * weight + bias over the last axis.
pub struct LayerNorm {
    weights: Weights,
    eps: f64,
}

/// Weight and bias.
enum Weights {
    /// For the CPU, where the sums run in double precision.
    Plain(Vec<f32>, Vec<f32>),
    /// `[1, d]` each.
    Tensors(Box<(Tensor<2>, Tensor<2>)>),
}

impl LayerNorm {
    /// weight and bias `[d]`.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, eps: f64, on: &RunDevice) -> Self {
        let row = |v: Vec<f32>| {
            let n = v.len();
            Tensor::from_data(TensorData::new(v, [1, n]), &on.device)
        };
        let weights = if on.packed() {
            Weights::Plain(weight, bias)
        } else {
            Weights::Tensors(Box::new((row(weight), row(bias))))
        };
        Self { weights, eps }
    }

    /// x `[n, d]`.
    pub async fn forward<H: Host>(&self, x: Tensor<2>, run: &Run<'_, H>) -> Result<Tensor<2>> {
        match &self.weights {
            Weights::Plain(weight, bias) => run.map(x, |x| layer_norm(x, weight, bias, self.eps)).await,
            Weights::Tensors(tensors) => {
                let (weight, bias) = &**tensors;
                let centred = x.clone() - x.mean_dim(1);
                let variance = (centred.clone() * centred.clone()).mean_dim(1); // [n, 1]
                let scale = (variance + self.eps).sqrt().recip();
                Ok(centred * scale * weight.clone() + bias.clone())
            }
        }
    }
}
