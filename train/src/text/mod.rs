//! The text that the model is trained on: made here, from a seed.

pub mod dice;
pub mod grammar;
pub mod sentences;
pub mod slips;
pub mod window;
pub mod words;

pub use dice::Dice;
pub use sentences::{Author, Manner};
pub use window::{Mix, Windows};

#[cfg(test)]
mod tests;
