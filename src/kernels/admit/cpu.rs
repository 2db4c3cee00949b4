//! The twin.

/// What becomes of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    Live,
    NotFinite,
}

/// Which rows of `y` `[rows, d]` take part: those whose logits cannot overflow.
pub fn admit_plain(y: &[f32], d: usize, limit: f32) -> Vec<Admitted> {
    y.chunks_exact(d)
        .map(|row| {
            let sum: f32 = row.iter().map(|v| v.abs()).sum();
            // A NaN or an infinity among the elements makes the sum one.
            if sum <= limit {
                Admitted::Live
            } else {
                Admitted::NotFinite
            }
        })
        .collect()
}
