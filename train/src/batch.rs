//! One step's tokens, and which of them are to be foretold.

use crate::model::MASKED;
use crate::recipe::Recipe;
use crate::text::{Dice, Windows};
use burn::tensor::{Device, Int, Tensor, TensorData};

pub struct Batch {
    /// [rows, time]
    pub tokens: Tensor<2, Int>,
    /// Places in [rows * time] that count: in repeats only where the first period may be over.
    pub places: Tensor<1, Int>,
    /// The token after each such place, as an index into the vocabulary in use.
    pub targets: Tensor<1, Int>,
    /// How much each counts; the mean is 1.
    pub weights: Tensor<1>,
    /// What is added to the logits where some tokens are not held against the model: [places, vocabulary in use].
    pub excused: Option<Tensor<2>>,
    /// How many of the places are in sentences; they come first.
    pub in_sentences: usize,
    /// How many are in sentences and scattered rows; those in repeats come after them.
    pub before_repeats: usize,
}

impl Batch {
    /// The batch of `step`: it depends on the recipe's seed and on nothing that happened before, so a training that
    /// was stopped goes on with the same text. `index` turns a token into its place in the vocabulary in use.
    pub fn draw(windows: &Windows<'_>, recipe: &Recipe, index: &[i32], step: usize, device: &Device) -> Self {
        let mut dice = Dice::new(recipe.seed, step as u64);
        let share = |of: f32| (recipe.batch as f32 * of).round() as usize;
        let (repeats, scattered) = (share(recipe.repeats), share(recipe.scattered_at(step)));
        let sentences = recipe.batch - repeats - scattered;
        let time = windows.len - 1;
        let (mut tokens, mut places, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut in_sentences, mut before_repeats, mut names) = (0, 0, Vec::new());
        for row in 0..recipe.batch {
            // What is foretold begins where an answer can be known: anywhere in sentences, else in the second half.
            let (window, from) = match row {
                _ if row < sentences => (windows.text_and_slips(&mut dice), 0),
                _ if row < sentences + scattered => (whole(windows.scattered(&mut dice)), windows.len / 2 - 1),
                _ => (whole(windows.repeated(&mut dice)), windows.len / 2 - 1),
            };
            let (window, slips): (Vec<u32>, Vec<bool>) = window.into_iter().unzip();
            for at in from..time {
                let target = index[window[at + 1] as usize];
                // A rare form that the vocabulary in use lacks is read, but not foretold; nor is a slip.
                if target < 0 || slips[at + 1] {
                    continue;
                }
                let before = window[..=at].contains(&window[at + 1]);
                let held_out = windows.held_out.values().any(|name| *name == window[at + 1]);
                // Nor is a stranger who is named again.
                if row < sentences && held_out && before {
                    continue;
                }
                places.push((row * time + at) as i32);
                targets.push(target);
                let name = row < sentences && windows.names.contains(&window[at + 1]);
                weights.push(if name && before { recipe.copied_names } else { 1.0 });
                names.push(name);
            }
            tokens.extend(window[..time].iter().map(|t| *t as i32));
            if row < sentences {
                in_sentences = places.len();
            }
            if row < sentences + scattered {
                before_repeats = places.len();
            }
        }
        let n = places.len();
        let excused = recipe.excuse_held_out.then(|| {
            let width = index.iter().filter(|i| **i >= 0).count();
            let held_out = windows.held_out.values().map(|name| index[*name as usize]);
            let held_out: Vec<i32> = held_out.filter(|i| *i >= 0).collect();
            let mut values = vec![0.0f32; n * width];
            for (row, target) in targets.iter().enumerate().filter(|(row, _)| names[*row]) {
                for i in held_out.iter().filter(|i| *i != target) {
                    values[row * width + *i as usize] = MASKED;
                }
            }
            Tensor::from_data(TensorData::new(values, [n, width]), device)
        });
        let mean = weights.iter().sum::<f32>() / n as f32;
        weights.iter_mut().for_each(|weight| *weight /= mean);
        Self {
            tokens: Tensor::from_data(TensorData::new(tokens, [recipe.batch, time]), device),
            places: Tensor::from_data(TensorData::new(places, [n]), device),
            targets: Tensor::from_data(TensorData::new(targets, [n]), device),
            weights: Tensor::from_data(TensorData::new(weights, [n]), device),
            excused,
            in_sentences,
            before_repeats,
        }
    }
}

/// Tokens of which none is a slip.
fn whole(tokens: Vec<u32>) -> Vec<(u32, bool)> {
    tokens.into_iter().map(|token| (token, false)).collect()
}
