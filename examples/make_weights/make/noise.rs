//! Recipes of noise: alone, and with a known strength of copying in every head.

use super::layout::{Shape, Tensor};
use super::linear::{columns_mut, orthonormal, rows_mut};
use super::rng::Rng;
use super::write::{Content, Recipe};

/// Values that one generator makes.
pub const BLOCK: usize = 1 << 18;

/// `len` values of block `block`.
pub fn noise_block(name: &str, block: usize, len: usize, mean: f64, std: f64) -> Vec<f32> {
    let mut rng = Rng::new(name, block as u64);
    (0..len).map(|_| (mean + std * rng.normal()) as f32).collect()
}

/// A whole tensor of noise, for a recipe that changes it.
pub fn noise(tensor: &Tensor, std: f64) -> Vec<f32> {
    let mean = mean_of(&tensor.name);
    (0..tensor.len().div_ceil(BLOCK))
        .flat_map(|block| noise_block(&tensor.name, block, BLOCK.min(tensor.len() - block * BLOCK), mean, std))
        .collect()
}

/// Weights of a LayerNorm lie around 1, all else around 0.
pub fn mean_of(name: &str) -> f64 {
    if name.contains("ln_") && name.ends_with(".weight") {
        1.0
    } else {
        0.0
    }
}

/// Noise alone.
pub struct Random {
    pub std: f64,
}

impl Recipe for Random {
    fn content(&self, tensor: &Tensor) -> Content {
        Content::Noise {
            mean: mean_of(&tensor.name),
            std: self.std,
        }
    }
}

/// Noise, and in head `i` (counted through the layers) `W_V W_O += s_i P P^T`, where P [width, d_head] has
/// orthonormal columns of its own: what the head reads in its part of the space it writes back, more or less
/// strongly, or with its sign turned. The first MLP is, noise apart, half the identity, so that the
/// sources of later layers still look like their tokens.
pub struct Graded {
    pub shape: Shape,
    pub std: f64,
    /// Largest strength.
    pub most: f64,
}

impl Graded {
    /// Strength of a head: up to `most`, in a scattered order; every third one is negative.
    pub fn strength(&self, layer: usize, head: usize) -> f64 {
        let count = self.shape.n_layer * self.shape.n_head;
        let index = layer * self.shape.n_head + head;
        // 37 has no common factor with the number of heads of any shape here.
        let step = (index * 37 % count) as f64 / (count - 1) as f64;
        if index % 3 == 2 {
            -self.most * step
        } else {
            self.most * step
        }
    }

    fn frame(&self, layer: usize, head: usize) -> Vec<Vec<f64>> {
        orthonormal(&format!("frame {layer}.{head}"), self.shape.width, self.shape.d_head())
    }

    fn heads(&self, tensor: &Tensor, layer: usize) -> Vec<f32> {
        let (d, width) = (self.shape.d_head(), self.shape.width);
        let mut values = noise(tensor, self.std);
        for head in 0..self.shape.n_head {
            let strength = self.strength(layer, head);
            let root = strength.abs().sqrt();
            let frame = self.frame(layer, head);
            if tensor.name.ends_with("c_attn.weight") {
                columns_mut(&mut values, 3 * width, 2 * width + head * d, &frame, |x, p| {
                    x + root * p
                });
            } else {
                let signed = if strength < 0.0 { -root } else { root };
                rows_mut(&mut values, width, head * d, &frame, |x, p| x + signed * p);
            }
        }
        values
    }

    /// `gelu(x) - gelu(-x) = x`: a pair of hidden units with opposite signs passes its input on unchanged.
    /// Hidden units 2i and 2i + 1 carry coordinate i.
    fn first_mlp(&self, tensor: &Tensor) -> Vec<f32> {
        let width = self.shape.width;
        let mut values = noise(tensor, self.std);
        for i in 0..width {
            match tensor.name.as_str() {
                "h.0.mlp.c_fc.weight" => {
                    for row in 0..width {
                        let at = row * 4 * width + 2 * i;
                        let in_place = f32::from(u8::from(row == i));
                        (values[at], values[at + 1]) = (in_place, -in_place);
                    }
                }
                "h.0.mlp.c_fc.bias" => (values[2 * i], values[2 * i + 1]) = (0.0, 0.0),
                _ => {
                    for column in 0..width {
                        let in_place = if column == i { 0.5 } else { 0.0 };
                        (values[2 * i * width + column], values[(2 * i + 1) * width + column]) = (in_place, -in_place);
                    }
                }
            }
        }
        values
    }
}

impl Recipe for Graded {
    fn content(&self, tensor: &Tensor) -> Content {
        let mut parts = tensor.name.split('.');
        let layer = parts.nth(1).and_then(|l| l.parse().ok());
        match (layer, tensor.name.as_str()) {
            (Some(0), "h.0.mlp.c_fc.weight" | "h.0.mlp.c_fc.bias" | "h.0.mlp.c_proj.weight") => {
                Content::Values(self.first_mlp(tensor))
            }
            (Some(layer), name) if name.ends_with("attn.c_attn.weight") || name.ends_with("attn.c_proj.weight") => {
                Content::Values(self.heads(tensor, layer))
            }
            _ => Content::Noise {
                mean: mean_of(&tensor.name),
                std: self.std,
            },
        }
    }
}
