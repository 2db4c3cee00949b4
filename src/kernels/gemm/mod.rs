//! Matrix product on the CPU: packed panels, a register block of [`MR`] x [`NR`].
//!
//! Every output is summed over the inner index in ascending order, one rounding an operation, in
//! every path (block, edge, single dot product). So the same two vectors give the same bits
//! wherever they meet, which is what lets a target's logit be compared for ties with the others.

mod micro;
mod pack;

pub use micro::{MR, NR, Tile, dot_in_order, dots_in_order, four_in_order, tile, tile_onto};
pub use pack::{PackedA, PackedB, Panels};

use crate::error::{Result, zeroed};
use std::ops::Range;

/// Inner indices taken at a time by [`matmul_onto`]: a panel of A and one of B for them stay in the
/// first-level cache together (21 KB).
const STRETCH: usize = 384;

/// `c[m, n] = a[m, k] b[k, n]`, row-major.
pub fn matmul(a: &PackedA, b: &PackedB) -> Result<Vec<f32>> {
    let mut c = zeroed(a.rows() * b.cols(), "a matrix product")?;
    matmul_into(a, b, &mut c, b.cols(), false);
    Ok(c)
}

/// `c = a b` or, with `add`, `c += a b`; `c` has rows of `stride >= b.cols()` elements.
pub fn matmul_into(a: &PackedA, b: &PackedB, c: &mut [f32], stride: usize, add: bool) {
    assert_eq!(a.inner(), b.inner(), "inner sizes differ");
    for pj in 0..b.panels() {
        let cols = NR.min(b.cols() - pj * NR);
        for pi in 0..a.panels() {
            let t = tile(a.panel(pi), b.panel(pj));
            let rows = MR.min(a.rows() - pi * MR);
            for (r, values) in t.iter().enumerate().take(rows) {
                let at = (pi * MR + r) * stride + pj * NR;
                let out = &mut c[at..at + cols];
                if add {
                    out.iter_mut().zip(values).for_each(|(o, v)| *o += v);
                } else {
                    out.copy_from_slice(&values[..cols]);
                }
            }
        }
    }
}

/// `c += a b`, every sum going on from what `c` `[m, n]`, row-major, holds: for inner sizes of a whole MLP.
pub fn matmul_onto(a: &PackedA, b: &PackedB, c: &mut [f32]) {
    let (k, n) = (a.inner(), b.cols());
    assert!(k == b.inner() && c.len() == a.rows() * n, "sizes differ");
    for from in (0..k).step_by(STRETCH) {
        let to = (from + STRETCH).min(k);
        for pj in 0..b.panels() {
            let y = &b.panel(pj)[from * NR..to * NR];
            let cols = NR.min(n - pj * NR);
            for pi in 0..a.panels() {
                let x = &a.panel(pi)[from * MR..to * MR];
                let rows = MR.min(a.rows() - pi * MR);
                let mut t = [[0.0; NR]; MR];
                let c = &mut c[pi * MR * n + pj * NR..];
                // Lengths that the compiler knows: a copy of any length is a call, and twelve of them a tenth of the tile.
                if cols == NR {
                    for (r, sum) in t.iter_mut().enumerate().take(rows) {
                        *sum = *c[r * n..].first_chunk().expect("a whole row of the tile");
                    }
                    tile_onto(x, y, &mut t);
                    for (r, sum) in t.iter().enumerate().take(rows) {
                        *c[r * n..].first_chunk_mut().expect("a whole row of the tile") = *sum;
                    }
                } else {
                    for (r, sum) in t.iter_mut().enumerate().take(rows) {
                        sum[..cols].copy_from_slice(&c[r * n..][..cols]);
                    }
                    tile_onto(x, y, &mut t);
                    for (r, sum) in t.iter().enumerate().take(rows) {
                        c[r * n..][..cols].copy_from_slice(&sum[..cols]);
                    }
                }
            }
        }
    }
}

/// `c[:, the columns of `panels`] = a b` of `c` `[m, n]`, row-major.
pub fn matmul_panels(a: &PackedA, b: &impl Panels, panels: Range<usize>, c: &mut [f32]) {
    let n = b.cols();
    assert!(a.inner() == b.inner() && c.len() == a.rows() * n, "sizes differ");
    let mut room = vec![];
    for pj in panels {
        let panel = b.panel_in(pj, &mut room);
        let cols = NR.min(n - pj * NR);
        for pi in 0..a.panels() {
            let t = tile(a.panel(pi), panel);
            for (r, values) in t.iter().enumerate().take(a.rows() - pi * MR) {
                c[(pi * MR + r) * n + pj * NR..][..cols].copy_from_slice(&values[..cols]);
            }
        }
    }
}

