//! The planted recipe: heads written by hand, whose scores are known beforehand.
//!
//! The 128 dimensions are cut into subspaces (one direction, which LayerNorm removes, stays empty). Names, countries
//! and capitals have directions in their own ones, all other tokens in another. Names, and capitals with their
//! countries, are dealt into four groups, each with dimensions to itself. A head that is planted with strength 3/4
//! reads three groups and is blind to the fourth: it copies every name of the three and none of the fourth. So a
//! planted score is a count of pairs, not an estimate.
//!
//! The first MLP moves names and countries to second subspaces (`gelu(x) - gelu(-x) = x`, so it can be linear):
//! heads of layer 0 read the first ones, later heads the second.

use super::layout::{Shape, Tensor};
use super::linear::{columns_mut, rows_mut};
use super::noise::{mean_of, noise};
use super::plan::{Planted, Task, plan};
use super::space::{CAPITAL, NAME, Space, Vectors, embedding};
use super::words::WordPair;
use super::write::{Content, Recipe};

/// Deviation of the noise that lies under everything.
const NOISE: f64 = 0.01;
/// Length of what the first MLP writes for a name or a country.
const ENRICHED: f64 = 1.5;
/// How strongly a key answers to its kind of word, and to a later position: so the latest such word wins.
const LOOK: f64 = 2000.0;
const LATER: f64 = 300.0;

/// Weights with planted heads.
pub struct Plant {
    shape: Shape,
    space: Space,
    embedding: Vec<f32>,
}

impl Plant {
    /// `names` and `capitals`: pairs of the two relations that the vocabulary keeps.
    pub fn new(shape: Shape, n_vocab: usize, names: &[WordPair], capitals: &[WordPair]) -> Self {
        let space = Space::new(shape.width);
        let embedding = embedding(&space, shape.width, n_vocab, 0.1 * NOISE, names, capitals);
        Self {
            shape,
            space,
            embedding,
        }
    }

    /// What a head reads and where it writes that, and by which word's key it is found.
    fn parts(&self, head: &Planted) -> (Vectors, Vectors, Option<&[f64]>) {
        let s = &self.space;
        let first = head.layer == 0;
        let chosen = |all: &Vectors, size: usize| {
            head.groups()
                .flat_map(|g| all[g * size..(g + 1) * size].iter().cloned())
                .collect()
        };
        match head.task {
            Task::CopyNames | Task::SuppressNames => {
                let read = if first { &s.name } else { &s.name_rich };
                (chosen(read, NAME), chosen(&s.name, NAME), Some(&s.is_name))
            }
            Task::Capitals => {
                let read = if first { &s.country } else { &s.country_rich };
                (chosen(read, CAPITAL), chosen(&s.capital, CAPITAL), Some(&s.is_country))
            }
            Task::CopyWords => (s.rest.clone(), s.rest.clone(), None),
        }
    }

    fn planted(&self, tensor: &Tensor, layer: usize) -> Vec<f32> {
        let (width, d) = (self.shape.width, self.shape.d_head());
        let mut values = noise(tensor, NOISE);
        for head in plan().filter(|p| p.layer == layer) {
            let (read, write, look) = self.parts(&head);
            let at = head.head * d;
            let fill = |vectors: Vectors| {
                let missing = vec![vec![0.0; width]; d - vectors.len()];
                vectors.into_iter().chain(missing).collect::<Vectors>()
            };
            // Query and key talk through the head's first dimension: a constant query from the bias, ...
            if tensor.name.ends_with("c_attn.bias") {
                if look.is_some() {
                    values[at..at + d].fill(0.0);
                    values[at] = 1.0;
                }
            } else if tensor.name.ends_with("c_proj.weight") {
                rows_mut(&mut values, width, at, &fill(write), |x, p| 0.1 * x + head.gain() * p);
            } else {
                columns_mut(&mut values, 3 * width, 2 * width + at, &fill(read), |x, p| 0.1 * x + p);
                if let Some(look) = look {
                    // ... and a key that grows with the word's kind and with its position.
                    let key = look
                        .iter()
                        .zip(&self.space.position)
                        .map(|(l, p)| LOOK * l + LATER * p)
                        .collect();
                    columns_mut(&mut values, 3 * width, at, &fill(Vec::new()), |x, _| 0.01 * x);
                    columns_mut(&mut values, 3 * width, width + at, &fill(vec![key]), |x, p| {
                        0.01 * x + p
                    });
                }
            }
        }
        values
    }

    fn first_mlp(&self, tensor: &Tensor) -> Vec<f32> {
        let s = &self.space;
        let width = self.shape.width;
        let mut values = noise(tensor, NOISE);
        let negated = |v: &Vectors| v.iter().map(|x| x.iter().map(|y| -y).collect()).collect::<Vectors>();
        let pairs = |a: &Vectors, b: &Vectors| {
            let both = [a.as_slice(), b.as_slice()].concat();
            [both.as_slice(), negated(&both).as_slice()].concat()
        };
        match tensor.name.as_str() {
            "h.0.mlp.c_fc.weight" => columns_mut(&mut values, 4 * width, 0, &pairs(&s.name, &s.country), |_, p| p),
            "h.0.mlp.c_fc.bias" => values[..2 * (s.name.len() + s.country.len())].fill(0.0),
            _ => {
                // LayerNorm has made what comes in sqrt(width) long, sqrt(3/4) of it the word's own direction.
                let scale = ENRICHED / (0.75 * width as f64).sqrt();
                rows_mut(&mut values, width, 0, &pairs(&s.name_rich, &s.country_rich), |_, p| {
                    scale * p
                });
            }
        }
        values
    }

    fn positions(&self, tensor: &Tensor) -> Vec<f32> {
        let mut values = noise(tensor, 0.1 * NOISE);
        for (position, line) in values.chunks_exact_mut(self.shape.width).enumerate() {
            for (x, direction) in line.iter_mut().zip(&self.space.position) {
                *x = (f64::from(*x) + 0.02 * position as f64 * direction) as f32;
            }
        }
        values
    }
}

impl Recipe for Plant {
    fn content(&self, tensor: &Tensor) -> Content {
        let layer = tensor.name.split('.').nth(1).and_then(|l| l.parse().ok());
        match (layer, tensor.name.as_str()) {
            (None, "wte.weight") => Content::Values(self.embedding.clone()),
            (None, "wpe.weight") => Content::Values(self.positions(tensor)),
            (Some(0), "h.0.mlp.c_fc.weight" | "h.0.mlp.c_fc.bias" | "h.0.mlp.c_proj.weight") => {
                Content::Values(self.first_mlp(tensor))
            }
            (Some(layer), name)
                if ["c_attn.weight", "c_attn.bias", "attn.c_proj.weight"]
                    .iter()
                    .any(|end| name.ends_with(end)) =>
            {
                Content::Values(self.planted(tensor, layer))
            }
            _ => Content::Noise {
                mean: mean_of(&tensor.name),
                std: NOISE,
            },
        }
    }
}
