//! Operands in the order in which the block reads them: panels of MR rows or NR columns, the
//! inner index outermost, short panels padded with zeros.

use super::{MR, NR};
use crate::error::{Result, zeroed};

/// Rows of A, `[panels, k, MR]`.
#[derive(Clone, Debug, Default)]
pub struct PackedA {
    data: Vec<f32>,
    rows: usize,
    inner: usize,
}

impl PackedA {
    /// From `[rows, inner]`, row-major.
    pub fn from_rows(a: &[f32], inner: usize) -> Self {
        assert!(a.len().is_multiple_of(inner), "not whole rows");
        let mut p = Self::default();
        p.pack(a.chunks_exact(inner), inner);
        p
    }

    /// From rows picked anywhere; the room of an earlier use is used again.
    pub fn pack<'a>(&mut self, rows: impl ExactSizeIterator<Item = &'a [f32]>, inner: usize) {
        self.rows = rows.len();
        self.inner = inner;
        self.data.clear();
        self.data.resize(self.rows.div_ceil(MR) * MR * inner, 0.0);
        for (i, row) in rows.enumerate() {
            let panel = &mut self.data[(i / MR) * MR * inner..];
            for (x, v) in row.iter().enumerate() {
                panel[x * MR + i % MR] = *v;
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn inner(&self) -> usize {
        self.inner
    }

    pub fn panels(&self) -> usize {
        self.rows.div_ceil(MR)
    }

    /// `[inner, MR]`
    pub fn panel(&self, i: usize) -> &[f32] {
        &self.data[i * MR * self.inner..(i + 1) * MR * self.inner]
    }
}

/// A matrix whose columns are read in panels of [`NR`], however it is kept.
pub trait Panels {
    fn inner(&self) -> usize;
    fn cols(&self) -> usize;
    fn panels(&self) -> usize {
        self.cols().div_ceil(NR)
    }
    /// `[inner, NR]`, short panels padded with zeros; what has to be made is made in `room`.
    fn panel_in<'a>(&'a self, j: usize, room: &'a mut Vec<f32>) -> &'a [f32];
    /// Column `j`, `[inner]`.
    fn column(&self, j: usize, into: &mut [f32]);
}

impl Panels for PackedB {
    fn inner(&self) -> usize {
        self.inner
    }

    fn cols(&self) -> usize {
        self.cols
    }

    fn panel_in<'a>(&'a self, j: usize, _: &'a mut Vec<f32>) -> &'a [f32] {
        self.panel(j)
    }

    fn column(&self, j: usize, into: &mut [f32]) {
        let panel = self.panel(j / NR);
        into.iter_mut()
            .enumerate()
            .for_each(|(x, v)| *v = panel[x * NR + j % NR]);
    }
}

/// Columns of B, `[panels, k, NR]`.
#[derive(Clone, Debug)]
pub struct PackedB {
    data: Vec<f32>,
    inner: usize,
    cols: usize,
}

impl PackedB {
    /// All zeros; `what` names it should the memory not be there.
    pub fn new(inner: usize, cols: usize, what: &str) -> Result<Self> {
        let data = zeroed(cols.div_ceil(NR) * NR * inner, what)?;
        Ok(Self { data, inner, cols })
    }

    /// From `[inner, cols]`, row-major.
    pub fn from_rows(b: &[f32], inner: usize, cols: usize) -> Result<Self> {
        let mut p = Self::new(inner, cols, "a matrix product")?;
        p.write_rows(0, b);
        Ok(p)
    }

    /// Rows `first..` of `[inner, cols]`: what a GPT-2 weight (stored `[in, out]`) comes as.
    pub fn write_rows(&mut self, first: usize, rows: &[f32]) {
        for (i, row) in rows.chunks_exact(self.cols).enumerate() {
            for (p, part) in row.chunks(NR).enumerate() {
                let at = p * NR * self.inner + (first + i) * NR;
                self.data[at..at + part.len()].copy_from_slice(part);
            }
        }
    }

    /// Columns `first..` given as rows of the transpose, `[n, inner]`: what W_E is to W_U.
    pub fn write_transposed(&mut self, first: usize, rows: &[f32]) {
        for (i, row) in rows.chunks_exact(self.inner).enumerate() {
            let j = first + i;
            let panel = &mut self.data[(j / NR) * NR * self.inner..(j / NR + 1) * NR * self.inner];
            for (x, v) in row.iter().enumerate() {
                panel[x * NR + j % NR] = *v;
            }
        }
    }

    /// `[inner, cols]`, row-major.
    pub fn to_rows(&self) -> Vec<f32> {
        let panels = |x| (0..self.panels()).flat_map(move |p| &self.panel(p)[x * NR..(x + 1) * NR]);
        (0..self.inner)
            .flat_map(|x| panels(x).take(self.cols))
            .copied()
            .collect()
    }

    /// All panels, `[panels, inner, NR]`.
    pub fn packed(&self) -> &[f32] {
        &self.data
    }

    /// The same, to be written as they were read.
    pub fn packed_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    pub fn inner(&self) -> usize {
        self.inner
    }

    pub fn panels(&self) -> usize {
        self.cols.div_ceil(NR)
    }

    /// `[inner, NR]`
    pub fn panel(&self, j: usize) -> &[f32] {
        &self.data[j * NR * self.inner..(j + 1) * NR * self.inner]
    }
}
