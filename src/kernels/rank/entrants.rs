//! Who enters the race, and what is counted for each.

use super::Through;
use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};
use crate::kernels::gemm::{dot_in_order, dots_in_order};

/// A row whose |y| times the longest token vector stays under this cannot overflow to infinity.
const SAFE_LOGIT: f64 = 1e37;

/// Rows and, for each, its target, k and the target's own logit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entrants {
    pub d: usize,
    /// `[n, d]`
    pub y: Vec<f32>,
    pub targets: Vec<u32>,
    pub k: Vec<u32>,
    pub z: Vec<f32>,
    /// 1: its logits may overflow, so it stays to the end and every logit is looked at.
    pub suspicious: Vec<u8>,
    /// Heads of many rows, in order: a cheaper way to the same counts. May be empty.
    pub through: Vec<Through>,
}

impl Entrants {
    /// Head outputs `y` `[n_head * n_pairs, d]`. `targets`, `k` and the targets' vectors
    /// `target_rows` `[n_pairs, d]` are those of the pairs; no token vector is longer than `longest`.
    pub fn new(y: Vec<f32>, d: usize, targets: &[u32], k: &[u32], target_rows: &[f32], longest: f32) -> Self {
        let heads = y.len() / (d * targets.len()).max(1);
        // A NaN is suspicious too: no comparison with it is true.
        let suspect = |row: &[f32]| u8::from(!matches!(length(row) * f64::from(longest), n if n <= SAFE_LOGIT));
        Self {
            d,
            targets: targets.repeat(heads),
            k: k.repeat(heads),
            z: targets_own(&y, d, target_rows),
            suspicious: y.chunks_exact(d).map(suspect).collect(),
            y,
            through: vec![],
        }
    }

    pub fn len(&self) -> usize {
        self.targets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Row `i`, `[d]`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.y[i * self.d..(i + 1) * self.d]
    }

    /// The same in order, in pieces of at least `least` rows but the last, and not many more: whoever takes a cheaper way stays
    /// with their head. Each is made when it is asked for.
    pub fn pieces(mut self, least: usize) -> impl Iterator<Item = Self> {
        let mut through = std::mem::take(&mut self.through).into_iter().peekable();
        let mut from = 0;
        std::iter::from_fn(move || {
            if from == self.len() {
                return None;
            }
            let mut to = (from + least.max(1)).min(self.len());
            let mut own = vec![];
            while let Some(mut t) = through.next_if(|t| t.rows.start < to) {
                to = to.max(t.rows.end);
                t.rows = t.rows.start - from..t.rows.end - from;
                own.push(t);
            }
            let rows: Vec<usize> = (from..to).collect();
            from = to;
            Some(Self {
                through: own,
                ..self.pick(&rows)
            })
        })
    }

    /// `others` after these, both without cheaper ways.
    pub fn append(&mut self, mut others: Self) {
        debug_assert!(self.d == others.d && self.through.is_empty() && others.through.is_empty());
        self.y.append(&mut others.y);
        self.targets.append(&mut others.targets);
        self.k.append(&mut others.k);
        self.z.append(&mut others.z);
        self.suspicious.append(&mut others.suspicious);
    }

    /// Only the rows `keep`, without the cheaper ways.
    pub fn pick(&self, keep: &[usize]) -> Self {
        let mut y = Vec::with_capacity(keep.len() * self.d);
        keep.iter().for_each(|i| y.extend_from_slice(self.row(*i)));
        Self {
            d: self.d,
            y,
            targets: keep.iter().map(|i| self.targets[*i]).collect(),
            k: keep.iter().map(|i| self.k[*i]).collect(),
            z: keep.iter().map(|i| self.z[*i]).collect(),
            suspicious: keep.iter().map(|i| self.suspicious[*i]).collect(),
            through: vec![],
        }
    }
}

/// |row|, summed in eight parts: none waits long for its last sum.
pub(super) fn length(row: &[f32]) -> f64 {
    let mut parts = [0f64; 8];
    for values in row.chunks(8) {
        parts
            .iter_mut()
            .zip(values)
            .for_each(|(sum, v)| *sum += f64::from(*v).powi(2));
    }
    parts.iter().sum::<f64>().sqrt()
}

/// The product of every row of `y` `[heads * n, d]` with its own of `target_rows` `[n, d]`.
fn targets_own(y: &[f32], d: usize, target_rows: &[f32]) -> Vec<f32> {
    let mut rows = y.chunks_exact(d).zip(target_rows.chunks_exact(d).cycle());
    let mut z = Vec::with_capacity(y.len() / d);
    while let Some(first) = rows.next() {
        match [rows.next(), rows.next(), rows.next()] {
            [Some(b), Some(c), Some(e)] => {
                let four = [first, b, c, e];
                z.extend(dots_in_order(four.map(|p| p.0), four.map(|p| p.1)));
            }
            fewer => z.extend(
                [Some(first)]
                    .into_iter()
                    .chain(fewer)
                    .flatten()
                    .map(|(y, t)| dot_in_order(y, t)),
            ),
        }
    }
    z
}

/// Tokens that beat a row's target in z and in -z: exact while under k, at least k once it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub above: u32,
    pub below: u32,
    /// NaN or infinity was met.
    pub not_finite: bool,
}

impl Count {
    /// Membership of a row all of whose tokens were counted.
    pub fn member(self, k: u32) -> u8 {
        if self.not_finite {
            return NOT_FINITE;
        }
        let hit = if self.above < k { HIT } else { 0 };
        hit | if self.below < k { SUPPRESSION_HIT } else { 0 }
    }

    /// The counts of two parts of the vocabulary.
    pub fn and(self, other: Self) -> Self {
        Self {
            above: self.above.saturating_add(other.above),
            below: self.below.saturating_add(other.below),
            not_finite: self.not_finite || other.not_finite,
        }
    }
}
