//! The operations that take the time, one folder each: the launch or the loop, and its plain twin.

#[cfg(feature = "webgpu")]
pub mod activate;
#[cfg(feature = "webgpu")]
pub mod admit;
#[cfg(feature = "run")]
pub mod attend;
pub mod coarse;
#[cfg(feature = "webgpu")]
pub mod compact;
#[cfg(feature = "run")]
mod exp;
#[cfg(feature = "webgpu")]
pub mod finish;
#[cfg(feature = "webgpu")]
pub mod gather;
#[cfg(feature = "run")]
pub mod gelu;
pub mod gemm;
#[cfg(feature = "webgpu")]
pub mod gemm_gpu;
#[cfg(feature = "webgpu")]
pub mod gpu;
#[cfg(feature = "webgpu")]
pub mod middle;
#[cfg(feature = "webgpu")]
pub mod plan;
#[cfg(feature = "webgpu")]
pub mod project_rank;
pub mod rank;
