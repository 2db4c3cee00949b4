//! What the analyses that run the model give: documented in docs/result.md.

use crate::engine::EngineInfo;
use crate::result::{InvalidHead, ModelInfo};
use serde::Serialize;

/// Counts of one sign and condition, `[layer][head]`.
pub type Hits = Vec<Vec<u32>>;

/// Schema `headmap/dynamic`, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct DynamicDocument {
    pub schema: &'static str,
    pub version: u32,
    pub model: ModelInfo,
    pub engine: EngineInfo,
    pub seconds: f64,
    /// Multiply-adds done, counted.
    pub multiply_adds: u64,
    pub relation: String,
    pub k: u32,
    pub multi_token: bool,
    pub pairs_given: usize,
    pub templates: Vec<TemplateResult>,
    pub invalid: Vec<InvalidHead>,
}

/// One template's numbers.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateResult {
    pub template: String,
    /// Tokens of the shortest and the longest prompt.
    pub length: (usize, usize),
    /// Prompts, one a kept pair.
    pub total: usize,
    /// source, target, token id of the source (its last), of the target
    pub kept: Vec<(String, String, u32, u32)>,
    /// source, target, why not
    pub dropped: Vec<(String, String, String)>,
    pub with_context: Condition,
    pub without_context: Condition,
}

/// Hits of one condition.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Condition {
    pub hits: Hits,
    pub suppression_hits: Hits,
}

/// Schema `headmap/ablation`, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct AblationDocument {
    pub schema: &'static str,
    pub version: u32,
    pub model: ModelInfo,
    pub engine: EngineInfo,
    pub seconds: f64,
    /// Multiply-adds done, counted.
    pub multiply_adds: u64,
    /// Multiply-adds of as many whole forward passes, logits of every position included, as there are
    /// points on the curves.
    pub forward_passes_multiply_adds: u64,
    /// layer, head: in the order in which they go.
    pub order: Vec<(usize, usize)>,
    pub seed: u64,
    /// Heads of every random draw, in the order in which they go.
    pub random_heads: Vec<Vec<(usize, usize)>>,
    pub tasks: Vec<TaskResult>,
}

/// One task's curves.
#[derive(Clone, Debug, Serialize)]
pub struct TaskResult {
    pub id: String,
    pub title: String,
    pub template: String,
    /// Prompts.
    pub total: usize,
    pub dropped: Vec<(String, String, String)>,
    /// Prompts answered right with nothing removed.
    pub clean: u32,
    /// After 1, 2, ... heads of the order.
    pub ranked: Vec<u32>,
    /// The same for every random draw.
    pub random: Vec<Vec<u32>>,
}

/// Schema `headmap/prompt`, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct PromptDocument {
    pub schema: &'static str,
    pub version: u32,
    pub model: ModelInfo,
    pub engine: EngineInfo,
    pub seconds: f64,
    pub multiply_adds: u64,
    pub tokens: Vec<Token>,
    /// The ten most likely next tokens.
    pub top: Vec<Guess>,
    pub target: Guess,
    /// What each head adds to the target's logit at the last position, `[layer][head]`, the final
    /// LayerNorm's scale held at its value in this run.
    pub attribution: Vec<Vec<f32>>,
    /// The target's logit without the heads: embeddings, MLPs and biases.
    pub attribution_rest: f32,
    /// Heads taken away at the last position.
    pub ablated: Vec<(usize, usize)>,
    /// The same with these heads away; `None` when there are none.
    pub ablated_top: Option<Vec<Guess>>,
    pub ablated_target: Option<Guess>,
    pub attention: Vec<Attention>,
}

/// A token of a prompt.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    pub id: u32,
    pub text: String,
}

/// A next token.
#[derive(Clone, Debug, Serialize)]
pub struct Guess {
    pub id: u32,
    pub text: String,
    pub logit: f32,
    pub probability: f64,
}

/// A pattern, `[query][key]`, rows of growing length: keys up to the query.
#[derive(Clone, Debug, Serialize)]
pub struct Attention {
    pub layer: usize,
    /// `None`: the mean over the layer's heads.
    pub head: Option<usize>,
    /// `[T, T]`, row-major, zero after the query.
    pub pattern: Vec<f32>,
}

/// Schema `headmap/patterns`, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct PatternsDocument {
    pub schema: &'static str,
    pub version: u32,
    pub model: ModelInfo,
    pub engine: EngineInfo,
    pub seconds: f64,
    pub multiply_adds: u64,
    /// Random tokens, given twice in a row.
    pub length: usize,
    pub sequences: usize,
    pub seed: u64,
    /// `[layer][head]`, each a mean over positions and sequences.
    pub previous_token: Vec<Vec<f64>>,
    pub duplicate_token: Vec<Vec<f64>>,
    pub induction: Vec<Vec<f64>>,
}
