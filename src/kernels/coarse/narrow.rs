//! The first look for a head of many rows, through its narrow middle: y = v W_O, so y u = v (W_O u), and W_O u is shared by all
//! rows of the head. W_O is rounded, its products with the rounded tokens are rounded again, and v is rounded.
//!
//! With W_O = W' + E, u = u' + e, m = W' u' (integers, so exact) = m' + r and v = v' + s, a prime marking what is rounded:
//! |v W_O u - v' m'| <= |v E| |u| + |v W'| |e| + |v| |r| + |s| |m'|, where |v W'| <= |y| + |v E|. All are lengths, measured; that of
//! v E for every row (`lost.rs`).

use super::columns::Panel;
use super::{COLUMN_MOST, Columns, GROUP, MARGIN, OFFSET, Rows, lost, tile8};
use crate::kernels::gemm::{MR, NR};

/// More, in units, than float32 is wrong by in one product.
const ROUNDING: f64 = 1e-4;
/// Rows of W_O that differ by more in size are not taken together.
const LEAST_RATIO: f64 = 1e-20;

/// One row, whose logits are compared with `z`.
pub struct Compared {
    /// Which row of `v`.
    pub row: usize,
    pub z: f32,
    /// No less than |v W_O|.
    pub length: f64,
    /// The float32 sums that the comparison is about are wrong by no more than the first for each unit of a token's length, and the
    /// second.
    pub slack: (f64, f64),
}

/// Of a panel of rows, what the marks are made of, in units of v's scale: z, |v|, |v W_O|, |v E|, |s|, and the two of the slack.
type OfRows = [[f32; MR]; 7];

/// Of a panel of rows: a sum above the second mark belongs to a product that float32 finds greater than z, one below the first to one
/// that it finds smaller. Where a bound is no number neither is true of any sum.
pub struct Marks {
    pub low: [f32; MR],
    pub high: [f32; MR],
}

/// One head.
pub struct Narrow {
    /// `[rows, d_head]`
    v: Rows,
    compared: Vec<OfRows>,
    /// `[d_head, d]`, all packed.
    w_o: Rows,
    /// The largest scale of a row of W_O, and those of all rows as parts of it.
    scale: f64,
    ratios: Vec<f32>,
    /// |v E| of every row of v.
    moved: Vec<f64>,
    /// The bytes of W' u' of the columns that were entered last, `[d_head / 4 rounded up, NR, 4]`, and what holds for them.
    bytes: Vec<i8>,
    entered: Panel,
    /// What holds for the columns themselves.
    columns: Panel,
}

impl Narrow {
    /// `v` `[rows, d_head]`, `w_o` `[d_head, d]`, all finite: as many multiply-adds in float32 as their product takes. None where rows
    /// of W_O differ too much, or the memory is not there.
    pub fn new(v: &[f32], w_o: &[f32], d: usize) -> Option<Self> {
        let d_head = w_o.len() / d;
        let mut rounded = Rows::new(w_o.chunks_exact(d), d);
        rounded.pack(0..d_head);
        let scales = || (0..d_head).map(|i| rounded.of_panel(i / MR)[i % MR].scale);
        let scale = scales().fold(0.0, f64::max);
        if scales().any(|each| each < LEAST_RATIO * scale) {
            return None;
        }
        let moved = lost::lengths(v, &rounded.lost(w_o), d)?;
        let nothing = Panel {
            scale: 1.0,
            start: [0; NR],
            lost: 0.0,
            kept: 0.0,
            length: 0.0,
        };
        Some(Self {
            v: Rows::new(v.chunks_exact(d_head), d_head),
            compared: vec![],
            ratios: scales().map(|each| (each / scale) as f32).collect(),
            w_o: rounded,
            scale,
            moved,
            bytes: vec![0; d_head.div_ceil(GROUP) * GROUP * NR],
            entered: nothing,
            columns: nothing,
        })
    }

    /// Packs the rows `which`.
    pub fn pack(&mut self, which: &[Compared]) {
        self.v.pack(which.iter().map(|each| each.row));
        self.compared.clear();
        for (pi, rows) in which.chunks(MR).enumerate() {
            let mut of: OfRows = [[0.0; MR]; 7];
            for (r, (each, v)) in rows.iter().zip(self.v.of_panel(pi)).enumerate() {
                let (near, floor) = each.slack;
                let moved = self.moved[each.row];
                let own = [f64::from(each.z), v.length, each.length, moved, v.lost, near, floor];
                of.iter_mut().zip(own).for_each(|(to, x)| to[r] = (x / v.scale) as f32);
            }
            self.compared.push(of);
        }
    }

