//! Heads taken away at the last position, many choices of them at once.
//!
//! Only the last position changes, so keys and values of all others are those of the clean run, and
//! a choice that takes nothing away up to a block is the clean run up to there. Choices that agree so
//! far share a state: at block l there are as many as there are different choices among blocks 0 to l.

use crate::engine::Host;
use crate::error::Result;
use crate::gpt2::block::{Block, Step, last};
use crate::gpt2::run::Run;
use burn::tensor::Tensor;

/// Rows of states whose activations are held together.
const TOGETHER: usize = 2048;

/// A choice of heads, as (layer, head).
pub type Choice = Vec<(usize, usize)>;

/// The last positions of some prompts under every choice.
pub struct States {
    n_head: usize,
    /// Every choice's state; `None`: the clean run.
    of: Vec<Option<usize>>,
    /// Every state's last position, `[n, d]`.
    x: Vec<Tensor<2>>,
}

/// The clean run of one block over the same prompts.
pub struct Clean<'a> {
    /// The stream before the block at the last position, `[n, d]`.
    pub x: Tensor<2>,
    pub step: &'a Step,
}

impl States {
    pub fn new(choices: usize, n_head: usize) -> Self {
        Self {
            n_head,
            of: vec![None; choices],
            x: vec![],
        }
    }

    /// Takes all choices through block `l`.
    pub async fn advance<H: Host>(
        &mut self,
        l: usize,
        block: &Block,
        clean: Clean<'_>,
        choices: &[Choice],
        run: &Run<'_, H>,
    ) -> Result<()> {
        let [n, d] = clean.x.dims();
        let z = self.attended(block, &clean, run).await?;
        let clean_z = last(&clean.step.z, n);
        // State before, heads taken away here.
        let mut found: Vec<(Option<usize>, Vec<usize>)> = vec![];
        let of: Vec<_> = self
            .of
            .iter()
            .zip(choices)
            .map(|(state, choice)| {
                let mut gone: Vec<_> = choice
                    .iter()
                    .filter(|(layer, _)| *layer == l)
                    .map(|(_, h)| *h)
                    .collect();
                gone.sort_unstable();
                gone.dedup();
                if state.is_none() && gone.is_empty() {
                    return None;
                }
                let key = (*state, gone);
                Some(found.iter().position(|f| *f == key).unwrap_or_else(|| {
                    found.push(key);
                    found.len() - 1
                }))
            })
            .collect();
        let mut next = vec![];
        for some in found.chunks((TOGETHER / n).max(1)) {
            let before = some.iter().map(|(state, gone)| {
                let (x, z) = match state {
                    Some(s) => (self.x[*s].clone(), z[*s].clone()),
                    None => (clean.x.clone(), clean_z.clone()),
                };
                (x, z * self.kept(gone, d, run))
            });
            let (x, z): (Vec<_>, Vec<_>) = before.unzip();
            let x = block.rest(Tensor::cat(x, 0), Tensor::cat(z, 0), run).await?;
            next.extend((0..some.len()).map(|i| x.clone().narrow(0, i * n, n)));
        }
        (self.of, self.x) = (of, next);
        Ok(())
    }

    /// Last positions of all states, `[n, d]` each; [`States::state`] says which is whose.
    pub fn rows(&self) -> &[Tensor<2>] {
        &self.x
    }

    /// The state of a choice; `None`: the clean run.
    pub fn state(&self, choice: usize) -> Option<usize> {
        self.of[choice]
    }

    /// Every state's z at the last position, `[n, d]`.
    async fn attended<H: Host>(&self, block: &Block, clean: &Clean<'_>, run: &Run<'_, H>) -> Result<Vec<Tensor<2>>> {
        let [n, _] = clean.x.dims();
        let (k, v) = (&clean.step.heads.k, &clean.step.heads.v);
        let [rows, t, _] = k.dims();
        let mut z = vec![];
        for some in self.x.chunks((TOGETHER / n).max(1)) {
            let x = block.ln_1.forward(Tensor::cat(some.to_vec(), 0), run).await?;
            let own = block.attn.heads(x, some.len() * n, run).await?; // [states * n * n_head, 1, d_head]
            for i in 0..some.len() {
                let part = |x: &Tensor<3>| x.clone().narrow(0, i * rows, rows);
                let with = |all: &Tensor<3>, own: Tensor<3>| match t {
                    1 => own,
                    _ => Tensor::cat(vec![all.clone().narrow(1, 0, t - 1), own], 1),
                };
                let (k, v) = (with(k, part(&own.k)), with(v, part(&own.v)));
                z.push(block.attn.attend_last(part(&own.q), k, v, run).await?);
            }
        }
        Ok(z)
    }

    /// 0 for the heads that are gone, 1 for the others, `[1, d]`.
    fn kept<H: Host>(&self, gone: &[usize], d: usize, run: &Run<'_, H>) -> Tensor<2> {
        let d_head = d / self.n_head;
        let factor = |i: usize| f32::from(u8::from(!gone.contains(&(i / d_head))));
        run.tensor((0..d).map(factor).collect(), [1, d])
    }
}
