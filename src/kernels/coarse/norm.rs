//! How much a matrix that is rounded row by row can change a product, whatever it meets: a bound of the operator norm of what
//! rounding took. The rows' own lengths would give one too, several times as large.

use super::{MARGIN, Rows};
use crate::kernels::gemm::{PackedA, PackedB, matmul};

/// Squarings of E E^T: each brings the bound nearer to the norm, by the root of what it was off.
const SQUARINGS: usize = 3;

/// With E what [`Rows`] takes from the rows of `matrix` `[n, d]`: no less than |v E| for any v of length 1. None where that is no
/// number.
///
/// |E|^2 is the largest eigenvalue of G = E E^T, and that of A = G / trace(G), to the power of 2^i, is at most the Frobenius norm of
/// A^(2^i). A computed product is off by at most gamma_n times the product of its operands' norms (Higham, Accuracy and Stability of
/// Numerical Algorithms, section 3.5), which is added before each root.
pub fn lost_norm(matrix: &[f32], d: usize) -> Option<f32> {
    let n = matrix.len() / d;
    let lost = Rows::new(matrix.chunks_exact(d), d).lost(matrix);
    let mut a = times_transpose(&lost, n, d)?;
    let trace = (0..n).map(|i| f64::from(a[i * n + i])).sum::<f64>();
    if trace == 0.0 {
        return Some(0.0);
    }
    a.iter_mut().for_each(|x| *x = (f64::from(*x) / trace) as f32);
    let frobenius = |a: &[f32]| a.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt() * MARGIN;
    let mut norms = vec![frobenius(&a)];
    for _ in 0..SQUARINGS {
        // A is symmetric, bit for bit: both halves are the same sums.
        a = times_transpose(&a, n, n)?;
        norms.push(frobenius(&a));
    }
    let mut largest = norms.pop()?;
    while let Some(norm) = norms.pop() {
        largest = (largest + gamma(n) * norm * norm).sqrt();
    }
    // What the first product was off by, and the sums that the trace is of; then underflow of E itself.
    let squared = trace * MARGIN * (largest + 2.0 * gamma(d));
    let bound = (squared.sqrt() * MARGIN + (n * d) as f64 * f64::from(f32::MIN_POSITIVE)) as f32;
    bound.is_finite().then_some(bound)
}

fn gamma(n: usize) -> f64 {
    let nu = n as f64 * 2f64.powi(-24);
    nu / (1.0 - nu)
}

/// a a^T of `a` `[n, d]`.
fn times_transpose(a: &[f32], n: usize, d: usize) -> Option<Vec<f32>> {
    let mut transpose = PackedB::new(d, n, "a bound").ok()?;
    transpose.write_transposed(0, a);
    matmul(&PackedA::from_rows(a, d), &transpose).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    /// By the power method, in float64.
    fn norm(matrix: &[f32], d: usize) -> f64 {
        let rows = Rows::new(matrix.chunks_exact(d), d);
        let lost: Vec<f64> = rows.lost(matrix).into_iter().map(f64::from).collect();
        let mut x: Vec<f64> = (0..d).map(|i| 1.0 + (i % 7) as f64).collect();
        let mut length = 0.0;
        for _ in 0..200 {
            let e_x: Vec<f64> = lost
                .chunks_exact(d)
                .map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum())
                .collect();
            x = (0..d)
                .map(|i| lost.iter().skip(i).step_by(d).zip(&e_x).map(|(a, b)| a * b).sum())
                .collect();
            length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.iter_mut().for_each(|x| *x /= length.max(f64::MIN_POSITIVE));
        }
        length.sqrt()
    }

    #[test]
    fn is_a_bound_and_not_much_more() {
        for (n, d, scale) in [(1, 5, 1.0), (5, 1, 3.0), (7, 33, 1e-12), (64, 300, 0.1), (16, 80, 1e15)] {
            let matrix: Vec<f32> = noise(n * d, 5).into_iter().map(|x| x * scale).collect();
            let (bound, norm) = (f64::from(lost_norm(&matrix, d).unwrap()), norm(&matrix, d));
            assert!(
                bound >= norm && bound < 1.25 * norm + 1e-30,
                "{n} x {d}: {bound} for {norm}"
            );
        }
        // All rows lose the same: the norm is as large as the rows allow.
        let row = noise(40, 6);
        let (bound, norm) = (lost_norm(&row.repeat(9), 40).unwrap(), norm(&row.repeat(9), 40));
        assert!(
            f64::from(bound) >= norm && f64::from(bound) < 1.05 * norm,
            "{bound} for {norm}"
        );
    }

    #[test]
    fn nothing_lost_and_what_is_no_number() {
        assert_eq!(lost_norm(&[0.0; 12], 4), Some(0.0));
        assert_eq!(lost_norm(&[f32::NAN; 12], 4), None);
        assert_eq!(lost_norm(&[f32::MAX, -1.0, f32::INFINITY, 2.0], 2), None);
    }
}
