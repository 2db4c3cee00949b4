//! Where the planted model's words lie: subspaces, groups of words, and a direction for each word.

use super::layout::Tensor;
use super::linear::{normalise, orthonormal_beside, spread};
use super::noise::{noise, noise_block};
use super::plan::GROUPS;
use super::words::WordPair;
use std::collections::BTreeMap;

/// Dimensions of one group.
pub const NAME: usize = 6;
pub const CAPITAL: usize = 5;

pub type Vectors = Vec<Vec<f64>>;

/// Subspaces as orthonormal vectors; all are orthogonal to each other and to the direction that LayerNorm removes.
pub struct Space {
    pub name: Vectors,
    pub name_rich: Vectors,
    pub country: Vectors,
    pub country_rich: Vectors,
    pub capital: Vectors,
    pub rest: Vectors,
    pub is_name: Vec<f64>,
    pub is_country: Vec<f64>,
    pub position: Vec<f64>,
}

impl Space {
    pub fn new(width: usize) -> Self {
        let ones = vec![1.0 / (width as f64).sqrt(); width];
        let mut basis = orthonormal_beside("basis", width, width - 1, vec![ones]);
        let mut cut = |n: usize| basis.drain(..n).collect::<Vectors>();
        Self {
            name: cut(GROUPS * NAME),
            name_rich: cut(GROUPS * NAME),
            country: cut(GROUPS * CAPITAL),
            country_rich: cut(GROUPS * CAPITAL),
            capital: cut(GROUPS * CAPITAL),
            is_name: cut(1).remove(0),
            is_country: cut(1).remove(0),
            position: cut(1).remove(0),
            rest: cut(16),
        }
    }
}

/// Group of each token of a sorted, deduplicated list: they are dealt like cards.
pub fn groups(tokens: impl Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    let mut sorted: Vec<u32> = tokens.collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
        .into_iter()
        .enumerate()
        .map(|(i, token)| (token, i % GROUPS))
        .collect()
}

/// A direction for each token, in the dimensions of its group.
fn directions(of: &BTreeMap<u32, usize>, label: &str, size: usize) -> BTreeMap<u32, Vec<f64>> {
    let mut all = BTreeMap::new();
    for group in 0..GROUPS {
        let members: Vec<u32> = of
            .iter()
            .filter(|(_, g)| **g == group)
            .map(|(token, _)| *token)
            .collect();
        for (token, point) in members
            .iter()
            .zip(spread(&format!("{label} {group}"), members.len(), size))
        {
            let mut whole = vec![0.0; GROUPS * size];
            whole[group * size..(group + 1) * size].copy_from_slice(&point);
            all.insert(*token, whole);
        }
    }
    all
}

fn add(to: &mut [f64], scale: f64, coordinates: &[f64], vectors: &[Vec<f64>]) {
    for (c, vector) in coordinates.iter().zip(vectors) {
        to.iter_mut().zip(vector).for_each(|(x, v)| *x += scale * c * v);
    }
}

/// The embedding [n_vocab, width]. `names` and `capitals` are the pairs of the two relations that the vocabulary
/// keeps; every other token gets a random direction of the rest. A word can be two things, as Monaco is: it then
/// has both directions.
pub fn embedding(
    space: &Space,
    width: usize,
    n_vocab: usize,
    noise_std: f64,
    names: &[WordPair],
    capitals: &[WordPair],
) -> Vec<f32> {
    let name_at = directions(&groups(names.iter().map(|p| p.source_id)), "names", NAME);
    let capital_at = directions(&groups(capitals.iter().map(|p| p.target_id)), "capitals", CAPITAL);
    let mut rows = vec![vec![0.0; width]; n_vocab];
    let mut special = vec![false; n_vocab];
    let part = 0.75_f64.sqrt();
    for (token, at) in &name_at {
        let row = *token as usize;
        special[row] = true;
        add(&mut rows[row], 0.5, &[1.0], std::slice::from_ref(&space.is_name));
        add(&mut rows[row], part, at, &space.name);
    }
    for (token, at) in &capital_at {
        let row = *token as usize;
        special[row] = true;
        add(&mut rows[row], 1.0, at, &space.capital);
    }
    for pair in capitals {
        let row = pair.source_id as usize;
        special[row] = true;
        add(&mut rows[row], 0.5, &[1.0], std::slice::from_ref(&space.is_country));
        add(&mut rows[row], part, &capital_at[&pair.target_id], &space.country);
    }
    let scattered = noise_block("others", 0, n_vocab * space.rest.len(), 0.0, 1.0);
    for (token, at) in scattered
        .chunks_exact(space.rest.len())
        .enumerate()
        .filter(|(token, _)| !special[*token])
    {
        let mut at: Vec<f64> = at.iter().map(|x| f64::from(*x)).collect();
        normalise(&mut at);
        add(&mut rows[token], 1.0, &at, &space.rest);
    }
    let under = noise(
        &Tensor {
            name: "wte.weight".into(),
            dims: vec![n_vocab, width],
        },
        noise_std,
    );
    rows.iter()
        .flatten()
        .zip(under)
        .map(|(x, n)| (x + f64::from(n)) as f32)
        .collect()
}
