//! MLP_0 on burn's tensors: `c_proj(gelu_new(c_fc(x)))`, with weights that arrive in pieces.

use super::block::gelu_new;
use crate::error::{Error, Result};
use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::{Device, Tensor, TensorData};

/// burn's handle of a device.
pub type BurnDevice = Device;

/// Starts burn on a device that is there already; `None` when it does not want it.
pub fn start_burn(
    instance: wgpu::Instance,
    adapter: wgpu::Adapter,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    backend: wgpu::Backend,
) -> Option<BurnDevice> {
    let setup = WgpuSetup {
        instance,
        adapter,
        device: device.clone(),
        queue: queue.clone(),
        backend,
    };
    // Our own kernels do the same without it, so a refusal is no error.
    Device::wgpu_options().tasks_max(8).setup(setup).init().ok()
}

/// Both products under way. Shapes as in Conv1D: `y = x W + b`, W `[in, out]`.
pub struct Mlp {
    device: Device,
    d_mlp: usize,
    d_model: usize,
    /// x `[n, d_model]`, then gelu_new(h) `[n, d_mlp]`.
    x: Tensor<2>,
    /// The sum so far of the product under way.
    sum: Option<Tensor<2>>,
}

impl Mlp {
    /// Over `rows` `[n, d_model]`.
    pub fn begin(device: &Device, rows: &[f32], d_model: usize, d_mlp: usize) -> Self {
        let n = rows.len() / d_model;
        let x = Tensor::from_data(TensorData::new(rows.to_vec(), [n, d_model]), device);
        Self {
            device: device.clone(),
            d_mlp,
            d_model,
            x,
            sum: None,
        }
    }

    /// Rows of c_fc `[d_model, d_mlp]`.
    pub fn c_fc(&mut self, first_row: usize, rows: &[f32]) {
        self.add(first_row, rows, self.d_mlp);
    }

    /// Ends c_fc: bias `[d_mlp]` and gelu_new.
    pub fn activate(&mut self, bias: &[f32]) {
        let Some(h) = self.sum.take() else { return };
        let bias: Tensor<2> = Tensor::from_data(TensorData::new(bias.to_vec(), [1, self.d_mlp]), &self.device);
        let h = h + bias; // [n, d_mlp]
        self.x = gelu_new(h);
    }

    /// Rows of c_proj `[d_mlp, d_model]`.
    pub fn c_proj(&mut self, first_row: usize, rows: &[f32]) {
        self.add(first_row, rows, self.d_model);
    }

    /// Adds c_proj's bias `[d_model]` and reads `[n, d_model]` back.
    pub async fn finish(mut self, bias: &[f32]) -> Result<Vec<f32>> {
        let lost = |what: String| {
            Error::DeviceLost(format!(
                "The first MLP could not be computed on the GPU ({what}). Choose the CPU engine."
            ))
        };
        let sum = self.sum.take().ok_or_else(|| lost("no weights".into()))?;
        let data = sum.into_data_async().await.map_err(|e| lost(format!("{e:?}")))?;
        let mut out = data.try_into_vec::<f32>().map_err(|e| lost(format!("{e:?}")))?;
        for row in out.chunks_exact_mut(self.d_model) {
            row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
        }
        Ok(out)
    }

    /// `sum += x[:, rows] W[rows, :]`
    fn add(&mut self, first_row: usize, rows: &[f32], width: usize) {
        let (n, count) = (self.x.dims()[0], rows.len() / width);
        let w: Tensor<2> = Tensor::from_data(TensorData::new(rows.to_vec(), [count, width]), &self.device);
        let part = self.x.clone().slice([0..n, first_row..first_row + count]).matmul(w);
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + part,
            None => part,
        });
    }
}
