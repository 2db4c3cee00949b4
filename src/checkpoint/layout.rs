//! Is it a GPT-2, and of what size? Sizes come from the tensors; config.json is checked against
//! them and adds the one thing that they do not show: the number of heads.

use super::header::{Dtype, Header, TensorInfo};
use crate::engine::Shape;
use crate::error::{Error, Result};
use serde::Deserialize;

/// What config.json may say. Whatever is missing is taken from the checkpoint or GPT-2's defaults.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Config {
    pub n_layer: Option<u64>,
    pub n_head: Option<u64>,
    pub n_embd: Option<u64>,
    pub n_inner: Option<u64>,
    pub vocab_size: Option<u64>,
    pub layer_norm_epsilon: Option<f64>,
    pub activation_function: Option<String>,
    pub model_type: Option<String>,
}

impl Config {
    /// From the text of config.json (at most 1 MB).
    pub fn parse(json: &str) -> Result<Self> {
        if json.len() > 1_000_000 {
            return Err(Error::ConfigInvalid(
                "config.json is over 1 MB, which no model's is.".into(),
            ));
        }
        serde_json::from_str(json).map_err(|e| {
            Error::ConfigInvalid(format!(
                "config.json cannot be read ({e}). Choose the one that belongs to the checkpoint."
            ))
        })
    }
}

/// Where a GPT-2's tensors are. All shapes have been checked against each other.
#[derive(Clone, Debug)]
pub struct Gpt2Layout {
    header: Header,
    prefix: &'static str,
    pub n_layer: usize,
    pub n_head: usize,
    pub d_model: usize,
    pub d_mlp: usize,
    pub n_vocab: usize,
    pub layer_norm_epsilon: f64,
    pub dtype: Dtype,
}

/// Largest sizes that are believed; GPT-2 XL is 48, 1,600, 50,257.
const MAX_LAYERS: u64 = 512;
const MAX_D_MODEL: u64 = 16_384;
const MAX_VOCAB: u64 = 1_000_000;

impl Gpt2Layout {
    /// Checks names and shapes. `name` is the file's, for messages.
    pub fn new(name: &str, header: Header, config: &Config) -> Result<Self> {
        let prefix = ["", "transformer."]
            .into_iter()
            .find(|p| header.tensors.contains_key(&format!("{p}wte.weight")));
        let prefix = prefix.ok_or_else(|| {
            Error::CheckpointUnsupported(format!(
                "{name} is safetensors but not a GPT-2: it has no tensor wte.weight. Choose the checkpoint of a GPT-2 model."
            ))
        })?;
        if header.tensors.contains_key("lm_head.weight") {
            return Err(Error::CheckpointUnsupported(format!(
                "{name} has an output matrix of its own (lm_head.weight). GPT-2 ties it to the embedding, and the scores here rest on that."
            )));
        }
        let find = |key: &str| header.tensors.get(&format!("{prefix}{key}"));
        let wte = find("wte.weight").expect("was just found");
        let &[n_vocab, d] = wte.shape.as_slice() else {
            return Err(misfit(name, "wte.weight", &wte.shape, "[vocabulary, width]"));
        };
        let mut n_layer = 0;
        while n_layer < MAX_LAYERS && find(&format!("h.{n_layer}.attn.c_attn.weight")).is_some() {
            n_layer += 1;
        }
        if n_layer == 0
            || n_layer == MAX_LAYERS
            || !(1..=MAX_D_MODEL).contains(&d)
            || !(1..=MAX_VOCAB).contains(&n_vocab)
        {
            return Err(Error::CheckpointShape(format!(
                "{name} has {n_layer} layers, width {d} and {n_vocab} tokens, which is no GPT-2 that can be scored here."
            )));
        }
        let d_mlp = find("h.0.mlp.c_fc.weight")
            .and_then(|t| t.shape.get(1))
            .copied()
            .unwrap_or(4 * d);
        let n_head = heads(name, d, config)?;
        let said = [
            ("n_layer", config.n_layer, n_layer),
            ("n_embd", config.n_embd, d),
            ("vocab_size", config.vocab_size, n_vocab),
            ("n_inner", config.n_inner, d_mlp),
        ];
        for (key, config, file) in said {
            if config.is_some_and(|c| c != file) {
                return Err(Error::ConfigInvalid(format!(
                    "config.json says {key} = {}, but {name} has {file}: they belong to different models.",
                    config.unwrap_or(0)
                )));
            }
        }
        let layout = Self {
            prefix,
            n_layer: n_layer as usize,
            n_head: n_head as usize,
            d_model: d as usize,
            d_mlp: d_mlp as usize,
            n_vocab: n_vocab as usize,
            layer_norm_epsilon: epsilon(config)?,
            dtype: wte.dtype,
            header,
        };
        layout.check_shapes(name)?;
        Ok(layout)
    }

    /// The sizes that the engines need.
    pub fn shape(&self) -> Shape {
        Shape {
            n_vocab: self.n_vocab,
            d_model: self.d_model,
            n_head: self.n_head,
            d_head: self.d_model / self.n_head,
        }
    }

    /// A tensor by GPT-2's name, without the prefix. It is there: [`Gpt2Layout::new`] looked.
    pub fn tensor(&self, key: &str) -> &TensorInfo {
        &self.header.tensors[&format!("{}{key}", self.prefix)]
    }

