//! The training itself: step by step, with a log, checkpoints, and going on after a stop.

use crate::batch::Batch;
use crate::measure::Measure;
use crate::model::{Gpt2, LeftOut};
use crate::noise::Noise;
use crate::optimizer::Optimizer;
use crate::recipe::Recipe;
use crate::text::Windows;
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
use serde_json::json;
use std::fs;
use std::io::{Error, Result, Write};
use std::path::Path;
use std::time::Instant;

/// Where a training is.
pub struct Training<'a> {
    pub recipe: &'a Recipe,
    pub windows: &'a Windows<'a>,
    pub measure: &'a Measure,
    /// Tokens that the text uses, in ascending order: only these are foretold.
    pub used: &'a [u32],
    pub n_vocab: usize,
    pub out: &'a Path,
}

impl Training<'_> {
    /// Trains from the last checkpoint in `out`, or from the start, up to `until` steps; measures and saves every
    /// `every` steps.
    pub fn run(&self, until: usize, every: usize) -> Result<Gpt2> {
        let device = Device::flex().autodiff();
        let (mut model, mut optimizer, mut step) = self.resume(&device)?;
        let mut index = vec![-1i32; self.n_vocab];
        for (i, token) in self.used.iter().enumerate() {
            index[*token as usize] = i as i32;
        }
        let used: Vec<i32> = self.used.iter().map(|t| *t as i32).collect();
        let used = Tensor::<1, Int>::from_data(used.as_slice(), &device);
        let mut log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.out.join("log.jsonl"))?;
        let (started, mut sums) = (Instant::now(), [0.0f64; 4]);
        while step < until {
            step += 1;
            let batch = Batch::draw(self.windows, self.recipe, &index, step, &device);
            let (loss, parts) = self.loss(&model, &batch, &used, step, &device);
            model = optimizer.step(self.recipe.rate(step), model, loss.backward());
            for (sum, part) in sums.iter_mut().zip(parts.into_iter().chain([1.0])) {
                *sum += f64::from(part);
            }
            if step.is_multiple_of(50) || step == until {
                let [a, b, c, n] = std::mem::take(&mut sums);
                let seconds = started.elapsed().as_secs();
                writeln!(
                    log,
                    "{}",
                    json!({ "step": step, "loss_sentences": round(a / n), "loss_scattered": round(b / n), "loss_repeats": round(c / n), "seconds": seconds })
                )?;
                println!(
                    "step {step}: sentences {:.3}, scattered {:.3}, repeats {:.3}, {seconds} s",
                    a / n,
                    b / n,
                    c / n
                );
            }
            if step.is_multiple_of(every) || step == until {
                let found = self.measure.of(&model.valid());
                writeln!(log, "{}", json!({ "step": step, "measured": found }))?;
                println!("step {step}: {found}");
                self.save(&model, &optimizer, step)?;
            }
        }
        Ok(model.valid())
    }

    /// Mean cross entropy with the weights of the recipe; and without them that of sentences, scattered rows and repeats,
    /// in nats.
    pub fn loss(
        &self,
        model: &Gpt2,
        batch: &Batch,
        used: &Tensor<1, Int>,
        step: usize,
        device: &Device,
    ) -> (Tensor<1>, [f32; 3]) {
        let [rows, time] = batch.tokens.dims();
        let mut noise = Noise::new(self.recipe.seed, &format!("left out in step {step}"));
        let left_out = LeftOut::draw(self.recipe, rows, time, &mut noise, device);
        let x = model.forward(batch.tokens.clone(), Some(&left_out), &[], &[]);
        let x = x
            .reshape([rows * time, self.recipe.shape.d_model])
            .select(0, batch.places.clone());
        let logits = x.matmul(model.wte.val().select(0, used.clone()).transpose());
        let [n, _] = logits.dims();
        let logits = match &batch.excused {
            Some(mask) => logits + mask.clone(),
            None => logits,
        };
        let losses = log_softmax(logits, 1)
            .gather(1, batch.targets.clone().reshape([n, 1]))
            .neg();
        let loss = (losses.clone() * batch.weights.clone().reshape([n, 1])).mean();
        let part = |from: usize, to: usize| {
            if from == to {
                0.0
            } else {
                losses.clone().detach().narrow(0, from, to - from).mean().into_scalar()
            }
        };
        let [a, b] = [batch.in_sentences, batch.before_repeats];
        (loss, [part(0, a), part(a, b), part(b, n)])
    }

    fn resume(&self, device: &Device) -> Result<(Gpt2, Optimizer, usize)> {
        fs::create_dir_all(self.out)?;
        let recipe = self.out.join("recipe.json");
        let model = Gpt2::new(self.recipe, self.n_vocab, device);
        let state = self.out.join("state.json");
        if !state.exists() {
            fs::write(recipe, serde_json::to_string_pretty(self.recipe)?)?;
            let optimizer = Optimizer::new(self.recipe, &model);
            return Ok((model, optimizer, 0));
        }
        let state: serde_json::Value = serde_json::from_slice(&fs::read(state)?)?;
        let step = state["step"].as_u64().unwrap_or(0) as usize;
        let begun: Recipe = serde_json::from_value(state["recipe"].clone())?;
        if !begun.agrees(self.recipe, step) {
            return Err(Error::other(format!(
                "{} holds a training by another recipe. Choose another folder.",
                self.out.display()
            )));
        }
        let failed =
            |e: &dyn std::fmt::Display| Error::other(format!("the checkpoint of step {step} cannot be read: {e}"));
        let model = model
            .try_load_file(self.out.join(format!("{step}-model.bpk")))
            .map_err(|e| failed(&e))?;
        let optimizer = Optimizer::new(self.recipe, &model)
            .load(self.out, step)
            .map_err(|e| failed(&e))?;
        forget_later(&self.out.join("log.jsonl"), step)?;
        fs::write(recipe, serde_json::to_string_pretty(self.recipe)?)?;
        Ok((model, optimizer, step))
    }

    /// state.json is written last: it names files that are whole.
    fn save(&self, model: &Gpt2, optimizer: &Optimizer, step: usize) -> Result<()> {
        let failed =
            |e: burn::store::RecordError| Error::other(format!("the checkpoint of step {step} cannot be written: {e}"));
        model
            .clone()
            .save_file(self.out.join(format!("{step}-model.bpk")))
            .map_err(failed)?;
        optimizer.save(self.out, step).map_err(failed)?;
        let state = json!({ "recipe": self.recipe, "step": step });
        let new = self.out.join("state.json.new");
        fs::write(&new, state.to_string())?;
        fs::rename(new, self.out.join("state.json"))
    }
}

/// Takes out of the log what came after the checkpoint: it is done again.
fn forget_later(log: &Path, step: usize) -> Result<()> {
    let text = fs::read_to_string(log)?;
    let kept = text.lines().filter(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        entry["step"].as_u64().is_some_and(|of| of <= step as u64)
    });
    fs::write(log, kept.flat_map(|line| [line, "\n"]).collect::<String>())
}

/// The model of the last checkpoint in `folder`, to be used.
pub fn last(recipe: &Recipe, n_vocab: usize, folder: &Path) -> Result<Gpt2> {
    let state: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("state.json"))?)?;
    let step = state["step"].as_u64().unwrap_or(0);
    let model = Gpt2::new(recipe, n_vocab, &Device::flex());
    let file = folder.join(format!("{step}-model.bpk"));
    model
        .try_load_file(&file)
        .map_err(|e| Error::other(format!("{} cannot be read: {e}", file.display())))
}

fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}
