//! The embedding: in this thread, or spread over others.

use super::shard::Shard;
use crate::engine::Shape;
use crate::error::Result;
use crate::kernels::rank::{Count, Entrants, Work};
use std::pin::Pin;

/// A future of this thread that may outlive its caller's borrow.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// What was counted for every row, and the work done.
pub type Counted = (Vec<Count>, Work);

/// Shards in other threads. What is called starts at once, whether or not the future is polled.
pub trait Elsewhere {
    /// Rows of W_E from token `first_row` on.
    fn write(&self, first_row: usize, rows: &[f32]) -> Result<()>;
    /// Rows of W_E, `[ids.len(), d_model]`.
    fn rows(&self, ids: &[u32]) -> LocalFuture<Vec<f32>>;
    /// x W_U of every row of `x` `[n, d_model]`: `[n, n_vocab]`.
    fn logits(&self, x: &[f32]) -> LocalFuture<Vec<f32>>;
    /// The counts of every entrant over the whole vocabulary, and the work done.
    fn count(&self, entrants: Entrants) -> LocalFuture<Counted>;
}

/// Makes room for an embedding elsewhere; `None`: it is too small to be worth it.
pub type Spread = dyn Fn(Shape) -> Result<Option<Box<dyn Elsewhere>>>;

/// Where the one copy of the embedding is.
pub enum Vocabulary {
    Here(Shard),
    Elsewhere(Box<dyn Elsewhere>),
}

impl Vocabulary {
    pub(super) fn new(shape: Shape, spread: Option<&Spread>) -> Result<Self> {
        match spread.map(|s| s(shape)).transpose()?.flatten() {
            Some(elsewhere) => Ok(Self::Elsewhere(elsewhere)),
            None => Ok(Self::Here(Shard::new(0, shape.n_vocab, shape.d_model)?)),
        }
    }

    pub(super) fn write(&mut self, first_row: usize, rows: &[f32]) -> Result<()> {
        match self {
            Self::Here(shard) => shard.write(first_row, rows),
            Self::Elsewhere(e) => e.write(first_row, rows),
        }
    }

    pub(super) async fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        match self {
            Self::Here(shard) => Ok(shard.rows(ids)),
            Self::Elsewhere(e) => e.rows(ids).await,
        }
    }

    #[cfg(feature = "run")]
    pub(super) async fn logits(&self, x: &[f32], host: &impl crate::engine::Host) -> Result<Vec<f32>> {
        match self {
            Self::Here(shard) => shard.logits(x, host).await,
            Self::Elsewhere(e) => e.logits(x).await,
        }
    }
}
