//! The twin: every logit, then the two comparisons.

/// How many tokens beat a row's target in z and in -z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub above: u32,
    pub below: u32,
}

/// z of a row and a token vector, summed in ascending order with one rounding a step, as the
/// kernels do where the adapter fuses.
pub fn logit(row: &[f32], vector: &[f32]) -> f32 {
    row.iter().zip(vector).fold(0.0, |sum, (a, b)| a.mul_add(*b, sum))
}

/// Counts for every row of `y` `[rows, d]` over `tokens`, whose vectors are rows of `embedding`
/// `[n_vocab, d]`. The target itself is left out; ties go by token id.
pub fn count_plain(
    y: &[f32],
    embedding: &[f32],
    d: usize,
    targets: &[u32],
    tokens: impl Iterator<Item = u32> + Clone,
) -> Vec<Counts> {
    let vector = |t: u32| &embedding[t as usize * d..][..d];
    y.chunks_exact(d)
        .zip(targets)
        .map(|(row, &target)| {
            let z_t = logit(row, vector(target));
            let mut counts = Counts::default();
            for token in tokens.clone().filter(|t| *t != target) {
                let z = logit(row, vector(token));
                let tie = z == z_t && token < target;
                counts.above += u32::from(z > z_t || tie);
                counts.below += u32::from(z < z_t || tie);
            }
            counts
        })
        .collect()
}
