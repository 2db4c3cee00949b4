//! A trial before the race: which rows have lost to a few tokens, told before the rows themselves are made.
//!
//! y u = v (W_O u), and W_O u is made once for all rows of a head. The targets are among the tokens, so a row's own logit comes the
//! same way, and y = v W_O is needed only of those who are left. The sums run in another order than the product's own: a comparison
//! counts if it is further from a tie than both of its logits can be off (`slack.rs`). One that is closer does not, and nobody
//! leaves who might overflow with any token, so whoever leaves has lost the race itself, too.

use super::slack::Orders;
use super::{Count, Work, panel_lengths};
use crate::error::Result;
use crate::kernels::gemm::{PackedA, PackedB, Panels, matmul};
use std::collections::HashMap;

/// Tokens for each row at most: more are dearer than the rows that they would spare.
const FOR_A_ROW: usize = 2;

/// The tokens that some rows meet first.
pub struct Rivals {
    /// Distinct.
    ids: Vec<u32>,
    /// Of every row, which of them is its target.
    own: Vec<usize>,
    /// `[d, ids.len()]`
    w_u: PackedB,
    /// No vector of theirs is longer.
    longest: f32,
}

/// One head, as its rows meet rivals.
pub struct HeadTrial {
    orders: Orders,
    /// `[d_head, d]`, packed.
    w_o: PackedA,
}

impl Rivals {
    /// The targets of rows and `likely` ones, as far as they are worth it; both may overlap, `likely` are distinct.
    pub fn choose(targets: &[u32], likely: &[u32]) -> Vec<u32> {
        let mut ids = targets.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let own = ids.len();
        let others = likely.iter().filter(|id| ids.binary_search(id).is_err());
        let others: Vec<_> = others.take(targets.len() * FOR_A_ROW - own).copied().collect();
        ids.extend(others);
        ids
    }

    /// Tokens `ids`, all distinct, whose vectors are `rows` `[ids.len(), d]`; every one of the rows' `targets` is among them.
    /// Fails when there is no memory.
    pub fn new(ids: Vec<u32>, rows: &[f32], targets: &[u32], d: usize) -> Result<Self> {
        let places: HashMap<_, _> = ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let mut w_u = PackedB::new(d, ids.len(), "the rivals")?;
        w_u.write_transposed(0, rows);
        Ok(Self {
            own: targets.iter().map(|target| places[target]).collect(),
            longest: panel_lengths(&w_u).into_iter().fold(0.0, f32::max),
            ids,
            w_u,
        })
    }

    /// The vectors of the targets of `rows`, `[rows.len(), d]`.
    pub fn target_rows(&self, rows: &[usize]) -> Vec<f32> {
        let d = self.w_u.inner();
        let mut vectors = vec![0.0; rows.len() * d];
        for (row, vector) in rows.iter().zip(vectors.chunks_exact_mut(d)) {
            self.w_u.column(self.own[*row], vector);
        }
        vectors
    }

    /// For the rows of `v` `[n, d_head]`, how many of the tokens surely beat the target; nothing is counted for rows of which a sum
    /// may overflow, no token of the vocabulary being longer than `longest`. Adds what it costs to `work`.
    pub fn count(&self, head: &HeadTrial, v: &[f32], longest: f32, work: &mut Work) -> Result<Vec<Count>> {
        let (d_head, n, cols) = (head.w_o.rows(), self.own.len(), self.ids.len());
        let longest = f64::from(longest);
        if !head.orders.safe(longest) {
            return Ok(vec![Count::default(); n]);
        }
        work.add((cols * d_head * (self.w_u.inner() + n)) as u64);
        let w_o_u = PackedB::from_rows(&matmul(&head.w_o, &self.w_u)?, d_head, cols)?;
        let near = matmul(&PackedA::from_rows(v, d_head), &w_o_u)?;
        let rows = near
            .chunks_exact(cols.max(1))
            .zip(v.chunks_exact(d_head))
            .zip(&self.own);
        let counts = rows.map(|((near, v), own)| {
            let slack = head.orders.slack(v);
            if !slack.safe(longest) {
                return Count::default();
            }
            // Its own and the other's.
            let (z, slack) = (f64::from(near[*own]), 2.0 * slack.at(f64::from(self.longest)));
            let (low, high) = ((z - slack) as f32, (z + slack) as f32);
            Count {
                above: near.iter().map(|z| u32::from(*z > high)).sum(),
                below: near.iter().map(|z| u32::from(*z < low)).sum(),
                not_finite: false,
            }
        });
        Ok(counts.collect())
    }
}

impl HeadTrial {
    /// `w_o` is `[d_head, d]`, finite.
    pub fn new(w_o: &[f32], d: usize) -> Self {
        Self {
            orders: Orders::new(w_o, d),
            w_o: PackedA::from_rows(w_o, d),
        }
    }
}

#[cfg(test)]
mod tests;
