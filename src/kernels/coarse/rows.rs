//! The rows of a race, rounded.

use super::{GROUP, MARGIN, OFFSET, ROW_MOST};
use crate::kernels::gemm::MR;

/// Rows in seven bits, and some of them in panels of MR.
#[derive(Default)]
pub struct Rows {
    /// Bytes of a row.
    width: usize,
    /// `[rows, width]`
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// `[panels, width / 4, MR, 4]`
    packed: Vec<u8>,
    /// Of the rows that are packed.
    picked: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub scale: f64,
    /// Lengths, of what rounding took and of the row itself.
    pub lost: f64,
    pub length: f64,
}

impl Rows {
    /// Rounds `rows` of width `d`. Rows that are not finite must not be packed.
    pub fn new<'a>(rows: impl ExactSizeIterator<Item = &'a [f32]>, d: usize) -> Self {
        let width = d.div_ceil(GROUP) * GROUP;
        let mut made = Self {
            width,
            bytes: vec![OFFSET as u8; rows.len() * width],
            ..Self::default()
        };
        for (row, bytes) in rows.zip(made.bytes.chunks_exact_mut(width)) {
            let largest = row.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let unit = (largest / ROW_MOST).max(f32::MIN_POSITIVE);
            let (mut lost, mut length) = (0f64, 0f64);
            for (byte, value) in bytes.iter_mut().zip(row) {
                let rounded = (value / unit).round_ties_even().clamp(-ROW_MOST, ROW_MOST);
                *byte = (rounded as i32 + OFFSET) as u8;
                let value = f64::from(*value);
                lost += (value - f64::from(rounded) * f64::from(unit)).powi(2);
                length += value.powi(2);
            }
            made.rows.push(Row {
                scale: f64::from(unit),
                lost: lost.sqrt() * MARGIN,
                length: length.sqrt() * MARGIN,
            });
        }
        made
    }

    /// What rounding took from `rows`, which these were made of.
    pub fn lost(&self, rows: &[f32]) -> Vec<f32> {
        let d = rows.len() / self.rows.len().max(1);
        let of = |(i, row): (usize, &Row)| {
            let bytes = &self.bytes[i * self.width..][..d];
            let scale = row.scale;
            let lost = move |(value, byte): (&f32, &u8)| {
                (f64::from(*value) - scale * f64::from(i32::from(*byte) - OFFSET)) as f32
            };
            rows[i * d..(i + 1) * d].iter().zip(bytes).map(lost).collect::<Vec<_>>()
        };
        self.rows.iter().enumerate().flat_map(of).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Packs the rows `which`; the room of an earlier use is used again.
    pub fn pack(&mut self, which: impl ExactSizeIterator<Item = usize>) {
        let size = self.width * MR;
        self.picked.clear();
        self.packed.clear();
        self.packed.resize(which.len().div_ceil(MR) * size, OFFSET as u8);
        for (i, row) in which.enumerate() {
            let groups = self.bytes[row * self.width..][..self.width].as_chunks::<GROUP>().0;
            let panel = self.packed[i / MR * size..][..size].as_chunks_mut::<GROUP>().0;
            for (to, from) in panel[i % MR..].iter_mut().step_by(MR).zip(groups) {
                *to = *from;
            }
            self.picked.push(self.rows[row]);
        }
    }

    /// Panels of the rows that are packed.
    pub fn panels(&self) -> usize {
        self.picked.len().div_ceil(MR)
    }

    /// Those of panel `i`.
    pub(super) fn of_panel(&self, i: usize) -> &[Row] {
        &self.picked[i * MR..((i + 1) * MR).min(self.picked.len())]
    }

    pub(super) fn panel(&self, i: usize) -> &[u8] {
        &self.packed[i * self.width * MR..][..self.width * MR]
    }
}