    /// Panels of the rows that are packed.
    pub fn panels(&self) -> usize {
        self.v.panels()
    }

    /// Makes W_O u of one panel of columns.
    pub fn enter(&mut self, columns: &Columns, panel: usize, room: &mut Vec<[f32; NR]>) {
        self.columns = columns.about(panel);
        room.clear();
        for (pi, ratios) in self.ratios.chunks(MR).enumerate() {
            let sums = tile8(self.w_o.panel(pi), columns.bytes(panel), &self.columns.start);
            room.extend(
                sums.iter()
                    .zip(ratios)
                    .map(|(sums, ratio)| sums.map(|sum| sum as f32 * ratio)),
            );
        }
        self.round(room);
    }

    /// Rounds the products, which are in parts of the largest scale.
    fn round(&mut self, products: &[[f32; NR]]) {
        let mut largest = [0f32; NR];
        for row in products {
            largest.iter_mut().zip(row).for_each(|(m, x)| *m = m.max(x.abs()));
        }
        let unit = (largest.into_iter().fold(0.0, f32::max) / COLUMN_MOST).max(f32::MIN_POSITIVE);
        let (mut lost, mut kept, mut bytes) = ([0f32; NR], [0f32; NR], [0i32; NR]);
        for (group, rows) in self
            .bytes
            .as_chunks_mut::<{ GROUP * NR }>()
            .0
            .iter_mut()
            .zip(products.chunks(GROUP))
        {
            for (i, row) in rows.iter().enumerate() {
                let scaled = row.map(|x| x / unit);
                let rounded = scaled.map(|x| x.round_ties_even().clamp(-COLUMN_MOST, COLUMN_MOST));
                for c in 0..NR {
                    let off = scaled[c] - rounded[c];
                    lost[c] += off * off;
                    kept[c] += rounded[c] * rounded[c];
                }
                let whole = rounded.map(|x| x as i32);
                for c in 0..NR {
                    bytes[c] += whole[c];
                    group[c * GROUP + i] = whole[c] as i8;
                }
            }
        }
        let scale = f64::from(unit) * self.scale * self.columns.scale;
        let off = ROUNDING * (products.len() as f64).sqrt();
        let longest = |squares: [f32; NR]| f64::from(squares.into_iter().fold(0.0, f32::max)).sqrt() * MARGIN;
        self.entered = Panel {
            scale,
            start: bytes.map(|sum| -OFFSET * sum),
            lost: (longest(lost) + off) * scale,
            kept: longest(kept) * scale,
            length: 0.0,
        };
    }

    /// v' m' of one panel of rows at the columns entered last, in integers.
    pub fn sums(&self, row_panel: usize) -> [[i32; NR]; MR] {
        tile8(self.v.panel(row_panel), &self.bytes, &self.entered.start)
    }

    /// What the sums of a panel of rows at the columns entered last are held against.
    pub fn marks(&self, row_panel: usize) -> Marks {
        let (u, m) = (&self.columns, &self.entered);
        let per = |x: f64| (x * MARGIN / m.scale) as f32;
        let by = [m.lost, u.lost, u.length + u.lost, m.kept, u.length, 1.0];
        let [by_v, by_length, by_moved, by_lost, by_near, by_floor] = by.map(per);
        let unit = (1.0 / m.scale) as f32;
        let [z, v, length, moved, lost, near, floor] = &self.compared[row_panel];
        let mut marks = Marks {
            low: [0.0; MR],
            high: [0.0; MR],
        };
        for r in 0..MR {
            let z = z[r] * unit;
            let rounded = v[r] * by_v + length[r] * by_length + moved[r] * by_moved + lost[r] * by_lost;
            let bound = rounded + near[r] * by_near + floor[r] * by_floor;
            // A unit and a millionth for float32's rounding here.
            let slack = bound + z.abs() * 1e-6 + 1.0;
            (marks.low[r], marks.high[r]) = (z - slack, z + slack);
        }
        marks
    }
}
