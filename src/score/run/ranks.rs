//! Membership in the top k for vectors that come out of a run, by the engines' own exact ranking.
//!
//! The engines rank x W_V W_O W_U. With an identity for W_V (and W_O) the same code, pruning and
//! ties included, ranks z W_O W_U (and x W_U); a product with an identity is exact.

use super::RankHost;
use crate::checkpoint::ByteSource;
use crate::engine::{Engine, Query, Ranked, Shape};
use crate::error::Result;
use crate::score::host::JobHost;
use crate::score::lots::queries;
use crate::score::model::Model;

/// Targets to be ranked.
pub struct Targets {
    /// `[n]`
    pub ids: Vec<u32>,
    pub k: u32,
}

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// The heads of layer `l`, reading z in place of x W_V.
    pub(super) async fn output_layer(&self, l: usize, host: &impl JobHost) -> Result<E::Layer> {
        let shape = self.layout.shape();
        let mut layer = self.engine.create_layer(shape)?;
        self.identity(shape.d_model, |first, rows| {
            self.engine.write_w_v(&mut layer, first, rows)
        })?;
        let c_proj = format!("h.{l}.attn.c_proj.weight");
        self.stream(&c_proj, 0..shape.d_model, host, async |first, rows| {
            self.engine.write_w_o(&mut layer, first, rows)
        })
        .await?;
        Ok(layer)
    }

    /// A layer of one head that does nothing: its output is x.
    pub(super) fn identity_layer(&self) -> Result<E::Layer> {
        let shape = Shape {
            n_head: 1,
            d_head: self.layout.d_model,
            ..self.layout.shape()
        };
        let mut layer = self.engine.create_layer(shape)?;
        self.identity(shape.d_model, |first, rows| {
            self.engine.write_w_v(&mut layer, first, rows)?;
            self.engine.write_w_o(&mut layer, first, rows)
        })?;
        Ok(layer)
    }

    fn identity(&self, d: usize, mut write: impl FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        let mut row = vec![0.0; d];
        for i in 0..d {
            row[i] = 1.0;
            write(i, &row)?;
            row[i] = 0.0;
        }
        Ok(())
    }

    /// Ranks the target of every row of `x` `[n, d_model]` by every head of `layer`:
    /// member bits `[n_head, n]` as in [`Ranked`].
    pub(super) async fn rank(
        &self,
        layer: &E::Layer,
        n_head: usize,
        x: &[f32],
        targets: &Targets,
        host: &impl JobHost,
    ) -> Result<Ranked> {
        let (d, n) = (self.layout.d_model, targets.ids.len());
        let embedding = self.embedding(host).await?;
        let host = RankHost::new(host, d);
        let k = vec![targets.k; n];
        let mut all = Ranked {
            member: vec![0; n_head * n],
            multiply_adds: 0,
            int8_multiply_adds: 0,
        };
        for (rows, lots) in queries(&targets.ids, std::slice::from_ref(&(0..n)), n_head, d) {
            let query = Query {
                sources: &x[rows.start * d..rows.end * d],
                targets: &targets.ids[rows.clone()],
                k: &k[rows.clone()],
                lots: &lots,
            };
            let pending = self.engine.submit(&embedding, layer, query, &host).await?;
            let ranked = self.engine.collect(pending, &host).await?;
            for (head, row) in ranked.member.chunks_exact(rows.len()).enumerate() {
                all.member[head * n + rows.start..][..rows.len()].copy_from_slice(row);
            }
            all.multiply_adds += ranked.multiply_adds;
            all.int8_multiply_adds += ranked.int8_multiply_adds;
        }
        Ok(all)
    }
}
