//! e^x without a branch or a call, so that loops over it become SIMD: wasm's own library takes one
//! number at a time, and a run of the model asks for millions.

/// ln 2 in two parts: products of the first with the exponents that occur are exact.
const LN_2: (f32, f32) = (355.0 / 512.0, -2.121_944_4e-4);
/// Cephes' minimax polynomial for (e^r - 1 - r) / r^2 over |r| <= ln 2 / 2, highest power first.
const POLYNOMIAL: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];

/// e^x within 3e-7 of itself; as at the ends where x is below -87 or above 88; NaN for NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let r = x - n * LN_2.0 - n * LN_2.1;
    let p = POLYNOMIAL.iter().fold(0.0, |p, c| p * r + c);
    // n is a whole number between -126 and 127, or NaN, which r is too.
    let power = f32::from_bits(((n as i32 + 127) as u32) << 23);
    (p * r * r + r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_close_everywhere_and_keeps_nan() {
        for i in -870_000..=880_000 {
            let x = i as f32 * 1e-4;
            let want = f64::from(x).exp();
            assert!(
                (f64::from(exp(x)) / want - 1.0).abs() < 3e-7,
                "e^{x} came out as {}",
                exp(x)
            );
        }
        assert_eq!(exp(f32::NEG_INFINITY), exp(-87.0));
        assert_eq!(exp(f32::INFINITY), exp(88.0));
        assert!(exp(f32::NAN).is_nan());
    }
}
