//! The analyses, each in a file of its own, written once against [`crate::engine::Engine`].
//!
//! A score is an integer number of hits over an integer number of pairs, and both are carried.

mod host;
mod layer;
mod lots;
mod model;
mod passes;
mod relation;
#[cfg(feature = "run")]
pub mod run;
mod sources;

pub use host::{Event, JobHost, SilentHost};
pub use model::{Model, Provenance};
pub use relation::{Options, score_relations};

use serde::{Deserialize, Serialize};

/// What is done to a source before it meets a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preprocessing {
    /// The paper's: x = MLP_0(LN2_0(e)) in every layer but the first, without residual.
    #[default]
    FirstMlp,
    /// x = e everywhere.
    None,
}
