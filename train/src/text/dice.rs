//! Chance from a seed: the same on every machine.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random choices.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Streams of the same seed and different `stream` have nothing in common.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n as u64) as usize
    }

    /// 0 <= x < 1.
    pub fn unit(&mut self) -> f32 {
        self.0.random()
    }

    pub fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// `N` different elements.
    pub fn some<'a, T, const N: usize>(&mut self, list: &'a [T]) -> [&'a T; N] {
        let mut at = [usize::MAX; N];
        for i in 0..N {
            at[i] = loop {
                let new = self.below(list.len());
                if !at[..i].contains(&new) {
                    break new;
                }
            };
        }
        at.map(|i| &list[i])
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }
}
