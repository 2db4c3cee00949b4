//! The twin.

/// Writes those rows of `to` whose ids lie in the tile that starts at token `first_token`.
pub fn gather_plain(tile: &[f32], first_token: usize, d: usize, ids: &[u32], to: &mut [f32]) {
    for (row, &id) in to.chunks_exact_mut(d).zip(ids) {
        let vectors = tile.chunks_exact(d);
        if let Some(vector) = (id as usize)
            .checked_sub(first_token)
            .and_then(|i| vectors.clone().nth(i))
        {
            row.copy_from_slice(vector);
        }
    }
}
