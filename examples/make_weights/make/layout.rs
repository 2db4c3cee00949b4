//! Names and shapes of GPT-2's tensors, and the header of a safetensors file.

use super::Dtype;
use std::fmt::Write;

/// Sizes of a model, all but the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub n_layer: usize,
    pub n_head: usize,
    pub width: usize,
    pub n_ctx: usize,
}

const fn shape(n_layer: usize, n_head: usize, width: usize, n_ctx: usize) -> Shape {
    Shape {
        n_layer,
        n_head,
        width,
        n_ctx,
    }
}

impl Shape {
    pub const TINY: Self = shape(2, 2, 32, 64);
    pub const PLANTED: Self = shape(4, 4, 128, 64);
    pub const SMALL: Self = shape(12, 12, 768, 1024);

    /// By GPT-2's names, and the two small ones of ours.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "tiny" => Self::TINY,
            "planted" => Self::PLANTED,
            "small" => Self::SMALL,
            "medium" => shape(24, 16, 1024, 1024),
            "large" => shape(36, 20, 1280, 1024),
            "xl" => shape(48, 25, 1600, 1024),
            _ => return None,
        })
    }

    /// Width of a head.
    pub fn d_head(&self) -> usize {
        self.width / self.n_head
    }
}

/// A tensor of the file.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    pub dims: Vec<usize>,
}

impl Tensor {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether it is a causal mask (and not the bias of `c_attn`).
    pub fn is_mask(&self) -> bool {
        self.name.ends_with(".attn.bias")
    }
}

/// All tensors in the order of the file, which is that of their names. `h.N.attn.bias` is the causal mask that
/// the hub's files carry.
pub fn tensors(s: &Shape, n_vocab: usize) -> Vec<Tensor> {
    let d = s.width;
    let mut list = vec![
        ("wte.weight".to_owned(), vec![n_vocab, d]),
        ("wpe.weight".to_owned(), vec![s.n_ctx, d]),
    ];
    let mut add = |name: String, dims: &[usize]| list.push((name, dims.to_vec()));
    for l in 0..s.n_layer {
        for part in ["ln_1", "ln_2"] {
            add(format!("h.{l}.{part}.weight"), &[d]);
            add(format!("h.{l}.{part}.bias"), &[d]);
        }
        for (part, from, to) in [
            ("attn.c_attn", d, 3 * d),
            ("attn.c_proj", d, d),
            ("mlp.c_fc", d, 4 * d),
            ("mlp.c_proj", 4 * d, d),
        ] {
            add(format!("h.{l}.{part}.weight"), &[from, to]);
            add(format!("h.{l}.{part}.bias"), &[to]);
        }
        add(format!("h.{l}.attn.bias"), &[1, 1, s.n_ctx, s.n_ctx]);
    }
    add("ln_f.weight".into(), &[d]);
    add("ln_f.bias".into(), &[d]);
    list.sort();
    list.into_iter().map(|(name, dims)| Tensor { name, dims }).collect()
}

/// Length and text of the header. It is not padded, as GPT-2's own is not: the values then begin at an odd
/// address, which a reader must bear.
pub fn header(tensors: &[Tensor], dtype: Dtype, prefix: &str) -> Vec<u8> {
    let mut text = String::from(r#"{"__metadata__":{"format":"pt"}"#);
    let mut at = 0_u64;
    for t in tensors {
        let end = at + (t.len() * dtype.bytes()) as u64;
        let dims = t.dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let name = dtype.name();
        write!(
            text,
            r#","{prefix}{}":{{"dtype":"{name}","shape":[{dims}],"data_offsets":[{at},{end}]}}"#,
            t.name
        )
        .expect("writing to a string does not fail");
        at = end;
    }
    text.push('}');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}