/// The twin: three loops.
pub fn matmul_plain(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f32> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for x in 0..k {
                c[i * n + j] += a[i * k + x] * b[x * n + j];
            }
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    /// Odd shapes, so that swapped sizes and forgotten edges cannot pass.
    const SHAPES: [(usize, usize, usize); 6] = [
        (1, 1, 1),
        (7, 300, 5),
        (6, 8, 8),
        (13, 257, 17),
        (5, 3, 129),
        (30, 64, 9),
    ];

    #[test]
    #[cfg(not(target_feature = "relaxed-simd"))]
    fn equals_its_twin_bit_for_bit() {
        for (m, k, n) in SHAPES {
            let (a, b) = (noise(m * k, 1), noise(k * n, 2));
            let got = matmul(&PackedA::from_rows(&a, k), &PackedB::from_rows(&b, k, n).unwrap()).unwrap();
            assert_eq!(got, matmul_plain(&a, &b, m, k, n), "{m} x {k} x {n}");
        }
    }

    #[test]
    fn single_dot_product_has_the_bits_of_the_block() {
        let (m, k, n) = (7, 131, 11);
        let (a, b) = (noise(m * k, 3), noise(n * k, 4));
        let mut packed = PackedB::new(k, n, "test").unwrap();
        packed.write_transposed(0, &b);
        let c = matmul(&PackedA::from_rows(&a, k), &packed).unwrap();
        let mut column = vec![0.0; k];
        for i in 0..m {
            for j in 0..n {
                packed.column(j, &mut column);
                assert_eq!(column, b[j * k..(j + 1) * k]);
                assert_eq!(
                    dot_in_order(&a[i * k..(i + 1) * k], &column).to_bits(),
                    c[i * n + j].to_bits()
                );
                let (rows, all) = ([0, 1, 2].map(|s| (i + s) % m), [0, 1, 2].map(|s| (j + s) % n));
                let dots = dots_in_order(rows.map(|i| &a[i * k..][..k]), all.map(|j| &b[j * k..][..k]));
                for (dot, (i, j)) in dots.iter().zip(rows.iter().zip(all)) {
                    assert_eq!(dot.to_bits(), c[i * n + j].to_bits());
                }
                let four = [0, 1, 2, 3].map(|s| (j + s) % n);
                let columns: Vec<f32> = (0..k).flat_map(|x| four.map(|j| b[j * k + x])).collect();
                let dots = four_in_order(&a[i * k..(i + 1) * k], &columns);
                assert_eq!(dots.map(f32::to_bits), four.map(|j| c[i * n + j].to_bits()));
            }
        }
    }

    #[test]
    fn goes_on_from_what_is_there_in_one_sum() {
        for (m, k, n) in SHAPES.into_iter().chain([(13, 2 * STRETCH + 5, 17)]) {
            let (a, b) = (noise(m * k, 7), noise(k * n, 8));
            let mut c = noise(m * n, 9);
            let mut want = c.clone();
            for i in 0..m {
                for j in 0..n {
                    for x in 0..k {
                        want[i * n + j] += a[i * k + x] * b[x * n + j];
                    }
                }
            }
            matmul_onto(
                &PackedA::from_rows(&a, k),
                &PackedB::from_rows(&b, k, n).unwrap(),
                &mut c,
            );
            assert_eq!(c, want, "{m} x {k} x {n}");
        }
    }

    #[test]
    fn adds_into_a_strided_output() {
        let (m, k, n, stride) = (9, 5, 10, 13);
        let (a, b) = (noise(m * k, 5), noise(k * n, 6));
        let mut c = vec![7.0; m * stride];
        matmul_into(
            &PackedA::from_rows(&a, k),
            &PackedB::from_rows(&b, k, n).unwrap(),
            &mut c,
            stride,
            true,
        );
        let plain = matmul_plain(&a, &b, m, k, n);
        for i in 0..m {
            for j in 0..stride {
                let want = if j < n { 7.0 + plain[i * n + j] } else { 7.0 };
                assert_eq!(c[i * stride + j], want);
            }
        }
    }
}
