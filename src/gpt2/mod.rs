//! GPT-2 under its own names: the parts that the static scores need, and (feature `run`) the whole
//! model on burn's tensors, block by block, so that no more than one block need be in memory.

#[cfg(feature = "run")]
mod attend_packed;
#[cfg(feature = "run")]
pub mod attention;
#[cfg(feature = "run")]
pub mod block;
#[cfg(feature = "webgpu")]
pub mod first_mlp;
mod layer_norm;
#[cfg(feature = "run")]
pub mod linear;
#[cfg(feature = "run")]
pub mod norm;
#[cfg(feature = "run")]
pub mod run;

pub use layer_norm::layer_norm;

/// GPT-2's activation: the tanh form of GELU, `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`.
pub fn gelu_new(x: f32) -> f32 {
    let x = f64::from(x);
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
    (0.5 * x * (1.0 + inner.tanh())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gelu_new_at_known_points() {
        assert_eq!(gelu_new(0.0), 0.0);
        assert!((gelu_new(1.0) - 0.841_192).abs() < 1e-6);
        assert!((gelu_new(-1.0) + 0.158_808).abs() < 1e-6);
        assert!((gelu_new(30.0) - 30.0).abs() < 1e-6);
    }
}
