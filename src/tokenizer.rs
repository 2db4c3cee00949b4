//! GPT-2's tokenizer: byte-level BPE, from a tokenizer.json.

use crate::error::{Error, Result};

/// Largest tokenizer.json that is read; GPT-2's has 1.4 to 3.6 MB.
const MAX_BYTES: usize = 32 << 20;
/// Longest text that is split at once, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// Splits text into the tokens of one model.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    n_vocab: usize,
}

impl Tokenizer {
    /// From a tokenizer.json. Errors: it cannot be read.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        if json.len() > MAX_BYTES {
            return Err(Error::TokenizerInvalid(
                "tokenizer.json is over 32 MB, which GPT-2's is not.".into(),
            ));
        }
        let inner = tokenizers::Tokenizer::from_bytes(json).map_err(|e| {
            let why: String = e.to_string().chars().take(200).collect();
            Error::TokenizerInvalid(format!(
                "tokenizer.json cannot be read ({why}). Choose the one that belongs to the model."
            ))
        })?;
        let n_vocab = inner.get_vocab_size(true);
        Ok(Self { inner, n_vocab })
    }

    /// Number of tokens, special ones included.
    pub fn n_vocab(&self) -> usize {
        self.n_vocab
    }

    /// Fails unless the tokenizer has exactly the checkpoint's tokens.
    pub fn check_vocabulary(&self, n_vocab: usize, checkpoint: &str) -> Result<()> {
        if self.n_vocab == n_vocab {
            return Ok(());
        }
        Err(Error::TokenizerMismatch(format!(
            "The tokenizer has {} tokens but {checkpoint} has {n_vocab}: they belong to different models. Choose the model's own tokenizer.json.",
            self.n_vocab
        )))
    }

    /// Token ids of `text`, nothing added before or after.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        if text.len() > MAX_TEXT {
            return Err(Error::TokenizerInvalid(
                "a text of over 1 MB is not split into tokens.".into(),
            ));
        }
        let encoded = self.inner.encode_fast(text, false).map_err(|e| {
            Error::TokenizerInvalid(format!(
                "The tokenizer failed on a text ({e}). Is tokenizer.json GPT-2's?"
            ))
        })?;
        let ids = encoded.get_ids().to_vec();
        match ids.iter().find(|id| **id as usize >= self.n_vocab) {
            Some(id) => Err(Error::TokenizerInvalid(format!(
                "tokenizer.json gives token {id} but says it has only {} tokens.",
                self.n_vocab
            ))),
            None => Ok(ids),
        }
    }

    /// The tokens of `text` with their ids. A token that is part of a character shows as a
    /// replacement character.
    pub fn pieces(&self, text: &str) -> Result<Vec<(u32, String)>> {
        let ids = self.encode(text)?;
        ids.into_iter().map(|id| Ok((id, self.decode(&[id])?))).collect()
    }

    /// Text of the tokens, special ones included.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.inner
            .decode(ids, false)
            .map_err(|e| Error::TokenizerInvalid(format!("Tokens could not be turned into text ({e}).")))
    }
}
