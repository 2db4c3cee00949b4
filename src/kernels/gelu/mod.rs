//! GPT-2's activation over many numbers, on the CPU. Its twin is [`crate::gpt2::gelu_new`].

use super::exp::exp;

/// Every `x` becomes gelu_new(x): `0.5 x (1 + tanh u) = x / (1 + e^(-2 u))`,
/// `u = sqrt(2/pi) (x + 0.044715 x^3)`.
pub fn gelu(x: &mut [f32]) {
    const FACTOR: f32 = -2.0 * 0.797_884_6;
    for x in x {
        *x /= 1.0 + exp(FACTOR * (*x + 0.044_715 * *x * *x * *x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpt2::gelu_new;

    #[test]
    fn is_its_twin_within_rounding() {
        let x: Vec<f32> = (-12_000..=12_000).map(|i| i as f32 * 1e-3).collect();
        let mut y = x.clone();
        gelu(&mut y);
        for (x, y) in x.iter().zip(&y) {
            let want = gelu_new(*x);
            assert!(
                (y - want).abs() <= 5e-7 * x.abs().max(1e-3),
                "gelu({x}) = {y}, not {want}"
            );
        }
        let mut ends = [f32::NAN, f32::INFINITY, 1e30, -1e30];
        gelu(&mut ends);
        assert!(ends[0].is_nan() && ends[1] == f32::INFINITY && ends[2] == 1e30 && ends[3].abs() < 1e-5);
    }
}
