//! Weights of the whole model on their way from the checkpoint to burn's device.

use crate::checkpoint::{ByteSource, read_tensor};
use crate::engine::{Engine, RunDevice};
use crate::error::{Error, Result};
use crate::gpt2::attention::Attention;
use crate::gpt2::block::{Block, Mlp};
use crate::gpt2::linear::{Linear, LinearBuilder};
use crate::gpt2::norm::LayerNorm;
use crate::score::host::{Event, JobHost};
use crate::score::model::Model;
use std::rc::Rc;

impl<E: Engine, S: ByteSource> Model<E, S> {
    /// Block `l`. It stays on the device for the next run where all of them fit the budget.
    pub(super) async fn block(&self, l: usize, on: &RunDevice, host: &impl JobHost) -> Result<Rc<Block>> {
        if let Some(block) = self.blocks.borrow().get(&l).cloned() {
            return Ok(block);
        }
        host.event(Event::Phase {
            phase: "reading",
            text: format!("Reading block {l}"),
        });
        let (d, m) = (self.layout.d_model, self.layout.d_mlp);
        let block = Rc::new(Block {
            ln_1: self.norm(&format!("h.{l}.ln_1"), on, host).await?,
            attn: Attention {
                c_attn: self.linear(&format!("h.{l}.attn.c_attn"), d, 3 * d, on, host).await?,
                c_proj: self.linear(&format!("h.{l}.attn.c_proj"), d, d, on, host).await?,
                n_head: self.layout.n_head,
            },
            ln_2: self.norm(&format!("h.{l}.ln_2"), on, host).await?,
            mlp: Mlp {
                c_fc: self.linear(&format!("h.{l}.mlp.c_fc"), d, m, on, host).await?,
                c_proj: self.linear(&format!("h.{l}.mlp.c_proj"), m, d, on, host).await?,
            },
        });
        if self.keeps_blocks() {
            self.blocks.borrow_mut().insert(l, block.clone());
        }
        Ok(block)
    }

    /// Whether all blocks stay on the device; otherwise every pass reads them again.
    fn keeps_blocks(&self) -> bool {
        let (d, m) = (self.layout.d_model, self.layout.d_mlp);
        let bytes = 4 * (4 * d * d + 2 * d * m) * self.layout.n_layer;
        bytes as u64 <= self.block_budget
    }

    /// Tells the host how much is to be done, and the source what will be read. `passes`: how often the
    /// blocks are gone through.
    pub(super) fn announce_run(&self, work: u64, passes: usize, host: &impl JobHost) {
        let mut keys = self.layout.run_job();
        let (blocks, ends) = (self.blocks.borrow(), self.ends.borrow());
        keys.retain(|k| match k.strip_prefix("h.").and_then(|k| k.split_once('.')) {
            Some((l, _)) => !l.parse().is_ok_and(|l| blocks.contains_key(&l)),
            None if k == "wte.weight" => self.embedding.borrow().is_none(),
            None => !ends.contains_key(k),
        });
        let ranges: Vec<_> = keys
            .iter()
            .map(|k| self.layout.tensor(k))
            .map(|t| (t.offset, t.len))
            .collect();
        self.source.expect(&ranges);
        let read_again = |k: &String| k.starts_with("h.") && !self.keeps_blocks();
        let (again, once): (Vec<_>, Vec<_>) = keys.into_iter().partition(read_again);
        host.event(Event::Plan {
            comparisons: work,
            bytes: self.layout.bytes(&again) * passes as u64 + self.layout.bytes(&once),
        });
    }

    /// `ln_f`
    pub(super) async fn ln_f(&self, on: &RunDevice, host: &impl JobHost) -> Result<LayerNorm> {
        let weight = self.end("ln_f.weight", host).await?;
        let bias = self.end("ln_f.bias", host).await?;
        Ok(self.layer_norm(weight.to_vec(), bias.to_vec(), on))
    }

    /// Residual stream before block 0, `[ids.len(), d_model]`: token plus position. `ids`: prompts of `t`
    /// tokens, one after the other.
    pub(super) async fn stream_of(&self, ids: &[u32], t: usize, host: &impl JobHost) -> Result<Vec<f32>> {
        let embedding = self.embedding(host).await?;
        let d = self.layout.d_model;
        let wpe = self.end("wpe.weight", host).await?;
        let mut x = self.engine.embedding_rows(&embedding, ids).await?;
        for (i, row) in x.chunks_exact_mut(d).enumerate() {
            let position = &wpe[i % t * d..][..d];
            row.iter_mut().zip(position).for_each(|(x, p)| *x += p);
        }
        Ok(x)
    }

    async fn norm(&self, key: &str, on: &RunDevice, host: &impl JobHost) -> Result<LayerNorm> {
        let weight = self.whole(&format!("{key}.weight"), host).await?;
        let bias = self.whole(&format!("{key}.bias"), host).await?;
        Ok(self.layer_norm(weight, bias, on))
    }

    fn layer_norm(&self, weight: Vec<f32>, bias: Vec<f32>, on: &RunDevice) -> LayerNorm {
        LayerNorm::new(weight, bias, self.layout.layer_norm_epsilon, on)
    }

    async fn linear(
        &self,
        key: &str,
        inner: usize,
        outer: usize,
        on: &RunDevice,
        host: &impl JobHost,
    ) -> Result<Linear> {
        let mut builder = LinearBuilder::new(inner, outer, on)?;
        let weight = format!("{key}.weight");
        self.stream(&weight, 0..outer, host, async |first, rows| {
            self.runnable(&weight, rows)?;
            builder.write(first, rows);
            Ok(())
        })
        .await?;
        builder.finish(self.whole(&format!("{key}.bias"), host).await?, on)
    }

    /// wpe or a tensor of ln_f, which stays for the next prompt.
    pub(super) async fn end(&self, key: &str, host: &impl JobHost) -> Result<Rc<[f32]>> {
        let kept = self.ends.borrow().get(key).cloned();
        match kept {
            Some(values) => Ok(values),
            None => {
                let values: Rc<[f32]> = self.whole(key, host).await?.into();
                self.ends.borrow_mut().insert(key.to_owned(), values.clone());
                Ok(values)
            }
        }
    }

    /// A small tensor, whole and finite.
    async fn whole(&self, key: &str, host: &impl JobHost) -> Result<Vec<f32>> {
        let tensor = self.layout.tensor(key);
        let values = read_tensor(&self.source, tensor).await?;
        host.event(Event::Read { bytes: tensor.len });
        self.runnable(key, &values)?;
        Ok(values)
    }

    fn runnable(&self, key: &str, values: &[f32]) -> Result<()> {
        use crate::checkpoint::ByteSource as _;
        match values.iter().find(|v| !v.is_finite()) {
            None => Ok(()),
            Some(v) => Err(Error::CheckpointNotFinite(format!(
                "{} has {v} in {key}: the model cannot be run. Choose another copy of the checkpoint.",
                self.source.name()
            ))),
        }
    }
}
