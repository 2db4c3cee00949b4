//! The twins.

use crate::kernels::project_rank::{Counts, logit};

const LEAST: f32 = 1e-15;
const MOST: f32 = 1e12;

/// Every token vector of `vectors` `[n, d]` times every row of `w_o` `[d_head, d]`: `[n, d_head]`.
pub fn project_plain(w_o: &[f32], vectors: &[f32], d: usize) -> Vec<f32> {
    vectors
        .chunks_exact(d)
        .flat_map(|e| w_o.chunks_exact(d).map(|row| logit(row, e)))
        .collect()
}

/// A token's part of a head's middle.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundedToken {
    /// `[d_head]`
    pub bytes: Vec<i8>,
    /// What a byte stands for.
    pub scale: f32,
    /// What the product with a v of length 1 can be off by; negative: nothing is told of this token.
    pub off: f32,
}

/// A row of W_O W_U, `[d_head]`; `off` as in [`super::off`].
pub fn round_plain(product: &[f32], off: f32) -> RoundedToken {
    let largest = product.iter().fold(0f32, |m, v| m.max(v.abs()));
    if !product.iter().all(|v| v.is_finite()) || !(LEAST..=MOST).contains(&largest) {
        return RoundedToken {
            bytes: vec![0; product.len()],
            scale: 1.0,
            off: -1.0,
        };
    }
    let scale = largest / 127.0;
    let whole = |v: &f32| (v / scale).round_ties_even().clamp(-127.0, 127.0);
    let lost: f32 = product.iter().map(|v| (v - whole(v) * scale).powi(2)).sum();
    RoundedToken {
        bytes: product.iter().map(|v| whole(v) as i8).collect(),
        scale,
        off: lost.sqrt() * 1.0001 + off,
    }
}

/// |v|, or -1 where it is no number to reckon with.
pub fn length_plain(v: &[f32]) -> f32 {
    let length = v.iter().map(|v| v * v).sum::<f32>().sqrt() * 1.0002 + 1e-16;
    if length <= MOST { length } else { -1.0 }
}

/// What a row has met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub counts: Counts,
    /// Tokens whose logit had to be summed itself.
    pub looked_at: u32,
}

/// Counts the tokens that beat `target` (token, z) for the row `y` `[d]`, which is v W_O, over tokens given by id, part of the middle and vector `[d]`.
pub fn count_through_plain<'a>(
    v: &[f32],
    y: &[f32],
    target: (u32, f32),
    tokens: impl Iterator<Item = (u32, &'a RoundedToken, &'a [f32])>,
) -> Seen {
    let length = length_plain(v);
    let mut seen = Seen::default();
    for (id, token, vector) in tokens.filter(|t| t.0 != target.0) {
        let sum = v
            .iter()
            .zip(&token.bytes)
            .fold(0f32, |sum, (v, b)| v.mul_add(f32::from(*b), sum));
        let by = sum * token.scale - target.1;
        let sure = length >= 0.0 && token.off >= 0.0 && by.abs() > length * token.off + LEAST;
        let (mut above, mut below) = (by > 0.0, by < 0.0);
        if !sure {
            let z = logit(y, vector);
            let tie = z == target.1 && id < target.0;
            (above, below) = (z > target.1 || tie, z < target.1 || tie);
            seen.looked_at += 1;
        }
        seen.counts.above += u32::from(above);
        seen.counts.below += u32::from(below);
    }
    seen
}
