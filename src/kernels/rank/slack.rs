//! How far a logit summed through a head's narrow middle, v (W_O u), can be from the product's own, (v W_O) u.
//!
//! With gamma_n = n u / (1 - n u), u = 2^-24, a sum of n products in any order is wrong by at
//! most gamma_n times the sum of the absolute products (Higham, Accuracy and Stability of Numerical
//! Algorithms, section 3.1). Both orders go through sums of d_head and of d, and the absolute products
//! together are at most (sum of |v_i| |row i of W_O|) |u_j|.

use super::entrants::length;

/// Under this no intermediate sum overflows.
const SAFE: f64 = 1e37;
/// More than d times half of the smallest number there is: what underflow can add to a sum, for
/// vectors of length 1.
pub(super) const UNDERFLOW: f64 = 1e-39;

/// What holds for all rows of one head.
pub(super) struct Orders {
    /// Of every row of W_O.
    lengths: Vec<f64>,
    /// Of the absolute products.
    share: f64,
}

/// What holds for one row v.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slack {
    /// The sum of |v_i| |row i of W_O|: no sum of v W_O u is larger, for a token vector of length 1.
    spread: f64,
    /// The most by which the two orders differ, for a token vector of length 1.
    pub near: f64,
    /// The sum of |v_i|.
    pub size: f64,
}

impl Orders {
    /// `w_o` is `[d_head, d]`.
    pub fn new(w_o: &[f32], d: usize) -> Self {
        let gamma = |n: usize| n as f64 * 2f64.powi(-24) / (1.0 - n as f64 * 2f64.powi(-24));
        Self {
            lengths: w_o.chunks_exact(d).map(length).collect(),
            // Twice both sums, a hundredth for the products of the two bounds and for this arithmetic.
            share: 2.02 * (gamma(d) + gamma(w_o.len() / d)),
        }
    }

    /// Of `v` `[d_head]`.
    pub fn slack(&self, v: &[f32]) -> Slack {
        let (mut spread, mut size) = (0.0, 0.0);
        for (v, length) in v.iter().zip(&self.lengths) {
            let v = f64::from(v.abs());
            spread += v * length;
            size += v;
        }
        Slack {
            spread,
            near: self.share * spread,
            size,
        }
    }

    /// Whether no product of W_O with token vectors up to `longest` overflows.
    pub fn safe(&self, longest: f64) -> bool {
        self.lengths.iter().all(|length| safe(*length, longest))
    }
}

impl Slack {
    /// Whether no sum of this row overflows with token vectors up to `longest`, in either order.
    pub fn safe(self, longest: f64) -> bool {
        safe(self.spread, longest)
    }

    /// The two orders differ by no more than this, for token vectors up to `longest`.
    pub fn at(self, longest: f64) -> f64 {
        self.near * longest + UNDERFLOW * (1.0 + longest + self.size)
    }
}

/// A NaN is not.
fn safe(length: f64, longest: f64) -> bool {
    length <= SAFE && length * longest <= SAFE
}
