//! LayerNorm on tensors.

use burn::tensor::{Device, Tensor, TensorData};

/// (x - mean) / sqrt(variance + eps) * weight + bias over the last axis.
pub struct LayerNorm {
    pub weight: Tensor<2>,
    pub bias: Tensor<2>,
    pub eps: f64,
}

impl LayerNorm {
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, eps: f64, device: &Device) -> Self {
        let row = |v: Vec<f32>| {
            let n = v.len();
            Tensor::from_data(TensorData::new(v, [1, n]), device)
        };
        Self {
            weight: row(weight),
            bias: row(bias),
            eps,
        }
    }

    /// x `[n, d]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let (centred, scale) = self.parts(x);
        centred * scale * self.weight.clone() + self.bias.clone()
    }

    /// x - mean `[n, d]` and 1 / sqrt(variance + eps) `[n, 1]`.
    pub fn parts(&self, x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let centred = x.clone() - x.mean_dim(1);
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        (centred, (variance + self.eps).sqrt().recip())
    }
}
