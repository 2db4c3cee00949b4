//! How far rounding a matrix moves given rows times it: of every row v, the length of v E, with E what rounding took. A bound that
//! holds whatever v meets, the operator norm of E, is half as large again where E is as good as noise.

use super::MARGIN;
use crate::kernels::gemm::{PackedA, PackedB, matmul};

/// Rows whose products are held at a time.
const ROWS: usize = 256;

/// No less than |v E| of every row of `v` `[n, inner]`, where `e` `[inner, d]` is E to float32's precision. Infinite or no number where the
/// product is. None when the memory is not there.
///
/// A computed product is off by at most gamma_inner |v| |E|, number by number (Higham, Accuracy and Stability of Numerical Algorithms,
/// section 3.5), so by at most gamma_inner times the sum of |v_i| |row i of E| in length.
pub fn lengths(v: &[f32], e: &[f32], d: usize) -> Option<Vec<f64>> {
    let inner = e.len() / d;
    let packed = PackedB::from_rows(e, inner, d).ok()?;
    let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let norms: Vec<f64> = e.chunks_exact(d).map(norm).collect();
    let nu = inner as f64 * 2f64.powi(-24);
    let gamma = nu / (1.0 - nu);
    // The smallest numbers of E, and of the products, may have been taken for 0.
    let floor = (inner * d) as f64 * f64::from(f32::MIN_POSITIVE);
    let mut found = Vec::with_capacity(v.len() / inner);
    for some in v.chunks(ROWS * inner) {
        let products = matmul(&PackedA::from_rows(some, inner), &packed).ok()?;
        found.extend(
            some.chunks_exact(inner)
                .zip(products.chunks_exact(d))
                .map(|(v, product)| {
                    let sizes = v.iter().map(|v| f64::from(v.abs()));
                    let spread: f64 = sizes.clone().zip(&norms).map(|(v, norm)| v * norm).sum();
                    (norm(product) + gamma * spread) * MARGIN + floor * (1.0 + sizes.sum::<f64>())
                }),
        );
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    #[test]
    fn is_a_bound_and_not_much_more() {
        let shapes = [
            (1, 1, 5, 1.0),
            (3, 5, 1, 3.0),
            (7, 7, 33, 1e-12),
            (300, 64, 80, 0.1),
            (2, 16, 80, 1e15),
        ];
        for (n, inner, d, scale) in shapes {
            let v = noise(n * inner, 3);
            let e: Vec<f32> = noise(inner * d, 5).into_iter().map(|x| x * scale).collect();
            let bounds = lengths(&v, &e, d).unwrap();
            assert_eq!(bounds.len(), n);
            for (v, bound) in v.chunks_exact(inner).zip(bounds) {
                let of_column = |j: usize| -> f64 {
                    let column = e.iter().skip(j).step_by(d);
                    v.iter().zip(column).map(|(v, e)| f64::from(*v) * f64::from(*e)).sum()
                };
                let length = (0..d).map(|j| of_column(j).powi(2)).sum::<f64>().sqrt();
                assert!(bound >= length && bound < 1.02 * length + 1e-30, "{bound} for {length}");
            }
        }
    }

    /// Products that float32 finds to be nothing.
    #[test]
    fn what_cancels_in_float32_is_allowed_for() {
        let (v, e) = ([1.0, 1.0, 1.0], [1e8f32, 1.0, -1e8]);
        assert!(lengths(&v, &e, 1).unwrap()[0] >= 1.0);
        assert!(lengths(&[1e-30], &[1e-30], 1).unwrap()[0] >= 1e-60);
    }

    #[test]
    fn nothing_lost_and_what_is_no_number() {
        assert!(lengths(&[1.0, -2.0], &[0.0; 8], 4).unwrap()[0] < 1e-30);
        assert!(lengths(&[f32::NAN, 0.0], &[1.0; 8], 4).unwrap()[0].is_nan());
        assert_eq!(lengths(&[f32::MAX], &[f32::MAX; 2], 2).unwrap(), [f64::INFINITY]);
    }
}
