//! Words of the relations as token ids: what the planted recipe needs of a tokenizer.json.

use serde_json::Value;
use std::collections::HashMap;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

fn wrong(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, what.into())
}

fn read_json(file: &Path) -> Result<Value> {
    let bytes = std::fs::read(file).map_err(|e| Error::new(e.kind(), format!("{}: {e}", file.display())))?;
    serde_json::from_slice(&bytes).map_err(|e| wrong(format!("{}: {e}", file.display())))
}

/// The tokens of a tokenizer.json.
pub struct Vocabulary {
    ids: HashMap<String, u32>,
    size: usize,
}

impl Vocabulary {
    pub fn read(file: &Path) -> Result<Self> {
        let json = read_json(file)?;
        let id = |v: &Value| {
            v.as_u64()
                .and_then(|i| u32::try_from(i).ok())
                .ok_or_else(|| wrong("a token has no id"))
        };
        let mut ids = HashMap::new();
        for (token, value) in json["model"]["vocab"]
            .as_object()
            .ok_or_else(|| wrong("tokenizer.json has no vocabulary"))?
        {
            ids.insert(token.clone(), id(value)?);
        }
        let mut size = ids.values().max().map_or(0, |last| *last as usize + 1);
        for added in json["added_tokens"].as_array().into_iter().flatten() {
            size = size.max(id(&added["id"])? as usize + 1);
        }
        Ok(Self { ids, size })
    }

    /// Number of ids, special tokens included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Id of a space and `word` where both together are one token. Exact for a vocabulary in which every token
    /// is split into itself, which holds for the words of the relations (the tests compare).
    pub fn one(&self, word: &str) -> Option<u32> {
        self.ids
            .get(&format!(" {word}").bytes().map(byte_char).collect::<String>())
            .copied()
    }
}

/// GPT-2's byte alphabet: printable Latin-1 bytes stand for themselves, the others for the code points from 256 on.
fn byte_char(byte: u8) -> char {
    let printable = |b: u8| matches!(b, 33..=126 | 161..=172 | 174..=255);
    let code = if printable(byte) {
        u32::from(byte)
    } else {
        256 + (0..byte).filter(|b| !printable(*b)).count() as u32
    };
    char::from_u32(code).expect("the alphabet ends at 323")
}

/// A pair of which both sides are one token.
pub struct WordPair {
    pub source: String,
    pub source_id: u32,
    pub target_id: u32,
}

/// Pairs of `DIR/NAME.json` that the vocabulary keeps, in the order of the file.
pub fn read_relation(dir: &Path, name: &str, vocabulary: &Vocabulary) -> Result<Vec<WordPair>> {
    let file = dir.join(format!("{name}.json"));
    let json = read_json(&file)?;
    let pairs = json["pairs"]
        .as_array()
        .ok_or_else(|| wrong(format!("{} has no pairs", file.display())))?;
    let mut kept = Vec::new();
    for pair in pairs {
        let (Some(source), Some(target)) = (pair[0].as_str(), pair[1].as_str()) else {
            return Err(wrong(format!("{} holds something that is not a pair", file.display())));
        };
        if let (Some(source_id), Some(target_id)) = (vocabulary.one(source), vocabulary.one(target)) {
            kept.push(WordPair {
                source: source.to_owned(),
                source_id,
                target_id,
            });
        }
    }
    Ok(kept)
}