    /// The tensors that the static scores read, in the order in which they are wanted:
    /// embedding, layer 0's attention, MLP_0 (when used), the other layers' attention.
    pub fn static_job(&self, first_mlp: bool) -> Vec<String> {
        let attention = |l: usize| [format!("h.{l}.attn.c_attn.weight"), format!("h.{l}.attn.c_proj.weight")];
        let mut keys = vec!["wte.weight".to_owned()];
        keys.extend(attention(0));
        if first_mlp && self.n_layer > 1 {
            keys.extend(FIRST_MLP.iter().map(|k| format!("h.0.{k}")));
        }
        keys.extend((1..self.n_layer).flat_map(attention));
        keys
    }

    /// The tensors that a copy must hold to be opened and scored here: those of the job, and MLP_0 even where a
    /// single layer leaves it unused.
    pub fn scored_tensors(&self) -> Vec<String> {
        let mut keys = self.static_job(true);
        keys.extend(
            FIRST_MLP
                .iter()
                .map(|k| format!("h.0.{k}"))
                .filter(|_| self.n_layer == 1),
        );
        keys
    }

    /// A tensor by GPT-2's name, without the prefix, if it is there.
    pub fn find(&self, key: &str) -> Option<&TensorInfo> {
        self.header.tensors.get(&format!("{}{key}", self.prefix))
    }

    /// Bytes of the named tensors.
    pub fn bytes<'a>(&self, keys: impl IntoIterator<Item = &'a String>) -> u64 {
        keys.into_iter().map(|k| self.tensor(k).len).sum()
    }

    fn check_shapes(&self, name: &str) -> Result<()> {
        let (d, m) = (self.d_model as u64, self.d_mlp as u64);
        let mut wanted: Vec<(String, Vec<u64>)> = FIRST_MLP
            .iter()
            .zip([vec![d], vec![d], vec![d, m], vec![m], vec![m, d], vec![d]])
            .map(|(k, s)| (format!("h.0.{k}"), s))
            .collect();
        for l in 0..self.n_layer {
            wanted.push((format!("h.{l}.attn.c_attn.weight"), vec![d, 3 * d]));
            wanted.push((format!("h.{l}.attn.c_proj.weight"), vec![d, d]));
        }
        wanted.push(("wte.weight".into(), vec![self.n_vocab as u64, d]));
        for (key, shape) in wanted {
            let Some(t) = self.header.tensors.get(&format!("{}{key}", self.prefix)) else {
                return Err(Error::CheckpointShape(format!(
                    "{name} has no tensor {key}: it is not a whole GPT-2 checkpoint."
                )));
            };
            if t.shape != shape {
                return Err(misfit(name, &key, &t.shape, &format!("{shape:?}")));
            }
            if !matches!(t.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
                return Err(Error::CheckpointUnsupported(format!(
                    "{name} stores {key} as {:?}; F32, F16 and BF16 are read. Convert the checkpoint.",
                    t.dtype
                )));
            }
        }
        Ok(())
    }
}

/// Layer 0's second LayerNorm and MLP, in the order in which they are wanted.
const FIRST_MLP: [&str; 6] = [
    "ln_2.weight",
    "ln_2.bias",
    "mlp.c_fc.weight",
    "mlp.c_fc.bias",
    "mlp.c_proj.weight",
    "mlp.c_proj.bias",
];

fn heads(name: &str, d: u64, config: &Config) -> Result<u64> {
    match config.n_head {
        Some(h) if h > 0 && d.is_multiple_of(h) => Ok(h),
        Some(h) => Err(Error::ConfigInvalid(format!(
            "config.json says {h} heads, which do not divide {name}'s width {d}."
        ))),
        None if d.is_multiple_of(64) => Ok(d / 64), // d_head is 64 in every GPT-2
        None => Err(Error::ConfigInvalid(format!(
            "{name} has width {d}, from which the number of heads cannot be told. Choose its config.json too."
        ))),
    }
}

fn epsilon(config: &Config) -> Result<f64> {
    let eps = config.layer_norm_epsilon.unwrap_or(1e-5);
    if !(eps > 0.0 && eps < 1.0) {
        return Err(Error::ConfigInvalid(format!(
            "config.json says layer_norm_epsilon = {eps}, which cannot be."
        )));
    }
    let activation = config.activation_function.as_deref().unwrap_or("gelu_new");
    if !matches!(activation, "gelu_new" | "gelu_pytorch_tanh") {
        return Err(Error::CheckpointUnsupported(format!(
            "config.json says the activation {activation:.40?}; GPT-2's is gelu_new, and only that is computed here."
        )));
    }
    match config.model_type.as_deref() {
        None | Some("gpt2") => Ok(eps),
        Some(other) => Err(Error::CheckpointUnsupported(format!(
            "config.json says the model is {other:.40?}, not gpt2."
        ))),
    }
}

pub(super) fn misfit(name: &str, key: &str, has: &[u64], wants: &str) -> Error {
    Error::CheckpointShape(format!(
        "In {name} the tensor {key} has shape {has:?} where {wants} was expected: its tensors do not fit together."
    ))
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
