//! What goes through the model on its way: for whoever wants to hold a forward pass against another one.

use super::blocks_work;
use super::prompt::{PromptAsk, check};
use crate::checkpoint::ByteSource;
use crate::engine::Engine;
use crate::error::Result;
use crate::gpt2::attention::{Intervention, Wanted};
use crate::gpt2::run::{Run, read};
use crate::score::host::JobHost;
use crate::score::model::Model;

/// A tensor of a forward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// Where it stands: `h.3 residual stream before`, `h.3.attn z`, `residual stream after the last block`, `ln_f`.
    pub name: String,
    /// `[T, d_model]`; z: `[n_head, T, d_head]`.
    pub values: Vec<f32>,
}

/// Runs the model on a text and gives every residual stream and every head's z, in the order in which they are
/// computed. `T * d_model` floats each, `2 n_layer + 2` of them.
///
/// Errors: an empty text, one longer than the context, and those of [`super::score_dynamic`].
pub async fn trace<E: Engine, S: ByteSource>(
    model: &Model<E, S>,
    text: &str,
    host: &impl JobHost,
) -> Result<Vec<Traced>> {
    let _working = model.begin()?;
    let layout = &model.layout;
    let n_ctx = layout.check_whole(model.source.name())?;
    let ids = model.tokenizer.encode(text)?;
    check(
        &PromptAsk::default(),
        &ids,
        n_ctx,
        (layout.n_layer, layout.n_head, layout.n_vocab),
    )?;
    let (t, d) = (ids.len(), layout.d_model);
    model.announce_run(blocks_work(1, t, layout), 1, host);
    let on = model.engine.run_device().await;
    let run = Run::new(&on, host);
    let mut x = run.tensor(model.stream_of(&ids, t, host).await?, [t, d]);
    let mut traced = vec![];
    let mut keep = |name: String, values: Vec<f32>| traced.push(Traced { name, values });
    for l in 0..layout.n_layer {
        keep(format!("h.{l} residual stream before"), read(x.clone()).await?);
        let block = model.block(l, &on, host).await?;
        let step = block
            .forward(x, 1, &Intervention::default(), &Wanted::default(), &run)
            .await?;
        keep(format!("h.{l}.attn z"), read(step.z).await?);
        x = step.x;
    }
    keep("residual stream after the last block".into(), read(x.clone()).await?);
    let ln_f = model.ln_f(&on, host).await?;
    keep("ln_f".into(), read(ln_f.forward(x, &run).await?).await?);
    Ok(traced)
}
