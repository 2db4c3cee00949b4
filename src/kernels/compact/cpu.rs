//! The twin.

/// Those of `live` for which `lost` does not hold.
pub fn compact_plain(live: &[u32], above: &[u32], below: &[u32], k: &[u32]) -> Vec<u32> {
    let lost = |r: usize| above[r] >= k[r] && below[r] >= k[r];
    live.iter().copied().filter(|r| !lost(*r as usize)).collect()
}
