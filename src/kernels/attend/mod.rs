//! Causal attention of one head on the CPU: two products and a softmax between them.

use super::exp::exp;
use super::gemm::{PackedA, PackedB, matmul};
use crate::error::Result;

const LANES: usize = 8;

/// softmax(q k^T / sqrt(d_head)) over the keys up to each query, `[t, t]`; zero after it.
/// q and k are `[t, d_head]`, row-major.
///
/// A score that is NaN or infinite makes its row NaN (minus infinity: no attention).
pub fn pattern(q: &[f32], k: &[f32], d_head: usize) -> Result<Vec<f32>> {
    let t = q.len() / d_head;
    let mut keys = PackedB::new(d_head, t, "an attention pattern")?;
    keys.write_transposed(0, k);
    let mut scores = matmul(&PackedA::from_rows(q, d_head), &keys)?;
    let scale = 1.0 / (d_head as f32).sqrt();
    for (i, row) in scores.chunks_exact_mut(t).enumerate() {
        let (seen, future) = row.split_at_mut(i + 1);
        softmax(seen, scale);
        future.fill(0.0);
    }
    Ok(scores)
}

/// z = pattern v, `[t, d_head]`.
pub fn mix(pattern: &[f32], v: &[f32], d_head: usize) -> Result<Vec<f32>> {
    let t = v.len() / d_head;
    matmul(&PackedA::from_rows(pattern, t), &PackedB::from_rows(v, t, d_head)?)
}

/// softmax(scale x)
fn softmax(x: &mut [f32], scale: f32) {
    let largest = x.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
    x.iter_mut().for_each(|v| *v = exp((*v - largest) * scale));
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(s, v)| *s += v);
    }
    let factor = 1.0 / (sums.iter().sum::<f32>() + rest.iter().sum::<f32>());
    x.iter_mut().for_each(|v| *v *= factor);
}

/// The twin: pattern and z by the formula, in double precision.
pub fn attend_plain(q: &[f32], k: &[f32], v: &[f32], d_head: usize) -> (Vec<f64>, Vec<f64>) {
    let t = q.len() / d_head;
    let row = |x: &[f32], i: usize| {
        x[i * d_head..][..d_head]
            .iter()
            .map(|v| f64::from(*v))
            .collect::<Vec<_>>()
    };
    let (mut pattern, mut z) = (vec![0.0; t * t], vec![0.0; t * d_head]);
    for i in 0..t {
        let score = |j| row(q, i).iter().zip(row(k, j)).map(|(a, b)| a * b).sum::<f64>() / (d_head as f64).sqrt();
        let powers: Vec<f64> = (0..=i).map(|j| score(j).exp()).collect();
        let sum: f64 = powers.iter().sum();
        for (j, power) in powers.iter().enumerate() {
            pattern[i * t + j] = power / sum;
            for (z, v) in z[i * d_head..][..d_head].iter_mut().zip(row(v, j)) {
                *z += power / sum * v;
            }
        }
    }
    (pattern, z)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From -2 to 2.
    fn noise(n: usize, seed: u32) -> Vec<f32> {
        crate::noise::noise(n, seed).iter().map(|v| 4.0 * v).collect()
    }

    #[test]
    fn is_its_twin_on_odd_shapes() {
        for (t, d_head) in [(1, 1), (1, 64), (7, 5), (13, 64), (40, 3)] {
            let (q, k, v) = (noise(t * d_head, 1), noise(t * d_head, 2), noise(t * d_head, 3));
            let (want, want_z) = attend_plain(&q, &k, &v, d_head);
            let got = pattern(&q, &k, d_head).unwrap();
            let z = mix(&got, &v, d_head).unwrap();
            let close = |a: &[f32], b: &[f64]| a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 3e-6);
            assert!(close(&got, &want) && close(&z, &want_z), "{t} x {d_head}");
        }
    }

    #[test]
    fn what_is_not_finite_is_not_hidden() {
        for bad in [f32::NAN, f32::INFINITY] {
            let q = [1.0, 1.0, 1.0];
            let got = pattern(&q, &[1.0, bad, 1.0], 1).unwrap();
            assert_eq!(&got[..3], &[1.0, 0.0, 0.0]);
            assert!(got[3].is_nan() && got[4].is_nan() && got[6].is_nan());
        }
    }
}
