//! Rows that the rivals have not decided, collected until they are worth a race over the whole vocabulary.

use super::CpuLayer;
use crate::engine::Shape;
use crate::kernels::rank::{Entrants, Through, worth};

/// Undecided rows of one layer, head by head.
pub(super) struct Survivors {
    /// Their places in `[n_head, n_pairs]`, ascending.
    rows: Vec<usize>,
    entrants: Entrants,
    /// Floats of y that may come together: while a vector grows there are three of its size.
    room: usize,
}

impl Survivors {
    /// Of width `d`, at most `rows` at a time.
    pub fn new(d: usize, rows: usize) -> Self {
        let entrants = Entrants {
            d,
            ..Entrants::default()
        };
        Self {
            rows: vec![],
            entrants,
            room: rows * d,
        }
    }

    pub fn append(&mut self, rows: impl Iterator<Item = usize>, entrants: Entrants) {
        self.entrants.y.reserve_exact(self.room - self.entrants.y.len());
        self.rows.extend(rows);
        self.entrants.append(entrants);
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&self.entrants.y[..])
    }

    /// All of them, with the cheaper ways of heads of which many are left; none is left here. `v` is `[n, n_head * d_head]`.
    pub fn ready(&mut self, layer: &CpuLayer, v: &[f32], n: usize) -> (Vec<usize>, Entrants) {
        let d = self.entrants.d;
        let Self { rows, mut entrants, .. } = std::mem::replace(self, Self::new(d, self.room / d));
        entrants.through = through(layer, v, &rows, n);
        (rows, entrants)
    }
}

/// The heads of which enough rows are left, before W_O. `rows`: of `[n_head, n]`, ascending;
/// `v` is `[n, n_head * d_head]`.
fn through(layer: &CpuLayer, v: &[f32], rows: &[usize], n: usize) -> Vec<Through> {
    let Shape {
        d_model: d,
        n_head,
        d_head,
        ..
    } = layer.shape;
    let width = n_head * d_head;
    let mut found = vec![];
    let mut start = 0;
    for part in rows.chunk_by(|a, b| a / n == b / n) {
        let (head, range) = (part[0] / n, start..start + part.len());
        start = range.end;
        if !worth(part.len(), d, d_head) {
            continue;
        }
        let w_o = layer.w_o[head].to_rows();
        let own = |row: &usize| &v[row % n * width + head * d_head..][..d_head];
        let v = part.iter().flat_map(own).copied().collect();
        found.push(Through { rows: range, v, w_o });
    }
    found
}
