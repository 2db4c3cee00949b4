//! What a run of the model goes through with: the device, the turns it gives, the work it counts.

use crate::engine::{Host, RunDevice};
use crate::error::{Error, Result};
use burn::tensor::{Tensor, TensorData};
use std::cell::Cell;

/// A run under way.
pub struct Run<'a, H: Host> {
    pub on: RunDevice,
    pub host: &'a H,
    multiply_adds: Cell<u64>,
}

impl<'a, H: Host> Run<'a, H> {
    pub fn new(on: &RunDevice, host: &'a H) -> Self {
        Self {
            on: on.clone(),
            host,
            multiply_adds: Cell::new(0),
        }
    }

    /// Multiply-adds of all products so far.
    pub fn multiply_adds(&self) -> u64 {
        self.multiply_adds.get()
    }

    /// Counts work that was done, and gives the surroundings a turn.
    pub async fn did(&self, multiply_adds: usize) -> Result<()> {
        self.multiply_adds.set(self.multiply_adds.get() + multiply_adds as u64);
        self.host.settled(multiply_adds as u64);
        self.host.breathe().await
    }

    /// A tensor of `values`, row-major.
    pub fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), &self.on.device)
    }

    /// `f` over the values of a tensor in place, row-major: for devices whose memory is this one.
    pub async fn map<const D: usize>(&self, tensor: Tensor<D>, f: impl FnOnce(&mut [f32])) -> Result<Tensor<D>> {
        let shape = tensor.dims();
        let mut values = read(tensor).await?;
        f(&mut values);
        Ok(self.tensor(values, shape))
    }

    /// The values of a tensor, row-major.
    pub async fn read<const D: usize>(&self, tensor: Tensor<D>) -> Result<Vec<f32>> {
        read(tensor).await
    }
}

/// The values of a tensor, row-major.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let lost = |what: String| {
        Error::DeviceLost(format!(
            "The model could not be run on this device ({what}). Choose the CPU engine."
        ))
    };
    let data = tensor.into_data_async().await.map_err(|e| lost(format!("{e:?}")))?;
    data.try_into_vec::<f32>().map_err(|e| lost(format!("{e:?}")))
}
