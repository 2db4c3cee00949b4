//! The CPU engine: SIMD where the build has it, blocks of the vocabulary with pruning, and the
//! vocabulary spread over other threads where there are any.

mod blocks;
mod kept;
#[cfg(test)]
mod local_shards;
mod mlp;
mod ranking;
mod shard;
mod survivors;
#[cfg(test)]
mod tests;
mod vocabulary;

use super::{Backend, Engine, EngineInfo, Host, Query, Ranked, Shape};
use crate::error::Result;
use crate::kernels::gemm::PackedB;
pub use kept::{KeptLayer, Outside, PutOutside};
pub use mlp::CpuMlp;
pub use ranking::CpuPending;
pub use shard::{Alone, Meeting, Shard};
use std::rc::Rc;
pub use vocabulary::{Counted, Elsewhere, LocalFuture, Spread, Vocabulary};

/// The engine that is always there.
#[derive(Default)]
pub struct CpuEngine {
    /// Why the CPU, when something else was asked for.
    pub note: Option<String>,
    /// Other threads for the vocabulary.
    pub spread: Option<Box<Spread>>,
    /// Where layers wait for the next job, if not in this thread's memory.
    pub outside: Option<Box<PutOutside>>,
}

/// The embedding, the only copy of it.
pub struct CpuEmbedding {
    d_model: usize,
    vocabulary: Vocabulary,
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

impl CpuLayer {
    fn new(shape: Shape) -> Result<Self> {
        let width = shape.n_head * shape.d_head;
        let what = "the attention weights";
        let w_o = (0..shape.n_head).map(|_| PackedB::new(shape.d_head, shape.d_model, what));
        Ok(Self {
            shape,
            w_v: PackedB::new(shape.d_model, width, what)?,
            w_o: w_o.collect::<Result<_>>()?,
        })
    }
}

impl Engine for CpuEngine {
    type Embedding = CpuEmbedding;
    type Layer = CpuLayer;
    type Kept = KeptLayer;
    type Mlp = CpuMlp;
    type Pending = CpuPending;

    /// With two, twenty relations were not faster, and a figure held 7 MB more.
    const AHEAD: usize = 1;

    fn info(&self) -> EngineInfo {
        EngineInfo {
            backend: Backend::Cpu,
            adapter: None,
            fallback_adapter: false,
            note: self.note.clone(),
        }
    }

    fn create_embedding(&self, shape: Shape) -> Result<CpuEmbedding> {
        let vocabulary = Vocabulary::new(shape, self.spread.as_deref())?;
        Ok(CpuEmbedding {
            d_model: shape.d_model,
            vocabulary,
            longest: 0.0,
        })
    }

    fn write_embedding(&self, to: &mut CpuEmbedding, first_row: usize, rows: &[f32]) -> Result<()> {
        for row in rows.chunks_exact(to.d_model) {
            let norm = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            to.longest = to.longest.max(norm as f32);
        }
        to.vocabulary.write(first_row, rows)
    }

    async fn embedding_rows(&self, of: &CpuEmbedding, ids: &[u32]) -> Result<Vec<f32>> {
        of.vocabulary.rows(ids).await
    }

    #[cfg(feature = "run")]
    async fn logits(&self, of: &CpuEmbedding, x: &[f32], host: &impl Host) -> Result<Vec<f32>> {
        of.vocabulary.logits(x, host).await
    }

    fn create_layer(&self, shape: Shape) -> Result<CpuLayer> {
        CpuLayer::new(shape)
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

    fn keep(&self, layer: &Rc<CpuLayer>) -> Option<KeptLayer> {
        KeptLayer::new(layer, self.outside.as_deref())
    }

    fn kept(&self, layer: &KeptLayer) -> Result<Rc<CpuLayer>> {
        layer.layer()
    }

    fn begin_mlp(&self, rows: &[f32], d_model: usize, d_mlp: usize) -> Result<CpuMlp> {
        CpuMlp::new(rows, d_model, d_mlp)
    }

    fn mlp_c_fc(&self, mlp: &mut CpuMlp, first_row: usize, rows: &[f32]) -> Result<()> {
        mlp.c_fc(first_row, rows)
    }

    fn mlp_activate(&self, mlp: &mut CpuMlp, bias: &[f32]) -> Result<()> {
        mlp.activate(bias)
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
    ) -> Result<CpuPending> {
        ranking::submit(embedding, layer, query, host).await
    }

    async fn collect(&self, pending: CpuPending, host: &impl Host) -> Result<Ranked> {
        pending.collect(host).await
    }
}
