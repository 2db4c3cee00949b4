//! The result: everything needed to draw the figure and to check it, the same from page, library
//! and command line. Schema `headmap/result`, version 1, documented in docs/result.md.

use crate::engine::EngineInfo;
use crate::score::Preprocessing;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

/// A result, as JSON has it.
#[derive(Clone, Debug, Serialize)]
pub struct ResultDocument {
    pub schema: &'static str,
    pub version: u32,
    /// ISO 8601; set by whoever writes the result down.
    pub created: Option<String>,
    /// False when the computation was stopped before the last layer.
    pub complete: bool,
    pub model: ModelInfo,
    pub preprocessing: Preprocessing,
    pub engine: EngineInfo,
    /// Wall-clock seconds, reading included.
    pub seconds: f64,
    /// Multiply-adds done, counted.
    pub multiply_adds: u64,
    /// Of these, how many were of numbers rounded to bytes: a first look, never the last word.
    pub int8_multiply_adds: u64,
    /// Multiply-adds of projecting every head's output for every pair onto the whole vocabulary.
    pub full_projection_multiply_adds: u64,
    /// Bytes of the checkpoint read for this result (0 when the weights were at hand).
    pub bytes_read: u64,
    pub relations: Vec<RelationResult>,
}

/// Which model, and where it came from.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct ModelInfo {
    pub name: String,
    /// hub, mirror, file, bytes, bundled or directory
    pub source: String,
    pub repository: Option<String>,
    pub revision: Option<String>,
    /// Of the whole file, only when it was computed.
    pub sha256: Option<String>,
    pub n_layer: usize,
    pub n_head: usize,
    pub d_model: usize,
    pub d_head: usize,
    pub n_vocab: usize,
    pub dtype: String,
    /// Made by planting known heads, not by training.
    pub planted: bool,
}

/// One relation's numbers. `[layer][head]` throughout.
#[derive(Clone, Debug, Serialize)]
pub struct RelationResult {
    pub name: String,
    pub k: u32,
    pub pairs_given: usize,
    /// source, target, token id of the source, of the target
    pub kept: Vec<(String, String, u32, u32)>,
    /// source, target, why not
    pub dropped: Vec<(String, String, String)>,
    /// Pairs scored.
    pub total: usize,
    pub hits: Vec<Vec<u32>>,
    pub suppression_hits: Vec<Vec<u32>>,
    /// Heads whose numbers mean nothing.
    pub invalid: Vec<InvalidHead>,
    /// Base64 of a bit set: bit i % 8 of byte i / 8 is kept pair i.
    pub pair_hits: Vec<Vec<String>>,
    pub pair_suppression_hits: Vec<Vec<String>>,
}

/// A head that cannot be scored, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidHead {
    pub layer: usize,
    pub head: usize,
    pub reason: String,
}

/// Base64 of the bits, the first in the lowest bit of the first byte.
pub fn bit_set(bits: impl ExactSizeIterator<Item = bool>) -> String {
    let mut bytes = vec![0u8; bits.len().div_ceil(8)];
    for (i, bit) in bits.enumerate() {
        bytes[i / 8] |= u8::from(bit) << (i % 8);
    }
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn bits_are_written_lowest_first() {
        let bits = [true, false, false, false, false, false, false, false, false, true];
        assert_eq!(super::bit_set(bits.into_iter()), "AQI="); // bytes 1, 2
    }
}
