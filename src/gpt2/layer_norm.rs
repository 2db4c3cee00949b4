//! LayerNorm over the last axis, summed in double precision.

/// Each row of `x` `[n, d]` becomes (x - mean) / sqrt(variance + eps) * weight + bias.
pub fn layer_norm(x: &mut [f32], weight: &[f32], bias: &[f32], eps: f64) {
    let d = weight.len();
    for row in x.chunks_exact_mut(d) {
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / d as f64;
        let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / d as f64;
        let scale = 1.0 / (variance + eps).sqrt();
        for (v, (w, b)) in row.iter_mut().zip(weight.iter().zip(bias)) {
            *v = ((f64::from(*v) - mean) * scale * f64::from(*w) + f64::from(*b)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_and_scales_each_row() {
        let mut y = [1.0, 3.0, 5.0, 5.0];
        layer_norm(&mut y[..2], &[1.0, 2.0], &[0.0, 1.0], 0.0);
        assert_eq!(&y[..2], &[-1.0, 3.0]);
        // An all-equal row has variance 0: eps keeps it finite.
        layer_norm(&mut y[2..], &[1.0, 2.0], &[0.0, 1.0], 1e-5);
        assert_eq!(y[2..], [0.0, 1.0]);
    }
}
