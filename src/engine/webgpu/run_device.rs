//! Where the model runs: burn's device, and products that were seen to be right on it.

use super::engine::WebGpuEngine;
use crate::engine::{Products, RunDevice};
use crate::gpt2::run::read;
use crate::kernels::gemm::matmul_plain;
use crate::kernels::gemm_gpu::product;
use crate::kernels::project_rank::Variant;
use burn::tensor::{Device, Tensor, TensorData};

/// A product with a part of a workgroup in both directions.
const SIZES: [usize; 3] = [13, 20, 68];

impl WebGpuEngine {
    /// The CPU where burn has no device here, or none of the products is right on it.
    pub(super) async fn find_run_device(&self) -> RunDevice {
        let Some(device) = &self.burn else {
            return RunDevice::cpu();
        };
        let own = Products::Wgsl {
            broadcast: self.variant == Variant::Broadcast,
        };
        let order = match self.mlp_on_burn.get() {
            true => [Products::Burn, own],
            false => [own, Products::Burn],
        };
        for products in order {
            if is_right(device, products).await {
                return RunDevice {
                    device: device.clone(),
                    products,
                };
            }
        }
        RunDevice::cpu()
    }
}

/// Whether a product comes out as its plain twin's.
async fn is_right(device: &Device, products: Products) -> bool {
    let [m, k, n] = SIZES;
    let values = |count: usize, step: usize| -> Vec<f32> {
        let value = |i: usize| (i * step % 31) as f32 / 31.0 - 0.5;
        (0..count).map(value).collect()
    };
    let (x, w) = (values(m * k, 7), values(k * n, 11));
    let want = matmul_plain(&x, &w, m, k, n);
    let tensor = |v, shape: [usize; 2]| Tensor::<2>::from_data(TensorData::new(v, shape), device);
    let (x, w) = (tensor(x, [m, k]), tensor(w, [k, n]));
    let got = match products {
        Products::Wgsl { broadcast } => product(&x, &w, broadcast),
        _ => Some(x.matmul(w)),
    };
    let Some(got) = got else { return false };
    match read(got).await {
        Ok(got) => got.len() == want.len() && got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-4),
        Err(_) => false,
    }
}
