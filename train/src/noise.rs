//! Random tensors from a seed: burn's own generator is shared by threads, so it is not used.

use crate::text::Dice;
use burn::tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};

pub struct Noise(Dice);

impl Noise {
    /// Streams of different purpose have nothing in common.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let hash = Sha256::digest(purpose.as_bytes());
        let stream = u64::from_le_bytes(hash[..8].try_into().expect("a hash has 32 bytes"));
        Self(Dice::new(seed, stream))
    }

    /// [rows, columns], normal around 0.
    pub fn normal(&mut self, rows: usize, columns: usize, std: f32, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = (0..rows * columns).map(|_| std * self.0.normal()).collect();
        Tensor::from_data(TensorData::new(values, [rows, columns]), device)
    }

    /// `yes` with probability `p`, else `no`.
    pub fn chosen(&mut self, n: usize, p: f32, yes: f32, no: f32) -> Vec<f32> {
        (0..n).map(|_| if self.0.chance(p) { yes } else { no }).collect()
    }

    /// `k` different numbers below `n`, in ascending order.
    pub fn some(&mut self, n: usize, k: usize) -> Vec<i32> {
        let mut all: Vec<i32> = (0..n as i32).collect();
        for i in 0..k {
            let j = i + self.0.below(n - i);
            all.swap(i, j);
        }
        all.truncate(k);
        all.sort_unstable();
        all
    }
}
