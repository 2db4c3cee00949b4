//! The twin.

use crate::engine::{HIT, SUPPRESSION_HIT};

/// Bits of a row that `above` and `below` tokens beat.
pub fn finish_plain(above: u32, below: u32, k: u32) -> u8 {
    let hit = if above < k { HIT } else { 0 };
    hit | if below < k { SUPPRESSION_HIT } else { 0 }
}
