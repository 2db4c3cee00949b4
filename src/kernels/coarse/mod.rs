//! Products of vectors rounded to eight bits, and how far they may be from those of the vectors themselves: a
//! first look that settles most comparisons at a quarter of the bytes and, where the machine has the instruction, of the time.
//! The vectors themselves are kept as their bytes and the rest (`split.rs`), so the first look takes no memory.
//!
//! With u = u' + e and y = y' + f, a prime marking what is rounded, |y u - y' u'| = |y e + f u'| <= |y| |e| + |f| |u'|
//! (Cauchy-Schwarz); the lengths of e and f are measured, not estimated. The float32 sum that a comparison is about
//! is itself wrong by at most gamma_d |y| |u| (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
//! Integers are summed without any rounding, so the counts are the same on every machine.

mod columns;
mod lost;
mod micro;
mod narrow;
mod rows;
mod split;

pub use columns::Columns;
pub use micro::{tile8, tile8_plain};
pub use narrow::{Compared, Narrow};
pub use rows::Rows;

use super::gemm::{MR, NR, Panels};
use columns::Panel;
use rows::Row;

/// Whether the build has the instruction: sixteen products of bytes where float32 has four.
pub const FASTER: bool = cfg!(target_feature = "relaxed-simd");
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

/// Whether vectors of width `d` can be kept as [`Columns`], and the browser's instructions do what their twins do.
pub fn possible(d: usize) -> bool {
    d <= MOST_WIDTH && equals_its_twin() && split::equals_its_twin()
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
        let of = columns.about(panel);
        Self {
            rows: rows.of_panel(row_panel),
            panel: of,
            d: columns.inner(),
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
