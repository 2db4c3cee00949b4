//! The register block in eight bits: [`MR`] rows times [`NR`] columns, four of the inner index at a time.

use crate::kernels::gemm::{MR, NR};

/// `a` is `[k, MR, 4]` with values under 128, `b` is `[k, NR, 4]`; the sums go on from `start`.
pub fn tile8_plain(a: &[u8], b: &[i8], start: &[i32; NR]) -> [[i32; NR]; MR] {
    let mut sums = [*start; MR];
    for (x, y) in a.chunks_exact(4 * MR).zip(b.chunks_exact(4 * NR)) {
        for (sums, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            for (sum, y) in sums.iter_mut().zip(y.as_chunks::<4>().0) {
                *sum += (0..4).map(|i| i32::from(x[i]) * i32::from(y[i])).sum::<i32>();
            }
        }
    }
    sums
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
pub use tile8_plain as tile8;

/// [`tile8_plain`] by the instruction for it. With seven bits in `a` no pair of products leaves sixteen, so what the
/// standard leaves open does not occur, and the sums are the same everywhere.
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
#[inline(never)]
pub fn tile8(a: &[u8], b: &[i8], start: &[i32; NR]) -> [[i32; NR]; MR] {
    use core::arch::wasm32::*;
    let k = (a.len() / (4 * MR)).min(b.len() / (4 * NR));
    let mut sums = [[0; NR]; MR];
    // SAFETY: k was taken so that a step stays inside both slices; a row of sums is two vectors.
    unsafe {
        let from = start.as_ptr();
        let (s0, s1) = (v128_load(from as *const v128), v128_load(from.add(4) as *const v128));
        let mut s = [[s0, s1]; MR];
        let (mut pa, mut pb) = (a.as_ptr(), b.as_ptr());
        for _ in 0..k {
            let y0 = v128_load(pb as *const v128);
            let y1 = v128_load(pb.add(16) as *const v128);
            for (r, s) in s.iter_mut().enumerate() {
                let x = v128_load32_splat(pa.add(4 * r) as *const u32);
                s[0] = i32x4_relaxed_dot_i8x16_i7x16_add(y0, x, s[0]);
                s[1] = i32x4_relaxed_dot_i8x16_i7x16_add(y1, x, s[1]);
            }
            pa = pa.add(4 * MR);
            pb = pb.add(4 * NR);
        }
        for (row, s) in sums.iter_mut().zip(s) {
            v128_store(row.as_mut_ptr() as *mut v128, s[0]);
            v128_store(row.as_mut_ptr().add(4) as *mut v128, s[1]);
        }
    }
    sums
}
