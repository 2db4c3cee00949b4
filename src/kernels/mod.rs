//! The operations that take the time, one folder each: the launch or the loop, and its plain twin.

pub mod gemm;
pub mod rank;
