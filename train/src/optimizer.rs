//! Who trains what: Muon the matrices of the blocks, AdamW all else.

use crate::model::Gpt2;
use crate::recipe::Recipe;
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::{AdamWConfig, AdjustLrFn, GradientsParams, ModuleOptimizer, MuonConfig, decay::WeightDecayConfig};
use burn::store::RecordError;
use burn::tensor::{Gradients, Tensor};
use std::path::{Path, PathBuf};

pub struct Optimizer {
    parts: [Part; 3],
}

/// Parameters that are trained in one way.
struct Part {
    name: &'static str,
    ids: Vec<ParamId>,
    rate: f64,
    inner: ModuleOptimizer,
}

impl Optimizer {
    pub fn new(recipe: &Recipe, model: &Gpt2) -> Self {
        let matrices = matrices(model);
        let tables = vec![model.wte.id, model.wpe.id];
        let others = all(model)
            .into_iter()
            .filter(|id| !matrices.contains(id) && !tables.contains(id))
            .collect();
        let muon = MuonConfig::new()
            .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
            .with_weight_decay(Some(WeightDecayConfig::new(recipe.weight_decay)));
        let adam = |decay| {
            AdamWConfig::new()
                .with_beta_2(recipe.beta_2)
                .with_epsilon(1e-8)
                .with_weight_decay(decay)
                .init()
        };
        let part = |name, ids, rate, inner| Part { name, ids, rate, inner };
        Self {
            parts: [
                part("matrices", matrices, recipe.matrix_rate, muon.init()),
                part("tables", tables, recipe.other_rate, adam(recipe.embedding_decay)),
                part("others", others, recipe.other_rate, adam(0.0)),
            ],
        }
    }

    /// One step at `share` of the full rates.
    pub fn step(&mut self, share: f64, mut model: Gpt2, mut gradients: Gradients) -> Gpt2 {
        for part in &mut self.parts {
            let of_part = GradientsParams::from_params(&mut gradients, &model, &part.ids);
            model = part.inner.step(share * part.rate, model, of_part);
        }
        model
    }

    pub fn save(&self, folder: &Path, step: usize) -> Result<(), RecordError> {
        self.parts
            .iter()
            .try_for_each(|part| part.inner.save(file(folder, step, part.name)))
    }

    pub fn load(mut self, folder: &Path, step: usize) -> Result<Self, RecordError> {
        for part in &mut self.parts {
            part.inner = part.inner.clone().load(file(folder, step, part.name))?;
        }
        Ok(self)
    }
}

fn file(folder: &Path, step: usize, name: &str) -> PathBuf {
    folder.join(format!("{step}-{name}.bpk"))
}

fn matrices(model: &Gpt2) -> Vec<ParamId> {
    let linear = model.h.iter().flat_map(|b| [&b.q, &b.k, &b.v, &b.o, &b.fc, &b.out]);
    linear.map(|l| l.weight.id).collect()
}

fn all(model: &Gpt2) -> Vec<ParamId> {
    struct Ids(Vec<ParamId>);
    impl ModuleVisitor for Ids {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut ids = Ids(Vec::new());
    model.visit(&mut ids);
    ids.0
}
