//! Which pairs are kept: " source" and " target" must be exactly one token each.

use super::{Pair, check_pairs};
use crate::error::Result;
use crate::tokenizer::Tokenizer;
use std::collections::HashMap;

/// A pair that can be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub source: String,
    pub target: String,
    pub source_id: u32,
    pub target_id: u32,
}

/// The pairs of a relation, sorted into kept and dropped (with the reason), in their order.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub kept: Vec<Kept>,
    pub dropped: Vec<(String, String, String)>,
}

/// Applies the single-token rule.
pub fn select(pairs: &[Pair], tokenizer: &Tokenizer) -> Result<Selection> {
    check_pairs(pairs)?;
    let mut counts: HashMap<&str, Vec<u32>> = HashMap::new();
    for (s, t) in pairs {
        for word in [s, t] {
            if !counts.contains_key(word.as_str()) {
                counts.insert(word, tokenizer.encode(&format!(" {word}"))?);
            }
        }
    }
    let mut out = Selection::default();
    for (s, t) in pairs {
        match (counts[s.as_str()].as_slice(), counts[t.as_str()].as_slice()) {
            (&[source_id], &[target_id]) => {
                out.kept.push(Kept {
                    source: s.clone(),
                    target: t.clone(),
                    source_id,
                    target_id,
                });
            }
            (a, b) => out.dropped.push((s.clone(), t.clone(), reason(a.len(), b.len()))),
        }
    }
    Ok(out)
}

fn reason(source: usize, target: usize) -> String {
    match (source, target) {
        (1, t) => format!("the target is {t} tokens"),
        (s, 1) => format!("the source is {s} tokens"),
        (s, t) => format!("the source is {s} tokens and the target {t}"),
    }
}
