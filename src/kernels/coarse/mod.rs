//! Products of vectors rounded to eight bits, and how far they may be from those of the vectors themselves: a
//! first look that settles most comparisons at a quarter of the bytes and, where the machine has the instruction, of the time.
//!
//! With u = u' + e and y = y' + f, a prime marking what is rounded, |y u - y' u'| = |y e + f u'| <= |y| |e| + |f| |u'|
//! (Cauchy-Schwarz); the lengths of e and f are measured, not estimated. The float32 sum that a comparison is about
//! is itself wrong by at most gamma_d |y| |u| (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
//! Integers are summed without any rounding, so the counts are the same on every machine.

mod micro;

pub use micro::{tile8, tile8_plain};

use super::gemm::{MR, NR, PackedB};

/// Whether the build has the instruction: sixteen products of bytes where float32 has four.
pub const FASTER: bool = cfg!(target_feature = "relaxed-simd");
/// Bytes that the copy in eight bits may take; a larger part of an embedding does without.
const MOST_BYTES: usize = 48 << 20;
/// Widths for which no sum leaves 32 bits: 127 x 127 x 2^16 < 2^31.
const MOST_WIDTH: usize = 1 << 16;
/// Bytes of a vector that stand together in a panel, as the instruction takes them.
const GROUP: usize = 4;
/// Rounded rows lie within -63..=63 and are kept with 64 added: the instruction wants seven bits without a sign.
const ROW_MOST: f32 = 63.0;
const OFFSET: i32 = 64;
const COLUMN_MOST: f32 = 127.0;
/// For the rounding of the bound's own arithmetic.
const MARGIN: f64 = 1.01;
/// More than d times half of the smallest number there is, for vectors of length 1: what underflow can add to a sum.
const UNDERFLOW: f64 = 1e-38;

/// Columns of W_U in eight bits, in the panels of [`PackedB`], every panel with a scale of its own.
pub struct Columns {
    d: usize,
    /// `[panels, d / 4 rounded up, NR, 4]`
    data: Vec<i8>,
    panels: Vec<Panel>,
}

/// What holds for every column of a panel.
#[derive(Clone, Copy, Debug)]
struct Panel {
    /// A column is about this times its bytes.
    scale: f64,
    /// What the rows' offset adds to the sums, with the sign turned.
    start: [i32; NR],
    /// The greatest lengths: of what rounding took, of what it left, of the columns themselves.
    lost: f64,
    kept: f64,
    length: f64,
}

impl Columns {
    /// No columns yet, of width `d`; None where there would be too many bytes, no memory for
    /// them, or where the browser's instruction does not do what its twin does.
    pub fn new(d: usize, cols: usize) -> Option<Self> {
        let panels = cols.div_ceil(NR);
        let bytes = panels * NR * d.div_ceil(GROUP) * GROUP;
        let mut columns = Self {
            d,
            data: vec![],
            panels: vec![],
        };
        let fits = d <= MOST_WIDTH && bytes <= MOST_BYTES && equals_its_twin();
        (fits && columns.data.try_reserve_exact(bytes).is_ok() && columns.panels.try_reserve_exact(panels).is_ok())
            .then_some(columns)
    }

    /// Panels that are here.
    pub fn panels(&self) -> usize {
        self.panels.len()
    }

    /// Adds the next panel of `w_u`.
    pub fn push(&mut self, w_u: &PackedB) {
        let panel = w_u.panel(self.panels());
        let largest = panel.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let unit = (largest / COLUMN_MOST).max(f32::MIN_POSITIVE);
        let first = self.data.len();
        self.data.resize(first + self.d.div_ceil(GROUP) * GROUP * NR, 0);
        let (mut sums, mut lost, mut kept, mut length) = ([0i32; NR], [0f64; NR], [0f64; NR], [0f64; NR]);
        for (x, row) in panel.as_chunks::<NR>().0.iter().enumerate() {
            for (c, value) in row.iter().enumerate() {
                let byte = (value / unit).round_ties_even().clamp(-COLUMN_MOST, COLUMN_MOST);
                self.data[first + (x / GROUP * NR + c) * GROUP + x % GROUP] = byte as i8;
                sums[c] += byte as i32;
                let rounded = f64::from(byte) * f64::from(unit);
                lost[c] += (f64::from(*value) - rounded).powi(2);
                kept[c] += rounded.powi(2);
                length[c] += f64::from(*value).powi(2);
            }
        }
        let longest = |squares: [f64; NR]| squares.iter().fold(0.0, |m: f64, s| m.max(*s)).sqrt() * MARGIN;
        self.panels.push(Panel {
            scale: f64::from(unit),
            start: sums.map(|sum| -OFFSET * sum),
            lost: longest(lost),
            kept: longest(kept),
            length: longest(length),
        });
    }

    fn bytes(&self, panel: usize) -> &[i8] {
        let size = self.d.div_ceil(GROUP) * GROUP * NR;
        &self.data[panel * size..][..size]
    }
}

/// Whether the block gives its twin's sums, the largest there are among them.
fn equals_its_twin() -> bool {
    let a: Vec<u8> = (0..64 * MR)
        .map(|i| if i % 5 == 0 { 127 } else { (i * 37 % 128) as u8 })
        .collect();
    let b: Vec<i8> = (0..64 * NR)
        .map(|i| [127, -127, (i * 89 % 255) as i32 - 127][i / 7 % 3] as i8)
        .collect();
    let start = [0, 1, -1, 1 << 20, -(1 << 20), 12_345, -777, 63];
    tile8(&a, &b, &start) == tile8_plain(&a, &b, &start)
}

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
struct Row {
    scale: f64,
    /// Lengths, of what rounding took and of the row itself.
    lost: f64,
    length: f64,
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

    fn panel(&self, i: usize) -> &[u8] {
        &self.packed[i * self.width * MR..][..self.width * MR]
    }
}

/// One block of the product, in integers, and the marks to hold it against.
pub struct Block<'a> {
    rows: &'a [Row],
    panel: Panel,
    d: usize,
    pub sums: [[i32; NR]; MR],
}

impl<'a> Block<'a> {
    /// The block of one panel of rows and one of columns.
    pub fn new(rows: &'a Rows, row_panel: usize, columns: &Columns, panel: usize) -> Self {
        let of = columns.panels[panel];
        let first = row_panel * MR;
        Self {
            rows: &rows.picked[first..(first + MR).min(rows.picked.len())],
            panel: of,
            d: columns.d,
            sums: tile8(rows.panel(row_panel), columns.bytes(panel), &of.start),
        }
    }

    /// Of row `r` of the block: a sum above the second belongs to a product that float32 finds greater than `z`, one
    /// below the first to one that it finds smaller.
    pub fn marks(&self, r: usize, z: f32) -> (i32, i32) {
        let (row, panel, z) = (self.rows[r], self.panel, f64::from(z));
        let n = self.d as f64 * 2f64.powi(-24);
        let gamma = n / (1.0 - n);
        let slack = row.length * (panel.lost + gamma * panel.length) + row.lost * panel.kept;
        let slack = slack * MARGIN + UNDERFLOW * (1.0 + row.length + panel.length) + z.abs() * 1e-12;
        let unit = row.scale * panel.scale;
        // Too large for an integer becomes the largest, which no sum is beyond.
        (((z - slack) / unit).ceil() as i32, ((z + slack) / unit).floor() as i32)
    }
}

#[cfg(test)]
mod tests;
