//! Small cases that anybody can make again, and their answers by the definition.

use crate::engine::{Engine, Host, Lot, Query, Shape};
use crate::error::Result;
use crate::kernels::finish::finish_plain;
use crate::kernels::gemm_gpu::{Place, Sizes, gemm_plain};
use crate::kernels::project_rank::count_plain;

/// Numbers that repeat, for cases that anybody can make again.
pub struct Noise(u32);

impl Noise {
    pub fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(2_654_435_761) ^ 0x9e37_79b9)
    }

    pub fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % n
    }

    /// Whole numbers from -2 to 2.
    pub fn whole(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.below(5) as f32 - 2.0).collect()
    }

    /// From -0.5 to 0.5.
    pub fn real(&mut self, n: usize) -> Vec<f32> {
        (0..n)
            .map(|_| self.below(1 << 20) as f32 / (1 << 20) as f32 - 0.5)
            .collect()
    }
}

/// A whole case: weights of a layer and pairs to rank.
pub struct Case {
    pub shape: Shape,
    pub embedding: Vec<f32>,
    pub w_v: Vec<f32>,
    pub w_o: Vec<f32>,
    pub sources: Vec<f32>,
    pub targets: Vec<u32>,
    pub k: Vec<u32>,
    pub rivals: Vec<u32>,
}

impl Case {
    /// Whole numbers; every seventh token has the vector of the one before it.
    pub fn whole(shape: Shape, n_pairs: usize, k: impl Fn(usize) -> u32, n_rivals: usize, seed: u32) -> Self {
        let Shape {
            n_vocab,
            d_model: d,
            n_head,
            d_head,
        } = shape;
        let mut noise = Noise::new(seed);
        let mut embedding = noise.whole(n_vocab * d);
        for t in (1..n_vocab).filter(|t| t % 7 == 0) {
            embedding.copy_within((t - 1) * d..t * d, t * d);
        }
        let targets: Vec<u32> = (0..n_pairs).map(|_| noise.below(n_vocab as u32)).collect();
        let mut rivals: Vec<u32> = targets.iter().copied().take(n_rivals).collect();
        rivals.sort_unstable();
        rivals.dedup();
        Self {
            shape,
            embedding,
            w_v: noise.whole(d * n_head * d_head),
            w_o: noise.whole(n_head * d_head * d),
            sources: noise.whole(n_pairs * d),
            targets,
            k: (0..n_pairs).map(k).collect(),
            rivals,
        }
    }

    /// Moves every k to where one token more or less decides for some head and sign.
    pub fn sharpened(mut self) -> Self {
        let y = self.y();
        let (d, n) = (self.shape.d_model, self.targets.len());
        for pair in 0..n {
            let row = (pair % self.shape.n_head) * n + pair;
            let (above, below) = self.counts(&y[row * d..(row + 1) * d], pair);
            let count = if pair % 2 == 0 { above } else { below };
            self.k[pair] = (count + pair as u32 / 2 % 2).max(1);
        }
        self
    }

    /// `member` by the definition.
    pub fn plain(&self) -> Vec<u8> {
        let n = self.targets.len();
        let bits = |(row, y): (usize, &[f32])| {
            let (above, below) = self.counts(y, row % n);
            finish_plain(above, below, self.k[row % n])
        };
        self.y()
            .chunks_exact(self.shape.d_model)
            .enumerate()
            .map(bits)
            .collect()
    }

    /// Y `[n_head, n_pairs, d]`.
    fn y(&self) -> Vec<f32> {
        let Shape {
            d_model: d,
            n_head,
            d_head,
            ..
        } = self.shape;
        let (n, width) = (self.targets.len(), n_head * d_head);
        let place = |row| Place {
            row,
            ..Place::default()
        };
        let mut v = vec![0.0; n * width];
        gemm_plain(
            Sizes {
                batch: 1,
                m: n,
                k: d,
                n: width,
            },
            (&self.sources, place(d)),
            (&self.w_v, place(width)),
            (&mut v, place(width)),
        );
        let mut y = vec![0.0; n_head * n * d];
        gemm_plain(
            Sizes {
                batch: n_head,
                m: n,
                k: d_head,
                n: d,
            },
            (
                &v,
                Place {
                    first: 0,
                    row: width,
                    step: d_head,
                },
            ),
            (
                &self.w_o,
                Place {
                    first: 0,
                    row: d,
                    step: d_head * d,
                },
            ),
            (
                &mut y,
                Place {
                    first: 0,
                    row: d,
                    step: n * d,
                },
            ),
        );
        y
    }

    /// Tokens that beat a pair's target, in z and in -z.
    fn counts(&self, y: &[f32], pair: usize) -> (u32, u32) {
        let counts = count_plain(
            y,
            &self.embedding,
            self.shape.d_model,
            &self.targets[pair..=pair],
            0..self.shape.n_vocab as u32,
        );
        (counts[0].above, counts[0].below)
    }

    /// All pairs in one lot.
    pub fn lots(&self) -> Vec<Lot> {
        vec![Lot {
            pairs: 0..self.targets.len(),
            rivals: self.rivals.clone(),
        }]
    }

    /// `member` and multiply-adds by the engine.
    pub async fn run<E: Engine>(&self, engine: &E, host: &impl Host) -> Result<(Vec<u8>, u64)> {
        let [only] = self.runs(engine, host).await?;
        Ok(only)
    }

    /// The same several times over on one layer, one after the other.
    pub async fn runs<const N: usize, E: Engine>(&self, engine: &E, host: &impl Host) -> Result<[(Vec<u8>, u64); N]> {
        let mut embedding = engine.create_embedding(self.shape)?;
        // In two pieces, as it would come from a file.
        let half = self.shape.n_vocab / 2 * self.shape.d_model;
        engine.write_embedding(&mut embedding, 0, &self.embedding[..half])?;
        engine.write_embedding(&mut embedding, self.shape.n_vocab / 2, &self.embedding[half..])?;
        let mut layer = engine.create_layer(self.shape)?;
        engine.write_w_v(&mut layer, 0, &self.w_v)?;
        engine.write_w_o(&mut layer, 0, &self.w_o)?;
        let query = Query {
            sources: &self.sources,
            targets: &self.targets,
            k: &self.k,
            lots: &self.lots(),
        };
        let mut answers = [const { (vec![], 0) }; N];
        for answer in &mut answers {
            let pending = engine.submit(&embedding, &layer, query, host).await?;
            let ranked = engine.collect(pending, host).await?;
            *answer = (ranked.member, ranked.multiply_adds);
        }
        Ok(answers)
    }
}
