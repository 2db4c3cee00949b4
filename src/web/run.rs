//! Running the model in the worker.

use super::host::{JobControl, WorkerHost};
use super::model::{AnyModel, JsModel, with_model};
use super::{from_js, to_js, to_js_error};
use crate::relation::Pair;
use crate::score::run::{
    AblationAsk, AblationTask, DynamicAsk, PatternsAsk, PromptAsk, ablate, attention_scores, run_prompt, score_dynamic,
};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dynamic {
    name: String,
    pairs: Vec<Pair>,
    templates: Vec<String>,
    k: u32,
    #[serde(default)]
    multi_token: bool,
}

#[derive(Deserialize)]
struct Ablation {
    order: Vec<(usize, usize)>,
    tasks: Vec<Task>,
    draws: usize,
    seed: u32,
}

#[derive(Deserialize)]
struct Task {
    id: String,
    title: String,
    template: String,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Prompt {
    text: String,
    #[serde(default)]
    ablate: Vec<(usize, usize)>,
    #[serde(default)]
    attention: Vec<(usize, Option<usize>)>,
    target: Option<u32>,
}

#[derive(Deserialize)]
struct Patterns {
    length: usize,
    sequences: usize,
    seed: u32,
}

#[wasm_bindgen(js_class = Model)]
impl JsModel {
    /// Longest prompt in tokens.
    #[wasm_bindgen(js_name = contextLength)]
    pub fn context_length(&self) -> Result<usize, JsValue> {
        with_model!(self, m => m.context_length()).map_err(to_js_error)
    }

    /// `[[id, text]]`
    pub fn tokenize(&self, text: &str) -> Result<JsValue, JsValue> {
        let tokens = with_model!(self, m => m.tokenizer().pieces(text)).map_err(to_js_error)?;
        to_js(&tokens)
    }

    /// `{ name, pairs, templates, k, multiToken }` to the document `headmap/dynamic`.
    #[wasm_bindgen(js_name = scoreDynamic)]
    pub async fn score_dynamic(&self, ask: JsValue, control: JobControl) -> Result<JsValue, JsValue> {
        let a: Dynamic = from_js(ask, "What to score")?;
        let ask = DynamicAsk {
            name: a.name,
            pairs: a.pairs,
            templates: a.templates,
            k: a.k,
            multi_token: a.multi_token,
        };
        let host = WorkerHost::new(control);
        let document = with_model!(self, m => score_dynamic(m, &ask, &host).await);
        to_js(&document.map_err(to_js_error)?)
    }

    /// `{ order, tasks: [{ id, title, template, pairs }], draws, seed }` to the document `headmap/ablation`.
    pub async fn ablate(&self, ask: JsValue, control: JobControl) -> Result<JsValue, JsValue> {
        let a: Ablation = from_js(ask, "What to take away")?;
        let task = |t: Task| AblationTask {
            id: t.id,
            title: t.title,
            template: t.template,
            pairs: t.pairs,
        };
        let ask = AblationAsk {
            order: a.order,
            tasks: a.tasks.into_iter().map(task).collect(),
            draws: a.draws,
            seed: a.seed.into(),
        };
        let host = WorkerHost::new(control);
        let document = with_model!(self, m => ablate(m, &ask, &host).await);
        to_js(&document.map_err(to_js_error)?)
    }

    /// `{ text, ablate, attention, target }` to the document `headmap/prompt`.
    #[wasm_bindgen(js_name = runPrompt)]
    pub async fn run_prompt(&self, ask: JsValue, control: JobControl) -> Result<JsValue, JsValue> {
        let a: Prompt = from_js(ask, "The prompt")?;
        let ask = PromptAsk {
            text: a.text,
            ablate: a.ablate,
            attention: a.attention,
            target: a.target,
        };
        let host = WorkerHost::new(control);
        let document = with_model!(self, m => run_prompt(m, &ask, &host).await);
        to_js(&document.map_err(to_js_error)?)
    }

    /// `{ length, sequences, seed }` to the document `headmap/patterns`.
    #[wasm_bindgen(js_name = attentionScores)]
    pub async fn attention_scores(&self, ask: JsValue, control: JobControl) -> Result<JsValue, JsValue> {
        let a: Patterns = from_js(ask, "What to score on")?;
        let ask = PatternsAsk {
            length: a.length,
            sequences: a.sequences,
            seed: a.seed.into(),
        };
        let host = WorkerHost::new(control);
        let document = with_model!(self, m => attention_scores(m, ask, &host).await);
        to_js(&document.map_err(to_js_error)?)
    }
}
