//! The register block: [`MR`] rows of A times [`NR`] columns of B.
//!
//! 6 x 8 fills 12 of SSE's 16 registers with sums and leaves room for one row of B and one
//! element of A. wasm has no way to say "16 registers", but its engines map v128 to these (V8
//! keeps one for itself). Without a fused multiply-add each product needs a register too, so the
//! block is a row lower there: a sum that is spilled costs more than the row.

/// Rows of A in a block.
pub const MR: usize = if cfg!(all(target_arch = "wasm32", not(target_feature = "relaxed-simd"))) {
    5
} else {
    6
};
/// Columns of B in a block.
pub const NR: usize = 8;
/// One block of the product.
pub type Tile = [[f32; NR]; MR];

/// `a` is `[k, MR]`, `b` is `[k, NR]`, both packed; each sum runs over k in ascending order.
pub fn tile(a: &[f32], b: &[f32]) -> Tile {
    let mut sum = [[0.0f32; NR]; MR];
    tile_onto(a, b, &mut sum);
    sum
}

/// [`tile`], each sum going on from what `sum` holds.
#[cfg(not(target_arch = "wasm32"))]
pub fn tile_onto(a: &[f32], b: &[f32], sum: &mut Tile) {
    let mut s = *sum;
    for (x, y) in a.as_chunks::<MR>().0.iter().zip(b.as_chunks::<NR>().0) {
        for r in 0..MR {
            for c in 0..NR {
                s[r][c] += x[r] * y[c];
            }
        }
    }
    *sum = s;
}

/// A dot product with the bits that [`tile`] would give.
pub fn dot_in_order(a: &[f32], b: &[f32]) -> f32 {
    let [dot] = dots_in_order([a], [b]);
    dot
}

/// Dot products of as many pairs of vectors, all of one length, with the bits that [`tile`] would give. Several at a time: each
/// would wait for its own last sum.
#[cfg(not(target_feature = "relaxed-simd"))]
pub fn dots_in_order<const N: usize>(a: [&[f32]; N], b: [&[f32]; N]) -> [f32; N] {
    let (a, b) = one_length(a, b);
    let mut sums = [0.0; N];
    for i in 0..a[0].len() {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a[i] * b[i];
        }
    }
    sums
}

/// All cut to the length of the shortest, so that the compiler sees that they are of one length.
fn one_length<'a, const N: usize>(a: [&'a [f32]; N], b: [&'a [f32]; N]) -> ([&'a [f32]; N], [&'a [f32]; N]) {
    let n = a.iter().chain(&b).map(|v| v.len()).min().unwrap_or(0);
    (a.map(|v| &v[..n]), b.map(|v| &v[..n]))
}

/// Dot products of `row` with four columns, `[k, 4]`, with the bits that [`tile`] would give. Four at a time: each
/// would wait for its own last sum.
#[cfg(not(target_feature = "relaxed-simd"))]
pub fn four_in_order(row: &[f32], columns: &[f32]) -> [f32; 4] {
    let mut sums = [0.0; 4];
    for (x, y) in row.iter().zip(columns.as_chunks::<4>().0) {
        for (sum, y) in sums.iter_mut().zip(y) {
            *sum += x * y;
        }
    }
    sums
}

#[cfg(target_arch = "wasm32")]
pub use wasm::tile_onto;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub use wasm::{dots_in_order, four_in_order};

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::{MR, NR, Tile};
    use core::arch::wasm32::*;

    /// s + x y: one rounding where the build has relaxed SIMD (and the machine an FMA), else two.
    #[inline(always)]
    fn madd(x: v128, y: v128, s: v128) -> v128 {
        #[cfg(target_feature = "relaxed-simd")]
        return f32x4_relaxed_madd(x, y, s);
        #[cfg(not(target_feature = "relaxed-simd"))]
        f32x4_add(s, f32x4_mul(x, y))
    }

    /// Not inlined: what stands around it must not take its registers.
    #[inline(never)]
    pub fn tile_onto(a: &[f32], b: &[f32], sum: &mut Tile) {
        let k = (a.len() / MR).min(b.len() / NR);
        let mut s = [[f32x4_splat(0.0); 2]; MR];
        for (row, s) in sum.iter().zip(&mut s) {
            // SAFETY: a row of the tile is NR = 8 floats, two vectors.
            unsafe {
                s[0] = v128_load(row.as_ptr() as *const v128);
                s[1] = v128_load(row.as_ptr().add(4) as *const v128);
            }
        }
        let (mut pa, mut pb) = (a.as_ptr(), b.as_ptr());
        for _ in 0..k {
            // SAFETY: k was taken so that MR and NR elements a step stay inside both slices.
            unsafe {
                let y0 = v128_load(pb as *const v128);
                let y1 = v128_load(pb.add(4) as *const v128);
                for (r, s) in s.iter_mut().enumerate() {
                    let x = v128_load32_splat(pa.add(r) as *const u32);
                    s[0] = madd(x, y0, s[0]);
                    s[1] = madd(x, y1, s[1]);
                }
                pa = pa.add(MR);
                pb = pb.add(NR);
            }
        }
        for (row, s) in sum.iter_mut().zip(s) {
            // SAFETY: as above.
            unsafe {
                v128_store(row.as_mut_ptr() as *mut v128, s[0]);
                v128_store(row.as_mut_ptr().add(4) as *mut v128, s[1]);
            }
        }
    }

    /// See above: the same instruction, one lane used.
    #[cfg(target_feature = "relaxed-simd")]
    pub fn dots_in_order<const N: usize>(a: [&[f32]; N], b: [&[f32]; N]) -> [f32; N] {
        let (a, b) = super::one_length(a, b);
        let mut sums = [f32x4_splat(0.0); N];
        for i in 0..a[0].len() {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = madd(f32x4_splat(a[i]), f32x4_splat(b[i]), *sum);
            }
        }
        sums.map(|sum| f32x4_extract_lane::<0>(sum))
    }

    /// See above: the same instruction, a lane for each column.
    #[cfg(target_feature = "relaxed-simd")]
    pub fn four_in_order(row: &[f32], columns: &[f32]) -> [f32; 4] {
        let mut s = f32x4_splat(0.0);
        for (x, [a, b, c, d]) in row.iter().zip(columns.as_chunks::<4>().0) {
            s = madd(f32x4_splat(*x), f32x4(*a, *b, *c, *d), s);
        }
        [
            f32x4_extract_lane::<0>(s),
            f32x4_extract_lane::<1>(s),
            f32x4_extract_lane::<2>(s),
            f32x4_extract_lane::<3>(s),
        ]
    }
}
