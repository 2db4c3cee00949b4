//! A head's middle: W_O W_U `[d_head, n_vocab]`, rounded to bytes, and the race through it.
//!
//! A logit is v (W_O W_U) as well as (v W_O) W_U, for d_head multiply-adds in place of d_model. The sums run in another order, and
//! bytes are not floats: what stands for a logit is off by no more than [`off`] and what rounding lost say. A token that is
//! closer to a tie is looked at itself, in the order of the product: so the counts are those of `project_rank`, whatever the bytes.

mod cpu;
mod kernels;

pub use cpu::{RoundedToken, Seen, count_through_plain, length_plain, project_plain, round_plain};
pub use kernels::{Through, ThroughBound, ThroughColumns};

/// No number of a head that is told of by its middle is larger: sums under it do not overflow.
const MOST: f64 = 1e12;

/// Words of a token: its bytes, its scale, and what it can be off by. `n4` is d_head / 4.
pub fn words(n4: usize) -> usize {
    n4 + 2
}

/// What rounding in float32 can do to a logit beside the bytes' part, for a v of length 1; `None`: too much.
///
/// `w_o` is the Frobenius norm of the head's W_O `[d_head, d]`, and no token vector is longer than `longest`.
/// With gamma_n = n u / (1 - n u), u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1) and
/// |W_O| |e| >= the sum of absolute products: the product itself is off by at most gamma_d + gamma_dh, the elements of
/// W_O e by gamma_d, the sum over bytes (with its scale) by 2 gamma_(dh + 2), and what rounding took, being a difference, by another
/// gamma_dh. A tenth more covers the products of these bounds.
pub fn off(d: usize, d_head: usize, w_o: f64, longest: f64) -> Option<f32> {
    let gamma = |n: usize| n as f64 * 2f64.powi(-24) / (1.0 - n as f64 * 2f64.powi(-24));
    let off = (2.2 * gamma(d) + 4.4 * gamma(d_head + 2)) * w_o * longest;
    (w_o <= MOST && longest <= MOST && off <= MOST).then_some(off as f32 * (1.0 + f32::EPSILON))
}

#[cfg(test)]
mod tests;
