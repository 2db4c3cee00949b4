//! The little linear algebra that the recipes need, in f64 and in a fixed order.

use super::rng::Rng;

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub fn normalise(v: &mut [f64]) {
    let length = dot(v, v).sqrt();
    v.iter_mut().for_each(|x| *x /= length);
}

/// `n` orthonormal vectors of `width` random numbers.
pub fn orthonormal(name: &str, width: usize, n: usize) -> Vec<Vec<f64>> {
    orthonormal_beside(name, width, n, Vec::new())
}

/// The same, orthogonal to the orthonormal `given` too. Gram-Schmidt, twice over for exactness.
pub fn orthonormal_beside(name: &str, width: usize, n: usize, given: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut rng = Rng::new(name, 0);
    let skip = given.len();
    let mut basis = given;
    for _ in 0..n {
        let mut v: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
        for _ in 0..2 {
            for b in &basis {
                let along = dot(&v, b);
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= along * y);
            }
            normalise(&mut v);
        }
        basis.push(v);
    }
    basis.split_off(skip)
}

/// `n` unit vectors in `k` dimensions that keep away from each other: random ones, pushed apart for a while.
pub fn spread(name: &str, n: usize, k: usize) -> Vec<Vec<f64>> {
    let mut rng = Rng::new(name, 0);
    let mut points: Vec<Vec<f64>> = (0..n)
        .map(|_| {
            let mut v: Vec<f64> = (0..k).map(|_| rng.normal()).collect();
            normalise(&mut v);
            v
        })
        .collect();
    for _ in 0..400 {
        let before = points.clone();
        for (i, point) in points.iter_mut().enumerate() {
            let mut push = vec![0.0; k];
            let mut total = 0.0;
            for (_, other) in before.iter().enumerate().filter(|(j, _)| *j != i) {
                // Steep, so that the nearest neighbours count most; the tenth keeps it finite.
                let near = 1.0 / (1.1 - dot(&before[i], other));
                let weight = near * near * near * near * near * near;
                total += weight;
                push.iter_mut().zip(other).for_each(|(p, o)| *p += weight * o);
            }
            if total > 0.0 {
                point.iter_mut().zip(&push).for_each(|(x, p)| *x -= 0.05 * p / total);
            }
            normalise(point);
        }
    }
    points
}

/// Changes columns `first`, `first + 1`, ... of a row-major matrix by one vector each.
pub fn columns_mut(
    matrix: &mut [f32],
    stride: usize,
    first: usize,
    vectors: &[Vec<f64>],
    change: impl Fn(f64, f64) -> f64,
) {
    for (row, line) in matrix.chunks_exact_mut(stride).enumerate() {
        for (cell, vector) in line[first..].iter_mut().zip(vectors) {
            *cell = change(f64::from(*cell), vector[row]) as f32;
        }
    }
}

/// Changes rows `first`, `first + 1`, ... of a row-major matrix by one vector each.
pub fn rows_mut(
    matrix: &mut [f32],
    stride: usize,
    first: usize,
    vectors: &[Vec<f64>],
    change: impl Fn(f64, f64) -> f64,
) {
    for (line, vector) in matrix.chunks_exact_mut(stride).skip(first).zip(vectors) {
        for (cell, value) in line.iter_mut().zip(vector) {
            *cell = change(f64::from(*cell), *value) as f32;
        }
    }
}
