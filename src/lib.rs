//! Headmap: what every attention head of GPT-2 copies.
//!
//! The scores are those of MAPS (Elhelo & Geva 2024): project a head's value-output matrix onto
//! the vocabulary and count how often a relation's target is on top.
//!
//! | module | what it is for |
//! |---|---|
//! | [`checkpoint`] | safetensors headers, which tensors a job needs, bytes from wherever they are |
//! | [`tokenizer`] | GPT-2's byte-level BPE |
//! | [`relation`] | pairs of words, and which of them are single tokens |
//! | [`gpt2`] | the model itself, on burn |
//! | [`engine`] | CPU and WebGPU behind one trait |
//! | [`kernels`] | the operations, each with a plain twin |
//! | [`score`] | the analyses |
//! | [`result`] | the object that page, library and command line all give |
//! | `web` | the JavaScript binding, and no science |

pub mod checkpoint;
pub mod engine;
pub mod error;
pub mod gpt2;
pub mod kernels;
#[cfg(test)]
mod noise;
pub mod relation;
pub mod result;
pub mod score;
pub mod tokenizer;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Result};
