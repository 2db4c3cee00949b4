//! Layers between two jobs: outside this thread's memory where that can only grow, as wasm's does.

use super::CpuLayer;
use crate::engine::Shape;
use crate::error::Result;
use crate::kernels::gemm::PackedB;
use std::rc::Rc;

/// Floats in memory of another kind, which is free again when this is dropped.
pub trait Outside {
    /// Copies the floats from `first` on.
    fn read(&self, first: usize, into: &mut [f32]);
}

/// Copies `parts` there, in a row; `None`: there is no room.
pub type PutOutside = dyn Fn(&[&[f32]]) -> Option<Box<dyn Outside>>;

/// A layer that waits for the next job.
pub enum KeptLayer {
    /// In this thread's memory.
    Here(Rc<CpuLayer>),
    /// Its panels, W_V's and then every head's of W_O.
    Outside { shape: Shape, floats: Box<dyn Outside> },
}

impl KeptLayer {
    pub(super) fn new(layer: &Rc<CpuLayer>, outside: Option<&PutOutside>) -> Option<Self> {
        let Some(put) = outside else {
            return Some(Self::Here(layer.clone()));
        };
        let parts: Vec<_> = std::iter::once(&layer.w_v)
            .chain(&layer.w_o)
            .map(PackedB::packed)
            .collect();
        let shape = layer.shape;
        put(&parts).map(|floats| Self::Outside { shape, floats })
    }

    pub(super) fn layer(&self) -> Result<Rc<CpuLayer>> {
        match self {
            Self::Here(layer) => Ok(layer.clone()),
            Self::Outside { shape, floats } => {
                let mut layer = CpuLayer::new(*shape)?;
                let mut first = 0;
                for part in std::iter::once(&mut layer.w_v).chain(&mut layer.w_o) {
                    floats.read(first, part.packed_mut());
                    first += part.packed().len();
                }
                Ok(Rc::new(layer))
            }
        }
    }
}
