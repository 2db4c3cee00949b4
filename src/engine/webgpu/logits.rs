//! Logits of a few rows: the embedding's tiles times the rows' transpose, so that W_E is used as it lies.

use super::clock::now_ms;
use super::engine::WebGpuEngine;
use super::weights::{Embedding, padded, write_rows};
use crate::engine::Host;
use crate::error::{Result, zeroed};
use crate::kernels::gemm_gpu::{COLS, Place, Sizes};
use crate::kernels::gpu::Recorder;

impl WebGpuEngine {
    /// x W_U of every row of `x` `[n, d_model]`: `[n, n_vocab]`.
    pub(super) async fn project(&self, of: &Embedding, x: &[f32], host: &impl Host) -> Result<Vec<f32>> {
        let (d, n_vocab) = (of.shape.d_model, of.shape.n_vocab);
        let mut logits = zeroed(x.len() / d * n_vocab, "the logits")?;
        for (x, logits) in x.chunks(COLS * d).zip(logits.chunks_mut(COLS * n_vocab)) {
            self.project_some(of, x, logits, host).await?;
        }
        Ok(logits)
    }

    /// [`WebGpuEngine::project`] of at most [`COLS`] rows, which are one workgroup's columns.
    async fn project_some(&self, of: &Embedding, x: &[f32], logits: &mut [f32], host: &impl Host) -> Result<()> {
        let (d, n_vocab) = (of.shape.d_model, of.shape.n_vocab);
        let rows = x.len() / d;
        let (wide, n) = (padded(d), padded(rows));
        let mut across = zeroed(wide * n, "the logits")?;
        for (i, row) in x.chunks_exact(d).enumerate() {
            row.iter().enumerate().for_each(|(j, v)| across[j * n + i] = *v);
        }
        let to = Recorder::new(&self.gpu)?;
        let operand = self.gpu.storage((wide * n * 4) as u64, "the last positions")?;
        write_rows(&self.gpu, &operand, 0, &across, &[n]);
        // A workgroup computes all of its columns, used or not.
        let work = (wide * COLS) as f64;
        for (i, tile) in of.tiles.iter().enumerate() {
            let (first, count) = of.tile(i);
            let mut at = 0;
            while at < count {
                let m = ((self.rate.budget() / work) as usize).clamp(1, count - at);
                let bytes = (m * n * 4) as u64;
                let out = self.gpu.storage(bytes, "logits")?;
                let place = |first, row| Place { first, row, step: 0 };
                let sizes = Sizes {
                    batch: 1,
                    m,
                    k: wide,
                    n,
                };
                self.kernels.gemm.record(
                    &to,
                    sizes,
                    [
                        (tile, place(at * wide, wide)),
                        (&operand, place(0, n)),
                        (&out, place(0, n)),
                    ],
                );
                let start = now_ms();
                let values = self.read(&to, &out, bytes).await?;
                self.rate.saw(work * m as f64, now_ms() - start);
                for (token, values) in values.chunks_exact(n).enumerate() {
                    for (row, value) in values[..rows].iter().enumerate() {
                        logits[row * n_vocab + first + at + token] = *value;
                    }
                }
                at += m;
                host.breathe().await?;
            }
        }
        Ok(())
    }
}
