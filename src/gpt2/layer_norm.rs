//! LayerNorm over the last axis, summed in double precision.

/// Each row of `x` `[n, d]`: (x - mean) / sqrt(variance + eps) * weight + bias.
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f64) -> Vec<f32> {
    let d = weight.len();
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks_exact(d) {
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / d as f64;
        let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / d as f64;
        let scale = 1.0 / (variance + eps).sqrt();
        out.extend(
            row.iter()
                .zip(weight.iter().zip(bias))
                .map(|(v, (w, b))| ((f64::from(*v) - mean) * scale * f64::from(*w) + f64::from(*b)) as f32),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_and_scales_each_row() {
        let y = layer_norm(&[1.0, 3.0, 5.0, 5.0], &[1.0, 2.0], &[0.0, 1.0], 0.0);
        assert_eq!(&y[..2], &[-1.0, 3.0]);
        // An all-equal row has variance 0: eps keeps it finite.
        let flat = layer_norm(&[5.0, 5.0], &[1.0, 2.0], &[0.0, 1.0], 1e-5);
        assert_eq!(flat, [0.0, 1.0]);
    }
}
