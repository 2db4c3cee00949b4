//! What the model can do: accuracies on questions that the text does not ask, and MAPS' static scores.

use crate::model::Gpt2;
use crate::text::sentences::Question;
use crate::text::{Author, Dice};
use crate::vocabulary::Vocabulary;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde_json::{Value, json};

/// Questions of one kind, as tokens.
pub struct Asked {
    pub name: &'static str,
    rows: Vec<(Vec<u32>, u32)>,
}

/// (source, target) as tokens, and how many of the largest count.
pub struct Scored {
    pub name: String,
    pub pairs: Vec<(u32, u32)>,
    pub k: usize,
}

pub struct Measure {
    pub asked: Vec<Asked>,
    pub scored: Vec<Scored>,
}

/// Questions of names in each set.
const QUESTIONS: usize = 200;
/// The same questions whatever the training's seed.
const SEED: u64 = 0;

impl Measure {
    pub fn new(author: &Author, vocabulary: &Vocabulary) -> Self {
        let mut dice = Dice::new(SEED, 1);
        let (known, new) = (&author.words.people, &author.words.held_out);
        let mut names = |name, from: &_, phrases| {
            (
                name,
                (0..QUESTIONS)
                    .map(|_| author.question_of_two(from, phrases, &mut dice))
                    .collect::<Vec<_>>(),
            )
        };
        let mut sets = vec![
            names("names", known, false),
            names("names_new_phrases", known, true),
            names("new_names", new, false),
            names("new_names_new_phrases", new, true),
        ];
        sets.push(("capitals", author.questions_of_capitals("capital", &mut dice)));
        sets.push((
            "capitals_new_phrases",
            (0..4)
                .flat_map(|_| author.questions_of_capitals("capital_held_out", &mut dice))
                .collect(),
        ));
        sets.push((
            "list",
            author.words.people.iter().chain(new).map(|p| arrow(&p.name)).collect(),
        ));
        let row = |q: &Question| {
            (
                vocabulary.encode(&q.prompt),
                vocabulary.single(&q.answer).expect("an answer is one token"),
            )
        };
        let asked = sets
            .into_iter()
            .map(|(name, set)| Asked {
                name,
                rows: set.iter().map(row).collect(),
            })
            .collect();
        let token = |w: &String| vocabulary.single(w).expect("words of a relation are single tokens");
        let scored = author.words.relations.iter().map(|r| Scored {
            name: r.name.clone(),
            pairs: r.pairs.iter().map(|(s, t)| (token(s), token(t))).collect(),
            k: if r.name.ends_with("copying") { 1 } else { 10 },
        });
        Self {
            asked,
            scored: scored.collect(),
        }
    }

    /// Share of answers, and scores as [layer][head].
    pub fn of(&self, model: &Gpt2) -> Value {
        let mut out = serde_json::Map::new();
        for set in &self.asked {
            out.insert(set.name.into(), share(self.accuracy(model, set.name, &[])));
        }
        for relation in &self.scored {
            if !["name_copying", "general_copying", "country_to_capital"].contains(&relation.name.as_str()) {
                continue;
            }
            let n = relation.pairs.len() as f64;
            let grid = |hits: Vec<Vec<usize>>| {
                json!(
                    hits.iter()
                        .map(|row| row.iter().map(|h| share(*h as f64 / n)).collect())
                        .collect::<Vec<Vec<_>>>()
                )
            };
            let [plain, negated] = scores(model, &relation.pairs, relation.k);
            out.insert(
                relation.name.clone(),
                json!({ "relation": grid(plain), "suppression": grid(negated) }),
            );
        }
        out.into()
    }

