//! The tokenizer and what the training text needs to know of it.

use headmap::tokenizer::Tokenizer;
use std::collections::HashMap;
use std::io::{Error, Result};
use std::path::Path;

pub struct Vocabulary {
    inner: Tokenizer,
}

impl Vocabulary {
    pub fn read(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file).map_err(|e| Error::new(e.kind(), format!("{}: {e}", file.display())))?;
        let inner = Tokenizer::from_json(&bytes).map_err(|e| Error::other(e.to_string()))?;
        Ok(Self { inner })
    }

    #[cfg(test)]
    pub fn into_inner(self) -> Tokenizer {
        self.inner
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.inner.n_vocab()
    }

    /// Tokens of `text`. Panics where the tokenizer fails, which it does on no text of ours.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.inner.encode(text).expect("our own text can be split into tokens")
    }

    /// The text of a token. Panics where the tokenizer fails, which it does on no token that it has.
    pub fn decode(&self, token: u32) -> String {
        self.inner.decode(&[token]).expect("a token has a text")
    }

    /// The token of a space and `word`, where both together are one.
    pub fn single(&self, word: &str) -> Option<u32> {
        match self.encode(&format!(" {word}"))[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The tokens of words of which each is one.
    pub fn singles<'a>(&self, words: impl Iterator<Item = &'a str>) -> HashMap<String, u32> {
        words.filter_map(|w| Some((w.to_owned(), self.single(w)?))).collect()
    }
}
