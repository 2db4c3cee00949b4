//! The CPU engine: one thread, SIMD where the build has it, blocks of the vocabulary with pruning.

mod mlp;
mod ranking;

use super::{Backend, Engine, EngineInfo, Host, Query, Ranked, Shape};
use crate::error::Result;
use crate::kernels::gemm::PackedB;
pub use mlp::CpuMlp;

/// The engine that is always there.
#[derive(Default)]
pub struct CpuEngine {
    /// Why the CPU, when something else was asked for.
    pub note: Option<String>,
}

/// W_U, packed for the product: the only copy of the embedding.
pub struct CpuEmbedding {
    shape: Shape,
    /// `[d_model, n_vocab]`
    w_u: PackedB,
    /// Length of the longest token vector.
    longest: f32,
}

/// One layer's weights, packed.
pub struct CpuLayer {
    shape: Shape,
    /// `[d_model, n_head * d_head]`
    w_v: PackedB,
    /// One `[d_head, d_model]` a head.
    w_o: Vec<PackedB>,
}

impl Engine for CpuEngine {
    type Embedding = CpuEmbedding;
    type Layer = CpuLayer;
    type Mlp = CpuMlp;
    type Pending = Ranked;

    fn info(&self) -> EngineInfo {
        EngineInfo { backend: Backend::Cpu, adapter: None, fallback_adapter: false, note: self.note.clone() }
    }

    fn create_embedding(&self, shape: Shape) -> Result<CpuEmbedding> {
        let w_u = PackedB::new(shape.d_model, shape.n_vocab, "the token embedding")?;
        Ok(CpuEmbedding { shape, w_u, longest: 0.0 })
    }

    fn write_embedding(&self, to: &mut CpuEmbedding, first_row: usize, rows: &[f32]) -> Result<()> {
        for row in rows.chunks_exact(to.shape.d_model) {
            let norm = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            to.longest = to.longest.max(norm as f32);
        }
        to.w_u.write_transposed(first_row, rows);
        Ok(())
    }

    async fn embedding_rows(&self, of: &CpuEmbedding, ids: &[u32]) -> Result<Vec<f32>> {
        let d = of.shape.d_model;
        let mut rows = vec![0.0; ids.len() * d];
        for (id, row) in ids.iter().zip(rows.chunks_exact_mut(d)) {
            of.w_u.column(*id as usize, row);
        }
        Ok(rows)
    }

    fn create_layer(&self, shape: Shape) -> Result<CpuLayer> {
        let width = shape.n_head * shape.d_head;
        let what = "the attention weights";
        let w_o = (0..shape.n_head).map(|_| PackedB::new(shape.d_head, shape.d_model, what));
        Ok(CpuLayer { shape, w_v: PackedB::new(shape.d_model, width, what)?, w_o: w_o.collect::<Result<_>>()? })
    }

    fn write_w_v(&self, to: &mut CpuLayer, first_row: usize, rows: &[f32]) -> Result<()> {
        to.w_v.write_rows(first_row, rows);
        Ok(())
    }

    fn write_w_o(&self, to: &mut CpuLayer, first_row: usize, rows: &[f32]) -> Result<()> {
        let Shape { d_model, d_head, .. } = to.shape;
        for (i, row) in rows.chunks_exact(d_model).enumerate() {
            let r = first_row + i;
            to.w_o[r / d_head].write_rows(r % d_head, row);
        }
        Ok(())
    }

    fn begin_mlp(&self, rows: &[f32], d_model: usize, d_mlp: usize) -> Result<CpuMlp> {
        CpuMlp::new(rows, d_model, d_mlp)
    }

    fn mlp_c_fc(&self, mlp: &mut CpuMlp, first_row: usize, rows: &[f32]) -> Result<()> {
        mlp.c_fc(first_row, rows)
    }

    fn mlp_activate(&self, mlp: &mut CpuMlp, bias: &[f32]) -> Result<()> {
        mlp.activate(bias);
        Ok(())
    }

    fn mlp_c_proj(&self, mlp: &mut CpuMlp, first_row: usize, rows: &[f32]) -> Result<()> {
        mlp.c_proj(first_row, rows)
    }

    async fn finish_mlp(&self, mlp: CpuMlp, bias: &[f32]) -> Result<Vec<f32>> {
        Ok(mlp.finish(bias))
    }

    async fn submit(
        &self,
        embedding: &CpuEmbedding,
        layer: &CpuLayer,
        query: Query<'_>,
        host: &impl Host,
    ) -> Result<Ranked> {
        ranking::rank_layer(embedding, layer, query, host).await
    }

    async fn collect(&self, pending: Ranked, _host: &impl Host) -> Result<Ranked> {
        Ok(pending)
    }
}
