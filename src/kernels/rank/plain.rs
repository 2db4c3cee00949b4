//! The twin: every logit, then the definition.

use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};

/// Membership of every row of `y` `[rows, d]` against `embedding` `[n_vocab, d]`.
///
/// t is in iff #{ j : z_j > z_t, or z_j = z_t and j < t } < k; for suppression the same of -z.
pub fn rank_plain(y: &[f32], embedding: &[f32], d: usize, targets: &[u32], ks: &[u32]) -> Vec<u8> {
    let rows = y.chunks_exact(d).zip(targets.iter().zip(ks));
    rows.map(|(y, (&target, &k))| {
        let z: Vec<f32> = embedding
            .chunks_exact(d)
            .map(|e| y.iter().zip(e).fold(0.0, |s, (a, b)| s + a * b))
            .collect();
        if z.iter().any(|v| !v.is_finite()) {
            return NOT_FINITE;
        }
        let t = target as usize;
        let among_k = |sign: f32| {
            let beats = |(j, &v): (usize, &f32)| sign * v > sign * z[t] || v == z[t] && j < t;
            z.iter().enumerate().filter(|x| beats(*x)).count() < k as usize
        };
        let hit = if among_k(1.0) { HIT } else { 0 };
        hit | if among_k(-1.0) { SUPPRESSION_HIT } else { 0 }
    })
    .collect()
}
