//! Writing a checkpoint tensor by tensor.

use super::layout::{Tensor, header, tensors};
use super::noise::{BLOCK, noise_block};
use super::{Dtype, Shape};
use half::{bf16, f16};
use std::io::{Result, Write};

/// What a tensor holds.
pub enum Content {
    /// `mean` + normal noise of deviation `std`.
    Noise { mean: f64, std: f64 },
    /// These values, row by row.
    Values(Vec<f32>),
}

/// A way to fill a checkpoint.
pub trait Recipe {
    /// Of every tensor but the causal mask.
    fn content(&self, tensor: &Tensor) -> Content;
}

/// Writes the whole file.
pub fn write_checkpoint(
    out: &mut impl Write,
    shape: &Shape,
    n_vocab: usize,
    dtype: Dtype,
    prefix: bool,
    recipe: &dyn Recipe,
) -> Result<()> {
    let list = tensors(shape, n_vocab);
    out.write_all(&header(&list, dtype, if prefix { "transformer." } else { "" }))?;
    let mut sink = Sink {
        out,
        dtype,
        bytes: Vec::new(),
    };
    for tensor in &list {
        if tensor.is_mask() {
            write_mask(&mut sink, shape.n_ctx)?;
            continue;
        }
        match recipe.content(tensor) {
            Content::Noise { mean, std } => write_noise(&mut sink, tensor, mean, std)?,
            Content::Values(values) => {
                assert_eq!(
                    values.len(),
                    tensor.len(),
                    "{} has a wrong number of values",
                    tensor.name
                );
                sink.put(&values)?;
            }
        }
    }
    Ok(())
}

struct Sink<'a, W: Write> {
    out: &'a mut W,
    dtype: Dtype,
    bytes: Vec<u8>,
}

impl<W: Write> Sink<'_, W> {
    fn put(&mut self, values: &[f32]) -> Result<()> {
        for part in values.chunks(1 << 16) {
            self.bytes.clear();
            match self.dtype {
                Dtype::F32 => self.bytes.extend(part.iter().flat_map(|x| x.to_le_bytes())),
                Dtype::F16 => self
                    .bytes
                    .extend(part.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes())),
                Dtype::BF16 => self
                    .bytes
                    .extend(part.iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes())),
            }
            self.out.write_all(&self.bytes)?;
        }
        Ok(())
    }
}

fn write_mask<W: Write>(sink: &mut Sink<'_, W>, n: usize) -> Result<()> {
    let mut row = vec![0.0; n];
    for i in 0..n {
        row[i] = 1.0;
        sink.put(&row)?;
    }
    Ok(())
}

/// Blocks have generators of their own, so all cores can make them at once.
fn write_noise<W: Write>(sink: &mut Sink<'_, W>, tensor: &Tensor, mean: f64, std: f64) -> Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let blocks = tensor.len().div_ceil(BLOCK);
    for first in (0..blocks).step_by(workers) {
        let made: Vec<Vec<f32>> = std::thread::scope(|scope| {
            let started: Vec<_> = (first..blocks.min(first + workers))
                .map(|block| {
                    let len = BLOCK.min(tensor.len() - block * BLOCK);
                    scope.spawn(move || noise_block(&tensor.name, block, len, mean, std))
                })
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().expect("making noise does not panic"))
                .collect()
        });
        for values in &made {
            sink.put(values)?;
        }
    }
    Ok(())
}
