//! What running the model needs of a checkpoint, beside what the static scores need.

use super::header::Dtype;
use super::layout::{Gpt2Layout, misfit};
use crate::error::{Error, Result};

/// Longest context that is believed; GPT-2's is 1,024.
const MAX_CONTEXT: u64 = 65_536;

/// The tensors of a block, in the order in which they are wanted.
const BLOCK: [&str; 12] = [
    "ln_1.weight",
    "ln_1.bias",
    "attn.c_attn.weight",
    "attn.c_attn.bias",
    "attn.c_proj.weight",
    "attn.c_proj.bias",
    "ln_2.weight",
    "ln_2.bias",
    "mlp.c_fc.weight",
    "mlp.c_fc.bias",
    "mlp.c_proj.weight",
    "mlp.c_proj.bias",
];

impl Gpt2Layout {
    /// Checks that all tensors of a whole GPT-2 are there and fit together; gives the context
    /// length. `name` is the file's, for messages.
    pub fn check_whole(&self, name: &str) -> Result<usize> {
        let (d, m) = (self.d_model as u64, self.d_mlp as u64);
        let Some(wpe) = self.find("wpe.weight") else {
            return Err(missing(name, "wpe.weight"));
        };
        let n_ctx = wpe.shape.first().copied().unwrap_or(0);
        if wpe.shape != [n_ctx, d] || !(1..=MAX_CONTEXT).contains(&n_ctx) {
            return Err(misfit(name, "wpe.weight", &wpe.shape, "[context, width]"));
        }
        let mut wanted = vec![
            ("wpe.weight".to_owned(), vec![n_ctx, d]),
            ("ln_f.weight".to_owned(), vec![d]),
            ("ln_f.bias".to_owned(), vec![d]),
        ];
        let shapes = [
            vec![d],
            vec![d],
            vec![d, 3 * d],
            vec![3 * d],
            vec![d, d],
            vec![d],
            vec![d],
            vec![d],
            vec![d, m],
            vec![m],
            vec![m, d],
            vec![d],
        ];
        for l in 0..self.n_layer {
            wanted.extend(
                BLOCK
                    .iter()
                    .zip(&shapes)
                    .map(|(key, shape)| (format!("h.{l}.{key}"), shape.clone())),
            );
        }
        for (key, shape) in wanted {
            let tensor = self.find(&key).ok_or_else(|| missing(name, &key))?;
            if tensor.shape != shape {
                return Err(misfit(name, &key, &tensor.shape, &format!("{shape:?}")));
            }
            if !matches!(tensor.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
                return Err(Error::CheckpointUnsupported(format!(
                    "{name} stores {key} as {:?}; F32, F16 and BF16 are read. Convert the checkpoint.",
                    tensor.dtype
                )));
            }
        }
        Ok(n_ctx as usize)
    }

    /// The tensors of block `l`, in the order in which they are wanted.
    pub fn block_tensors(&self, l: usize) -> Vec<String> {
        BLOCK.iter().map(|key| format!("h.{l}.{key}")).collect()
    }

    /// The tensors that a run reads, in the order in which they are wanted. Those that are not there
    /// are left out; [`Gpt2Layout::check_whole`] names them.
    pub fn run_job(&self) -> Vec<String> {
        let mut keys = vec!["wte.weight".to_owned(), "wpe.weight".to_owned()];
        keys.extend((0..self.n_layer).flat_map(|l| self.block_tensors(l)));
        keys.extend(["ln_f.weight".to_owned(), "ln_f.bias".to_owned()]);
        keys.retain(|key| self.find(key).is_some());
        keys
    }
}

fn missing(name: &str, key: &str) -> Error {
    Error::CheckpointShape(format!(
        "{name} has no tensor {key}: it holds what the static scores need, but not the whole model. Choose the whole checkpoint to run it."
    ))
}
