//! The twin: four loops.

use super::{Place, Sizes};

/// `c[m, n] = a[m, k] b[k, n]` for a batch, laid out as [`Place`]s say.
pub fn gemm_plain(sizes: Sizes, a: (&[f32], Place), b: (&[f32], Place), c: (&mut [f32], Place)) {
    for z in 0..sizes.batch {
        for i in 0..sizes.m {
            for j in 0..sizes.n {
                let mut sum = 0.0;
                for x in 0..sizes.k {
                    sum += a.0[a.1.first + z * a.1.step + i * a.1.row + x]
                        * b.0[b.1.first + z * b.1.step + x * b.1.row + j];
                }
                c.0[c.1.first + z * c.1.step + i * c.1.row + j] = sum;
            }
        }
    }
}
