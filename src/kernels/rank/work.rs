//! What a race has cost.

/// Multiply-adds done, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// All of them.
    pub multiply_adds: u64,
    /// Those of bytes, a quarter of the size.
    pub int8: u64,
}

impl Work {
    /// Adds multiply-adds of float32.
    pub fn add(&mut self, multiply_adds: u64) {
        self.multiply_adds += multiply_adds;
    }

    /// Adds multiply-adds of bytes.
    pub fn add_int8(&mut self, multiply_adds: u64) {
        self.multiply_adds += multiply_adds;
        self.int8 += multiply_adds;
    }
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.multiply_adds += other.multiply_adds;
        self.int8 += other.int8;
    }
}
