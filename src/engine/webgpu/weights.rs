//! Weights on the device. Rows are padded to whole vec4, heads too; the padding is zero.

use super::middle::Heads;
use crate::engine::Shape;
use crate::error::{Error, Result};
use crate::kernels::gpu::Gpu;
use std::rc::Rc;

/// WebGPU's default limit of a storage binding, which every adapter has.
const TILE_BYTES: usize = 128 << 20;

/// Elements after padding.
pub fn padded(n: usize) -> usize {
    n.next_multiple_of(4)
}

/// W_E in tiles that fit into a binding everywhere.
pub struct Embedding {
    pub shape: Shape,
    pub tile_rows: usize,
    pub tiles: Vec<wgpu::Buffer>,
    /// The largest |element|, which bounds every logit.
    pub largest: f32,
    /// The length of the longest token vector.
    pub longest: f64,
}

/// W_V `[d, n_head * d_head]` and W_O `[n_head * d_head, d]` of one layer.
pub struct Layer {
    pub shape: Shape,
    pub w_v: wgpu::Buffer,
    pub w_o: wgpu::Buffer,
    pub heads: Rc<Heads>,
}

fn checked(shape: Shape) -> Result<Shape> {
    let Shape {
        n_vocab,
        d_model,
        n_head,
        d_head,
    } = shape;
    let fits = |n: usize| n > 0 && n < 1 << 16;
    if fits(d_model) && fits(n_head) && fits(d_head) && n_head * d_head < 1 << 16 && n_vocab > 0 && n_vocab < 1 << 24 {
        Ok(shape)
    } else {
        Err(Error::CheckpointUnsupported(format!(
            "A model with {n_vocab} tokens, width {d_model} and {n_head} heads of width {d_head} is too large for the WebGPU engine."
        )))
    }
}

impl Embedding {
    pub fn new(gpu: &Gpu, shape: Shape) -> Result<Self> {
        let shape = checked(shape)?;
        let row_bytes = padded(shape.d_model) * 4;
        let tile_rows = (TILE_BYTES / row_bytes).min(shape.n_vocab);
        let tiles = (0..shape.n_vocab)
            .step_by(tile_rows)
            .map(|first| {
                gpu.storage(
                    (tile_rows.min(shape.n_vocab - first) * row_bytes) as u64,
                    "the token embedding",
                )
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            shape,
            tile_rows,
            tiles,
            largest: 0.0,
            longest: 0.0,
        })
    }

    /// Tokens of tile `i`: the first, and how many.
    pub fn tile(&self, i: usize) -> (usize, usize) {
        let first = i * self.tile_rows;
        (first, self.tile_rows.min(self.shape.n_vocab - first))
    }

    pub fn write(&mut self, gpu: &Gpu, first_row: usize, rows: &[f32]) -> Result<()> {
        let d = self.shape.d_model;
        self.largest = rows.iter().fold(self.largest, |m, v| m.max(v.abs()));
        self.longest = rows
            .chunks_exact(d)
            .fold(self.longest, |m, row| m.max(squares(row).sqrt()));
        let mut at = first_row;
        let mut rest = rows;
        while !rest.is_empty() {
            let tile = at / self.tile_rows;
            let (first, count) = if tile < self.tiles.len() {
                self.tile(tile)
            } else {
                (0, 0)
            };
            let n = (rest.len() / d).min((first + count).saturating_sub(at));
            if n == 0 {
                return Err(misfit("wte.weight"));
            }
            let (now, later) = rest.split_at(n * d);
            write_rows(gpu, &self.tiles[tile], at - first, now, &[d]);
            (at, rest) = (at + n, later);
        }
        gpu.health.check()
    }
}

impl Layer {
    pub fn new(gpu: &Gpu, shape: Shape) -> Result<Self> {
        let Shape {
            d_model: d,
            n_head,
            d_head,
            ..
        } = checked(shape)?;
        let bytes = padded(d) * n_head * padded(d_head) * 4;
        let layer = Self {
            shape,
            w_v: gpu.storage(bytes as u64, "W_V of a layer")?,
            w_o: gpu.storage(bytes as u64, "W_O of a layer")?,
            heads: Rc::new(Heads::new(n_head)),
        };
        if d % 4 != 0 || d_head % 4 != 0 {
            let zeros = vec![0; bytes];
            gpu.queue.write_buffer(&layer.w_v, 0, &zeros);
            gpu.queue.write_buffer(&layer.w_o, 0, &zeros);
        }
        Ok(layer)
    }

    pub fn write_w_v(&self, gpu: &Gpu, first_row: usize, rows: &[f32]) -> Result<()> {
        let Shape {
            d_model,
            n_head,
            d_head,
            ..
        } = self.shape;
        let width = n_head * d_head;
        if !rows.len().is_multiple_of(width) || first_row + rows.len() / width > d_model {
            return Err(misfit("c_attn.weight"));
        }
        write_rows(gpu, &self.w_v, first_row, rows, &vec![d_head; n_head]);
        gpu.health.check()
    }

    pub fn write_w_o(&self, gpu: &Gpu, first_row: usize, rows: &[f32]) -> Result<()> {
        let Shape {
            d_model: d,
            n_head,
            d_head,
            ..
        } = self.shape;
        if !rows.len().is_multiple_of(d) || first_row + rows.len() / d > n_head * d_head {
            return Err(misfit("c_proj.weight"));
        }
        for (row, values) in (first_row..).zip(rows.chunks_exact(d)) {
            self.heads.has_w_o(row / d_head, squares(values));
        }
        if d_head % 4 == 0 {
            write_rows(gpu, &self.w_o, first_row, rows, &[d]);
        } else {
            for (row, values) in (first_row..).zip(rows.chunks_exact(d)) {
                let at = row / d_head * padded(d_head) + row % d_head;
                write_rows(gpu, &self.w_o, at, values, &[d]);
            }
        }
        gpu.health.check()
    }
}

/// The sum of squares.
fn squares(row: &[f32]) -> f64 {
    row.iter().map(|v| f64::from(*v).powi(2)).sum()
}

fn misfit(tensor: &str) -> Error {
    Error::CheckpointShape(format!("{tensor} has more rows than its shape says."))
}

/// Writes rows made of parts of these widths, each part padded.
pub fn write_rows(gpu: &Gpu, to: &wgpu::Buffer, first_row: usize, rows: &[f32], parts: &[usize]) {
    let width: usize = parts.iter().sum();
    let wide: usize = parts.iter().map(|p| padded(*p)).sum();
    let offset = (first_row * wide * 4) as u64;
    if width == wide {
        gpu.queue.write_buffer(to, offset, bytemuck::cast_slice(rows));
        return;
    }
    let mut wider = Vec::with_capacity(rows.len() / width * wide);
    for row in rows.chunks_exact(width) {
        let mut row = row;
        for &part in parts {
            let (now, later) = row.split_at(part);
            wider.extend_from_slice(now);
            wider.resize(wider.len().next_multiple_of(4), 0.0);
            row = later;
        }
    }
    gpu.queue.write_buffer(to, offset, bytemuck::cast_slice(&wider));
}