    /// Share of the questions of a set whose answer the model finds most likely, with some heads off.
    pub fn accuracy(&self, model: &Gpt2, set: &str, ablated: &[(usize, usize)]) -> f64 {
        let set = self
            .asked
            .iter()
            .find(|s| s.name == set)
            .expect("there is no such set of questions");
        let time = set.rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
        let device = model.wte.val().device();
        let mut right = 0;
        for rows in set.rows.chunks(50) {
            let answers = answers(model, rows, time, ablated, &device);
            right += rows
                .iter()
                .zip(answers)
                .filter(|(row, answer)| row.1 == *answer)
                .count();
        }
        right as f64 / set.rows.len() as f64
    }
}

fn share(x: f64) -> Value {
    json!((x * 1e3).round() / 1e3)
}

/// The causal check's own prompt.
fn arrow(name: &str) -> Question {
    Question {
        prompt: format!(" John-> John; Donna-> Donna; {name}->"),
        answer: name.to_owned(),
        rival: String::new(),
    }
}

fn answers(
    model: &Gpt2,
    rows: &[(Vec<u32>, u32)],
    time: usize,
    ablated: &[(usize, usize)],
    device: &Device,
) -> Vec<u32> {
    let last: Vec<usize> = rows.iter().map(|r| r.0.len() - 1).collect();
    // What stands after the last token is not seen by it.
    let padded: Vec<i32> = rows
        .iter()
        .flat_map(|r| (0..time).map(|i| r.0.get(i).map_or(0, |t| *t as i32)))
        .collect();
    let tokens = Tensor::<2, Int>::from_data(TensorData::new(padded, [rows.len(), time]), device);
    let x = model.forward(tokens, None, ablated, &last);
    let [_, _, d] = x.dims();
    let places: Vec<i32> = last
        .iter()
        .enumerate()
        .map(|(row, at)| (row * time + at) as i32)
        .collect();
    let places = Tensor::<1, Int>::from_data(TensorData::new(places, [rows.len()]), device);
    let logits = x
        .reshape([rows.len() * time, d])
        .select(0, places)
        .matmul(model.wte.val().transpose());
    logits.argmax(1).into_data().iter::<i64>().map(|i| i as u32).collect()
}

/// Hits of every head, [layer][head], for the relation and its suppression: Elhelo and Geva's static score.
pub fn scores(model: &Gpt2, pairs: &[(u32, u32)], k: usize) -> [Vec<Vec<usize>>; 2] {
    let device = model.wte.val().device();
    let sources: Vec<i32> = pairs.iter().map(|p| p.0 as i32).collect();
    let sources = Tensor::<1, Int>::from_data(TensorData::new(sources, [pairs.len()]), &device);
    let e = model.wte.val().select(0, sources.clone());
    let enriched = model.first_mlp().select(0, sources);
    let n_head = model.n_head();
    let mut found = [Vec::new(), Vec::new()];
    for (layer, block) in model.h.iter().enumerate() {
        let x = if layer == 0 { &e } else { &enriched };
        let mut rows = [Vec::new(), Vec::new()];
        for head in 0..n_head {
            let (v, o) = block.value_output(head, n_head);
            let z = x.clone().matmul(v).matmul(o).matmul(model.wte.val().transpose());
            let [_, n] = z.dims();
            let z: Vec<f32> = z.into_data().iter::<f32>().collect();
            for (sign, row) in [1.0f32, -1.0].iter().zip(&mut rows) {
                let hit =
                    |(i, pair): &(usize, &(u32, u32))| is_among(&z[i * n..(i + 1) * n], pair.1 as usize, *sign, k);
                row.push(pairs.iter().enumerate().filter(hit).count());
            }
        }
        let [a, b] = rows;
        found[0].push(a);
        found[1].push(b);
    }
    found
}

/// Whether `target` is among the `k` largest; equal numbers go to the earlier token.
fn is_among(z: &[f32], target: usize, sign: f32, k: usize) -> bool {
    let mark = sign * z[target];
    let above = z
        .iter()
        .enumerate()
        .filter(|(j, x)| sign * **x > mark || (sign * **x == mark && *j < target));
    above.take(k).count() < k
}
