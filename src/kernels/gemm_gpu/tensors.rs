//! The same kernel on burn's tensors, on its WebGPU device.

use super::{COLS, ROWS, source};
use burn::tensor::Tensor;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::template::{KernelSource, SourceKernel, SourceTemplate};
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, cubecl};
use cubecl::prelude::{CubeCount, CubeDim, KernelId};
use cubecl::server::KernelArguments;

struct Product {
    broadcast: bool,
    k4: u32,
}

impl KernelSource for Product {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(source(self.broadcast, Some(self.k4)))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info((self.broadcast, self.k4))
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// `x w` of x `[m, k]` and w `[k, n]`; `None` where k or n is no multiple of 4, or the tensors are
/// not on burn's WebGPU device. `broadcast`: with `subgroupBroadcast`, as in [`super::GemmGpu::new`].
pub fn product(x: &Tensor<2>, w: &Tensor<2>, broadcast: bool) -> Option<Tensor<2>> {
    let ([m, k], n) = (x.dims(), w.dims()[1]);
    if k % 4 != 0 || n % 4 != 0 {
        return None;
    }
    let primitive = |t: &Tensor<2>| t.clone().try_into_primitive::<CubeBackend>().ok().map(into_contiguous);
    let (x, w) = (primitive(x)?, primitive(w)?);
    let client = x.client.clone();
    let (m4, k4, n4) = (m as u32, (k / 4) as u32, (n / 4) as u32);
    let params = [m4, n4, k4, 0, k4, n4, n4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let params = client.create_from_slice(bytemuck::cast_slice(&params));
    let out = client.empty(m * n * size_of::<f32>());
    let buffers = [&x.handle, &w.handle, &out, &params].map(|h| h.clone().binding());
    client.launch(
        Box::new(SourceKernel::new(Product { broadcast, k4 }, CubeDim::new_1d(16))),
        CubeCount::Static(n.div_ceil(COLS) as u32, m.div_ceil(ROWS) as u32, 1),
        KernelArguments::new().with_buffers(buffers.into()),
    );
    let out = CubeTensor::new_contiguous(client, x.device.clone(), [m, n].into(), out, x.dtype);
    Some(Tensor::from_primitive::<CubeBackend>(out))
}
