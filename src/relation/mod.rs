//! Relations: pairs of words, and which of them a model can be asked about.

mod parse;
mod select;

pub use parse::parse_pairs;
pub use select::{Kept, Selection, select};

use crate::error::{Error, Result};

/// Most pairs of a relation.
pub const MAX_PAIRS: usize = 20_000;
/// Longest source or target, in bytes.
pub const MAX_SIDE: usize = 200;
/// Longest relation file, in bytes.
pub const MAX_FILE: usize = 2_000_000;
/// Under this many kept pairs the paper does not count a relation as valid for a model.
pub const FEW_PAIRS: usize = 30;

/// A source and its target, as written, without the space that GPT-2 wants before a word.
pub type Pair = (String, String);

/// A relation to score.
#[derive(Clone, Debug)]
pub struct Relation {
    pub name: String,
    pub pairs: Vec<Pair>,
    /// How far from the top the target may be.
    pub k: u32,
}

/// Fails when there are too many pairs, or a side is too long or empty.
pub fn check_pairs(pairs: &[Pair]) -> Result<()> {
    if pairs.len() > MAX_PAIRS {
        return Err(Error::RelationInvalid(format!(
            "The relation has {} pairs; at most {MAX_PAIRS} are scored.",
            pairs.len()
        )));
    }
    for (i, (s, t)) in pairs.iter().enumerate() {
        if s.is_empty() || t.is_empty() {
            return Err(Error::RelationInvalid(format!(
                "Pair {} of the relation has an empty side.",
                i + 1
            )));
        }
        if s.len() > MAX_SIDE || t.len() > MAX_SIDE {
            return Err(Error::RelationInvalid(format!(
                "Pair {} of the relation is longer than {MAX_SIDE} bytes a side.",
                i + 1
            )));
        }
    }
    Ok(())
}
