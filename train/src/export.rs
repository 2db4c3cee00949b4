//! The trained model as GPT-2's files: model.safetensors with GPT-2's names and shapes, and config.json.

use crate::model::Gpt2;
use crate::recipe::Recipe;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use half::f16;
use serde_json::{Map, Value, json};
use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// A tensor in row-major order.
struct Named {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// Writes the weights as F16 and the configuration; gives the model as it was written, rounded.
pub fn export(model: Gpt2, recipe: &Recipe, out: &Path) -> Result<Gpt2> {
    fs::create_dir_all(out)?;
    let model = model.map(&mut Round);
    let list = tensors(&model);
    let n_vocab = list[0].shape[0];
    fs::write(out.join("model.safetensors"), safetensors(&list)?)?;
    fs::write(out.join("config.json"), config(recipe, n_vocab))?;
    Ok(model)
}

/// Rounds every parameter to 16 bits.
struct Round;

impl ModuleMapper for Round {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|t| {
            let (shape, device) = (t.shape(), t.device());
            let rounded: Vec<f32> = t.into_data().iter::<f32>().map(|v| f16::from_f32(v).to_f32()).collect();
            Tensor::from_data(TensorData::new(rounded, shape), &device)
        })
    }
}

fn tensors(model: &Gpt2) -> Vec<Named> {
    let mut list = vec![
        matrix("wte.weight", model.wte.val()),
        matrix("wpe.weight", model.wpe.val()),
    ];
    for (i, b) in model.h.iter().enumerate() {
        let name = |rest: &str| format!("h.{i}.{rest}");
        let bias = |l: &burn::nn::Linear| l.bias.as_ref().expect("every product has a bias").val();
        list.push(vector(&name("ln_1.weight"), b.ln_1.gamma.val()));
        list.push(vector(&name("ln_1.bias"), beta(&b.ln_1)));
        let qkv = Tensor::cat(vec![b.q.weight.val(), b.k.weight.val(), b.v.weight.val()], 1);
        list.push(matrix(&name("attn.c_attn.weight"), qkv));
        list.push(vector(
            &name("attn.c_attn.bias"),
            Tensor::cat(vec![bias(&b.q), bias(&b.k), bias(&b.v)], 0),
        ));
        list.push(matrix(&name("attn.c_proj.weight"), b.o.weight.val()));
        list.push(vector(&name("attn.c_proj.bias"), bias(&b.o)));
        list.push(vector(&name("ln_2.weight"), b.ln_2.gamma.val()));
        list.push(vector(&name("ln_2.bias"), beta(&b.ln_2)));
        list.push(matrix(&name("mlp.c_fc.weight"), b.fc.weight.val()));
        list.push(vector(&name("mlp.c_fc.bias"), bias(&b.fc)));
        list.push(matrix(&name("mlp.c_proj.weight"), b.out.weight.val()));
        list.push(vector(&name("mlp.c_proj.bias"), bias(&b.out)));
    }
    list.push(vector("ln_f.weight", model.ln_f.gamma.val()));
    list.push(vector("ln_f.bias", beta(&model.ln_f)));
    list
}

fn beta(norm: &burn::nn::LayerNorm) -> Tensor<1> {
    norm.beta.as_ref().expect("GPT-2's LayerNorm has a bias").val()
}

fn matrix(name: &str, t: Tensor<2>) -> Named {
    let shape = t.dims().to_vec();
    Named {
        name: name.into(),
        shape,
        values: t.into_data().iter::<f32>().collect(),
    }
}

fn vector(name: &str, t: Tensor<1>) -> Named {
    let shape = t.dims().to_vec();
    Named {
        name: name.into(),
        shape,
        values: t.into_data().iter::<f32>().collect(),
    }
}

/// Length of the header, header, values.
fn safetensors(list: &[Named]) -> Result<Vec<u8>> {
    let mut entries = Map::new();
    entries.insert("__metadata__".into(), json!({ "format": "pt" }));
    let mut bytes = Vec::new();
    for t in list {
        let from = bytes.len();
        for v in &t.values {
            let half = f16::from_f32(*v);
            if !half.is_finite() {
                return Err(Error::other(format!("{} holds {v}, which 16 bits cannot", t.name)));
            }
            bytes.extend(half.to_le_bytes());
        }
        entries.insert(
            t.name.clone(),
            json!({ "dtype": "F16", "shape": t.shape, "data_offsets": [from, bytes.len()] }),
        );
    }
    let mut header = Value::Object(entries).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok([&(header.len() as u64).to_le_bytes()[..], &header, &bytes].concat())
}

fn config(recipe: &Recipe, n_vocab: usize) -> String {
    let s = recipe.shape;
    let config = json!({
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.0,
        "bos_token_id": n_vocab - 1,
        "embd_pdrop": 0.0,
        "eos_token_id": n_vocab - 1,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "model_type": "gpt2",
        "n_ctx": s.n_ctx,
        "n_embd": s.d_model,
        "n_head": s.n_head,
        "n_layer": s.n_layer,
        "n_positions": s.n_ctx,
        "resid_pdrop": 0.0,
        "vocab_size": n_vocab,
    });
    format!("{config:#}\n")
}
