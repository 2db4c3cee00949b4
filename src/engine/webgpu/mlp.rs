//! MLP_0: by burn's tensors or by our own product, over the same streamed weights.

use super::clock::now_ms;
use super::engine::{WebGpuEngine, narrow};
use super::weights::{padded, write_rows};
use crate::error::{Error, Result};
use crate::gpt2::first_mlp::Mlp as BurnMlp;
use crate::kernels::gemm_gpu::{Place, Sizes};
use crate::kernels::gpu::{Gpu, Recorder};

pub use crate::gpt2::first_mlp::{BurnDevice, start_burn};

/// Bytes of the hidden layer of a batch of rows at most.
const HIDDEN_BYTES: usize = 16 << 20;

/// MLP_0 applied to some rows, under way.
pub enum Mlp {
    Burn(Box<BurnMlp>),
    Own(Own),
}

/// Waits for all weights, then computes: so the rows can be taken in batches.
pub struct Own {
    rows: Vec<f32>,
    d: usize,
    d_mlp: usize,
    c_fc: wgpu::Buffer,
    c_proj: wgpu::Buffer,
    bias: Vec<f32>,
}

impl Mlp {
    /// Over `rows` `[n, d]`.
    pub fn begin(engine: &WebGpuEngine, rows: &[f32], d: usize, d_mlp: usize) -> Result<Self> {
        if d == 0 || d_mlp == 0 || !rows.len().is_multiple_of(d) || d.max(d_mlp) >= 1 << 18 {
            return Err(Error::CheckpointShape(format!(
                "An MLP of {d} by {d_mlp} cannot be computed."
            )));
        }
        // burn streams: hidden and output of all rows are there at once.
        let small = rows.len() / d * d_mlp * 4 <= HIDDEN_BYTES;
        if let Some(device) = engine.burn.as_ref().filter(|_| engine.mlp_on_burn.get() && small) {
            return Ok(Self::Burn(Box::new(BurnMlp::begin(device, rows, d, d_mlp))));
        }
        let bytes = (padded(d) * padded(d_mlp) * 4) as u64;
        let gpu = &engine.gpu;
        let own = Own {
            rows: rows.to_vec(),
            d,
            d_mlp,
            c_fc: gpu.storage(bytes, "c_fc of the first layer")?,
            c_proj: gpu.storage(bytes, "c_proj of the first layer")?,
            bias: Vec::new(),
        };
        if !d.is_multiple_of(4) || !d_mlp.is_multiple_of(4) {
            for buffer in [&own.c_fc, &own.c_proj] {
                gpu.queue.write_buffer(buffer, 0, &vec![0; bytes as usize]);
            }
        }
        Ok(Self::Own(own))
    }

    pub fn c_fc(&mut self, gpu: &Gpu, first_row: usize, rows: &[f32]) -> Result<()> {
        match self {
            Self::Burn(mlp) => mlp.c_fc(first_row, rows),
            Self::Own(mlp) => write_rows(gpu, &mlp.c_fc, first_row, rows, &[mlp.d_mlp]),
        }
        gpu.health.check()
    }

    pub fn activate(&mut self, bias: &[f32]) -> Result<()> {
        match self {
            Self::Burn(mlp) => mlp.activate(bias),
            Self::Own(mlp) => mlp.bias = bias.to_vec(),
        }
        Ok(())
    }

    pub fn c_proj(&mut self, gpu: &Gpu, first_row: usize, rows: &[f32]) -> Result<()> {
        match self {
            Self::Burn(mlp) => mlp.c_proj(first_row, rows),
            Self::Own(mlp) => write_rows(gpu, &mlp.c_proj, first_row, rows, &[mlp.d]),
        }
        gpu.health.check()
    }

    pub async fn finish(self, engine: &WebGpuEngine, bias: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Burn(mlp) => mlp.finish(bias).await,
            Self::Own(mlp) => mlp.finish(engine, bias).await,
        }
    }
}

impl Own {
    async fn finish(self, engine: &WebGpuEngine, bias: &[f32]) -> Result<Vec<f32>> {
        let (gpu, kernels) = (&engine.gpu, &engine.kernels);
        let (d, m) = (padded(self.d), padded(self.d_mlp));
        let rows = self.rows.len() / self.d;
        let most = (HIDDEN_BYTES / (m * 4)).clamp(1, rows.max(1));
        let to = Recorder::new(gpu)?;
        let x = gpu.storage((most * d * 4) as u64, "rows of the first MLP")?;
        let hidden = gpu.storage((most * m * 4) as u64, "the hidden layer of the first MLP")?;
        let out = gpu.storage((most * d * 4) as u64, "the output of the first MLP")?;
        let first_bias = gpu.storage((m * 4) as u64, "a bias")?;
        write_rows(gpu, &first_bias, 0, &self.bias, &[self.d_mlp]);
        let mut result = Vec::with_capacity(self.rows.len());
        let mut rest = &self.rows[..];
        while !rest.is_empty() {
            // Each of the two products is a submit of its own, so the budget is for one of them.
            let n = ((engine.rate.budget() / (d * m) as f64) as usize)
                .clamp(1, most)
                .min(rest.len() / self.d);
            let (rows, later) = rest.split_at(n * self.d);
            rest = later;
            let start = now_ms();
            write_rows(gpu, &x, 0, rows, &[self.d]);
            let place = |row| Place {
                row,
                ..Place::default()
            };
            kernels.gemm.record(
                &to,
                Sizes {
                    batch: 1,
                    m: n,
                    k: d,
                    n: m,
                },
                [(&x, place(d)), (&self.c_fc, place(m)), (&hidden, place(m))],
            );
            to.submit();
            kernels.activate.record(&to, n, m / 4, &first_bias, &hidden);
            kernels.gemm.record(
                &to,
                Sizes {
                    batch: 1,
                    m: n,
                    k: m,
                    n: d,
                },
                [(&hidden, place(m)), (&self.c_proj, place(d)), (&out, place(d))],
            );
            let rows = engine.read(&to, &out, (n * d * 4) as u64).await?;
            engine.rate.saw((n * d * m) as f64, (now_ms() - start) / 2.0);
            result.extend(narrow(rows, d, self.d));
        }
        for row in result.chunks_exact_mut(self.d) {
            row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
        }
        Ok(result)
    }
}
