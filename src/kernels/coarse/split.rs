//! A float as the byte that it is rounded to and 24 bits that the byte does not tell. Both together are the float, bit for bit,
//! so an embedding and its bytes take no more memory than the embedding.
//!
//! The byte b = round(v / unit) tells the sign of v where it is not 0, and its size: |v| lies between half and one and a half times
//! |b| unit (for |b| = 1; closer for more). As integers, the bits of positive floats are in the order of the floats, and from half of
//! one to one and a half times it there are fewer than 2^24. So 24 bits tell which of them |v| is. Where the byte is 0, eight more
//! are kept elsewhere.

use super::{COLUMN_MOST, GROUP};
use crate::kernels::gemm::NR;

const SIGN: u32 = 1 << 31;
/// From the bits of half of a float to those of the float there are 2^23 at most; the rest is for what rounding to the byte
/// may be wrong by.
const BELOW: u32 = (1 << 23) + (1 << 16);

/// What the bytes of a vector are multiples of: its largest number becomes 127.
pub fn unit(largest: f32) -> f32 {
    (largest / COLUMN_MOST).max(f32::MIN_POSITIVE)
}

/// Four numbers rounded, and the numbers in units.
#[inline(always)]
pub fn rounded(values: [f32; GROUP], unit: f32) -> ([i32; GROUP], [f32; GROUP]) {
    let scaled = values.map(|v| v / unit);
    let bytes = scaled.map(|v| v.round_ties_even().clamp(-COLUMN_MOST, COLUMN_MOST) as i32);
    (bytes, scaled)
}

/// The bits of the float that a byte is about, without its sign.
#[inline(always)]
fn about(byte: i8, unit: f32) -> u32 {
    (f32::from(byte).abs() * unit).to_bits()
}

/// What `byte` does not tell of `value`: 24 bits, low and high, and eight more that are wanted where it is 0.
#[inline(always)]
pub fn rest(value: f32, byte: i8, unit: f32) -> (u16, u8, u8) {
    let bits = value.to_bits();
    let rest = match byte {
        0 => bits,
        _ => (bits & !SIGN) + BELOW - about(byte, unit),
    };
    debug_assert!(byte == 0 || rest < 1 << 24);
    (rest as u16, (rest >> 16) as u8, (rest >> 24) as u8)
}

/// The number of which `byte`, not 0, and 24 bits were kept.
#[inline(always)]
fn joined(byte: i8, low: u16, high: u8, unit: f32) -> f32 {
    let rest = u32::from(low) | u32::from(high) << 16;
    let bits = about(byte, unit).wrapping_add(rest).wrapping_sub(BELOW);
    f32::from_bits(bits | (i32::from(byte) as u32 & SIGN))
}

/// The number whose byte is 0.
#[inline(always)]
fn small(low: u16, high: u8, extra: u8) -> f32 {
    f32::from_bits(u32::from(low) | u32::from(high) << 16 | u32::from(extra) << 24)
}

/// One column of a panel, of which the bytes stand [`NR`] groups apart.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// From the column's first group on.
    pub bytes: &'a [[i8; GROUP]],
    pub low: &'a [[u16; GROUP]],
    pub high: &'a [[u8; GROUP]],
    /// Of each byte that is 0; where there are fewer, they are 0.
    pub extra: &'a [u8],
    pub unit: f32,
}

impl Parts<'_> {
    /// Group `g` by itself; `extra` is what is left of it.
    #[inline(always)]
    fn group(&self, g: usize, extra: &mut std::slice::Iter<'_, u8>) -> [f32; GROUP] {
        let (bytes, low, high) = (self.bytes[g * NR], self.low[g], self.high[g]);
        std::array::from_fn(|i| match bytes[i] {
            0 => small(low[i], high[i], extra.next().copied().unwrap_or(0)),
            byte => joined(byte, low[i], high[i], self.unit),
        })
    }
}

