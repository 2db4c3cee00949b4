//! Every number of the training. Another number makes another model, so the shipped one names the hash of these.

use crate::text::Manner;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
pub struct Shape {
    pub n_layer: usize,
    pub n_head: usize,
    pub d_model: usize,
    pub n_ctx: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    pub seed: u64,
    pub shape: Shape,
    pub steps: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Share of rows that repeat a series of random tokens.
    pub repeats: f32,
    /// Share of rows that hold a few random tokens in random order, at the start.
    pub scattered: f32,
    /// The same from this step on: they wake copying, and would keep heads at copying from anywhere.
    pub scattered_later: f32,
    pub scattered_until: usize,
    /// How much a name counts in the loss of a sentence in which it stood before; all else counts once.
    pub copied_names: f32,
    /// Of the matrices, which Muon trains (Jordan et al. 2024).
    pub matrix_rate: f64,
    /// Of embeddings, biases and LayerNorm, which AdamW trains.
    pub other_rate: f64,
    pub warm_up: usize,
    /// In the last steps, this many, the rates fall along a straight line to a share of their height.
    pub cool_down: usize,
    pub last_rate: f64,
    pub weight_decay: f32,
    pub embedding_decay: f32,
    pub beta_2: f32,
    pub embedding_std: f32,
    pub position_std: f32,
    pub weight_std: f32,
    /// For this share of tokens the embedding itself is taken out of the stream after block 0: what MLP_0 makes of
    /// them, which is what MAPS reads, has to be enough.
    pub leave_out_embedding: f32,
    /// This share of rows does without the first block's heads: its MLP sees the bare token, as in MAPS, and what is to
    /// be copied has to be copied by later heads.
    pub leave_out_first_heads: f32,
    /// This share of rows does without a later MLP (stochastic depth, Huang et al. 2016): heads write for themselves.
    pub leave_out_mlp: f32,
    /// Phrases of `text/more.json` too.
    pub more_phrases: bool,
    /// In this share of the sentences of two names one of them is held out. It is named again and never the answer, and
    /// where it comes again counts nothing in the loss: that such names are followed by others is learned, not they.
    #[serde(skip_serializing_if = "none")]
    pub strangers: f32,
    /// Where a name comes in a sentence, held-out names are not among what the model could have said: that they do not
    /// come is not to be learned.
    pub excuse_held_out: bool,
    /// In this share of the sentences in which names come again other words stand for them: copying is of any token.
    #[serde(skip_serializing_if = "none")]
    pub other_words: f32,
    /// In this share of the places of a name another word stands, beside names: whoever is copied need not be known.
    pub odd_names: f32,
    /// In this share of the sentences that ask for a name or a fact random words stand for some of the others, or before
    /// them, and are not to be foretold.
    pub slips: f32,
    /// In those, this share of the words.
    pub slipped_words: f32,
}

/// What the shipped model does without is not written down.
fn none(share: &f32) -> bool {
    *share == 0.0
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 2,
            shape: Shape {
                n_layer: 5,
                n_head: 6,
                d_model: 192,
                n_ctx: 64,
            },
            steps: 3300,
            batch: 24,
            repeats: 0.17,
            scattered: 0.17,
            scattered_later: 0.04,
            scattered_until: 900,
            copied_names: 4.0,
            matrix_rate: 0.004,
            other_rate: 0.003,
            warm_up: 100,
            cool_down: 600,
            last_rate: 0.05,
            weight_decay: 0.3,
            embedding_decay: 0.1,
            beta_2: 0.98,
            embedding_std: 0.15,
            position_std: 0.08,
            weight_std: 0.02,
            leave_out_embedding: 0.7,
            leave_out_first_heads: 0.5,
            leave_out_mlp: 0.5,
            more_phrases: true,
            strangers: 0.0,
            excuse_held_out: true,
            other_words: 0.0,
            odd_names: 0.3,
            slips: 0.4,
            slipped_words: 0.1,
        }
    }
}

impl Recipe {
    /// Share of the full learning rate at `step`, which counts from 1.
    pub fn rate(&self, step: usize) -> f64 {
        let warm = (step as f64 / self.warm_up as f64).min(1.0);
        let left = self.steps.saturating_sub(step) as f64 / self.cool_down.max(1) as f64;
        warm * (self.last_rate + (1.0 - self.last_rate) * left.min(1.0))
    }

    /// Whether a training by `self` and one by `other` are the same up to `step`: a training may be made longer or
    /// shorter until it cools down.
    pub fn agrees(&self, other: &Self, step: usize) -> bool {
        let same = Self {
            steps: other.steps,
            ..self.clone()
        } == *other;
        same && (self.steps == other.steps || step + self.cool_down <= self.steps.min(other.steps))
    }

    /// Share of scattered rows at `step`: a straight line, then level.
    pub fn scattered_at(&self, step: usize) -> f32 {
        let done = (step as f32 / self.scattered_until.max(1) as f32).min(1.0);
        self.scattered + (self.scattered_later - self.scattered) * done
    }

    pub fn manner(&self) -> Manner {
        Manner {
            more_phrases: self.more_phrases,
            strangers: self.strangers,
            other_words: self.other_words,
            odd_names: self.odd_names,
        }
    }

    /// sha256 of the recipe as JSON, in hex.
    pub fn hash(&self) -> String {
        let json = serde_json::to_vec(self).expect("numbers make JSON");
        Sha256::digest(json).iter().map(|b| format!("{b:02x}")).collect()
    }
}