/// The column's numbers, to every `STRIDE`th place of `to`, as many as there are places.
pub fn join_plain<const STRIDE: usize>(column: Parts<'_>, to: &mut [f32]) {
    let mut extra = column.extra.iter();
    let n = to.len().div_ceil(STRIDE);
    for g in 0..n.div_ceil(GROUP) {
        let four = column.group(g, &mut extra);
        for (i, value) in four.into_iter().enumerate().take(n - g * GROUP) {
            to[(g * GROUP + i) * STRIDE] = value;
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use join_plain as join;
#[cfg(target_arch = "wasm32")]
pub use wasm::join;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::*;
    use core::arch::wasm32::*;

    /// [`join_plain`], four at a time; held against it before it is used.
    #[inline(never)]
    pub fn join<const STRIDE: usize>(column: Parts<'_>, to: &mut [f32]) {
        let mut extra = column.extra.iter();
        let n = to.len().div_ceil(STRIDE);
        let whole = (n / GROUP).min(column.low.len()).min(column.high.len());
        let whole = whole.min(column.bytes.len().div_ceil(NR));
        let bits = |x: u32| i32x4_splat(x as i32);
        let (unit, below, sign) = (f32x4_splat(column.unit), bits(BELOW), bits(SIGN));
        for g in 0..whole {
            // SAFETY: `whole` was taken so that group g is inside all three, and its places inside `to`.
            unsafe {
                let bytes = v128_load32_zero(column.bytes.as_ptr().add(g * NR) as *const u32);
                let low = v128_load64_zero(column.low.as_ptr().add(g) as *const u64);
                let high = v128_load32_zero(column.high.as_ptr().add(g) as *const u32);
                let bytes = i32x4_extend_low_i16x8(i16x8_extend_low_i8x16(bytes));
                let high = u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(high));
                let rest = v128_or(u32x4_extend_low_u16x8(low), i32x4_shl(high, 16));
                let about = f32x4_mul(f32x4_convert_i32x4(i32x4_abs(bytes)), unit);
                let joined = i32x4_add(about, i32x4_sub(rest, below));
                let mut four = v128_or(joined, v128_and(bytes, sign));
                if !i32x4_all_true(bytes) {
                    let values = column.group(g, &mut extra);
                    four = v128_load(values.as_ptr() as *const v128);
                }
                let at = to.as_mut_ptr().add(g * GROUP * STRIDE);
                if STRIDE == 1 {
                    v128_store(at as *mut v128, four);
                } else {
                    v128_store32_lane::<0>(four, at as *mut u32);
                    v128_store32_lane::<1>(four, at.add(STRIDE) as *mut u32);
                    v128_store32_lane::<2>(four, at.add(2 * STRIDE) as *mut u32);
                    v128_store32_lane::<3>(four, at.add(3 * STRIDE) as *mut u32);
                }
            }
        }
        if whole * GROUP < n {
            let four = column.group(whole, &mut extra);
            for (i, value) in four.into_iter().enumerate().take(n - whole * GROUP) {
                to[(whole * GROUP + i) * STRIDE] = value;
            }
        }
    }
}

/// Whether the column is what it is one number at a time, exponents of every kind among them.
pub fn equals_its_twin() -> bool {
    const N: usize = 1 << 9;
    let at = |i: usize| (i as u32).wrapping_mul(0x9E37_79B9);
    let bytes: Vec<[i8; GROUP]> = (0..N * NR)
        .map(|i| [0, 1, 2, 3].map(|l| (at(4 * i + l) >> 20) as i8 >> (i % 7)))
        .collect();
    let low: Vec<[u16; GROUP]> = (0..N).map(|i| [1, 2, 3, 4].map(|l| at(5 * i + l) as u16)).collect();
    let high: Vec<[u8; GROUP]> = (0..N)
        .map(|i| [2, 3, 4, 5].map(|l| (at(7 * i + l) >> 13) as u8))
        .collect();
    let column = Parts {
        bytes: &bytes,
        low: &low,
        high: &high,
        extra: &[1, 2, 3],
        unit: unit(3.0),
    };
    fn equal<const STRIDE: usize>(column: Parts<'_>, n: usize) -> bool {
        let (mut a, mut b) = (vec![0.0f32; n], vec![0.0f32; n]);
        join::<STRIDE>(column, &mut a);
        join_plain::<STRIDE>(column, &mut b);
        a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()))
    }
    [N * GROUP, N * GROUP - 3, 17]
        .into_iter()
        .all(|n| equal::<1>(column, n) && equal::<4>(column, n) && equal::<NR>(column, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(value: f32, unit: f32) -> f32 {
        let ([byte, ..], _) = rounded([value, 0.0, 0.0, 0.0], unit);
        let (low, high, extra) = rest(value, byte as i8, unit);
        match byte as i8 {
            0 => small(low, high, extra),
            byte => joined(byte, low, high, unit),
        }
    }

    proptest! {
        /// Any float among others of which any is the largest.
        #[test]
        fn comes_back_bit_for_bit(bits in any::<u32>(), largest in any::<u32>()) {
            let (value, largest) = (f32::from_bits(bits), f32::from_bits(largest));
            prop_assume!(value.is_finite() && largest.is_finite());
            let unit = unit(value.abs().max(largest.abs()));
            prop_assert_eq!(back(value, unit).to_bits(), bits);
        }

        /// Every byte, at the ends of what is rounded to it and between them.
        #[test]
        fn every_byte_at_its_ends(exponent in -126i32..128, mantissa in 1.0f32..2.0, byte in -127i32..=127, off in -5001i32..=5001) {
            let largest = mantissa * 2f32.powi(exponent);
            let unit = unit(largest);
            let value = ((f64::from(byte) + f64::from(off) / 1e4) * f64::from(unit)) as f32;
            prop_assume!(value.abs() <= largest);
            prop_assert_eq!(back(value, unit).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for largest in [f32::MAX, 127.0, 1.0, f32::MIN_POSITIVE, 1e-45] {
            let unit = unit(largest);
            for value in [
                largest,
                largest / 2.0,
                largest / 254.0,
                largest * 3.0 / 254.0,
                1e-45,
                0.0,
            ] {
                for value in [value, -value] {
                    assert_eq!(back(value, unit).to_bits(), value.to_bits(), "{value} of {largest}");
                }
            }
        }
    }
}
