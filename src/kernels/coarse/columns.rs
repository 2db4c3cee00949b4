//! The columns of W_U: their bytes, which are looked at first, and beside them what makes the floats of them again
//! (`split.rs`).

use super::split::{self, Parts};
use super::{GROUP, MARGIN, OFFSET};
use crate::error::{Result, zeroed};
use crate::kernels::gemm::{NR, Panels};

/// More, in units, than dividing by the unit is wrong by in one number.
const ROUNDING: f64 = 1e-5;

/// Columns of W_U in panels of [`NR`], every panel with a scale of its own.
pub struct Columns {
    d: usize,
    cols: usize,
    /// `[panels, d / 4 rounded up, NR, 4]`
    bytes: Vec<i8>,
    /// What the bytes do not tell, column by column, each padded as its bytes are.
    low: Vec<u16>,
    high: Vec<u8>,
    /// Of each panel, eight bits for every byte that is 0, column by column, without zeros at the end; and where each column's begin.
    extra: Vec<(Box<[u8]>, [u32; NR])>,
    panels: Vec<Panel>,
}

/// What holds for every column of a panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// A column is about this times its bytes.
    pub scale: f64,
    /// What the rows' offset adds to the sums, with the sign turned.
    pub start: [i32; NR],
    /// The greatest lengths: of what rounding took, of what it left, of the columns themselves.
    pub lost: f64,
    pub kept: f64,
    pub length: f64,
}

impl Columns {
    /// All zeros, of a width for which it is [`super::possible`]; `what` names it should the memory not be there.
    pub fn new(d: usize, cols: usize, what: &str) -> Result<Self> {
        let panels = cols.div_ceil(NR);
        let size = panels * NR * d.div_ceil(GROUP) * GROUP;
        let zero = Panel {
            scale: f64::from(f32::MIN_POSITIVE),
            start: [0; NR],
            lost: 0.0,
            kept: 0.0,
            length: 0.0,
        };
        Ok(Self {
            d,
            cols,
            bytes: zeroed(size, what)?,
            low: zeroed(size, what)?,
            high: zeroed(size, what)?,
            extra: vec![(Box::default(), [0; NR]); panels],
            panels: vec![zero; panels],
        })
    }

    /// Columns `first..` given as rows of the transpose, `[n, d]`: what W_E is to W_U.
    pub fn write_transposed(&mut self, first: usize, rows: &[f32]) {
        let (d, end) = (self.d, first + rows.len() / self.d);
        let mut others = vec![];
        for panel in first / NR..end.div_ceil(NR) {
            let (from, to) = (panel * NR, (panel * NR + NR).min(self.cols));
            others.clear();
            // The scale is the panel's: columns that stay are rounded again.
            for j in (from..to).filter(|j| !(first..end).contains(j)) {
                let at = others.len();
                others.resize(at + d, 0.0);
                self.column(j, &mut others[at..]);
            }
            let mut staying = others.chunks_exact(d);
            let of = |j: usize| match (first..end).contains(&j) {
                true => &rows[(j - first) * d..][..d],
                false => staying.next().expect("every column stays or comes"),
            };
            let columns: Vec<&[f32]> = (from..to).map(of).collect();
            self.write_panel(panel, &columns);
        }
    }

    fn write_panel(&mut self, panel: usize, columns: &[&[f32]]) {
        let largest = |c: &&[f32]| c.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let unit = split::unit(columns.iter().map(largest).fold(0.0, f32::max));
        let mut extra = vec![];
        let mut at = [0; NR];
        let mut made = Panel {
            scale: f64::from(unit),
            start: [0; NR],
            lost: 0.0,
            kept: 0.0,
            length: 0.0,
        };
        for (c, column) in columns.iter().enumerate() {
            at[c] = extra.len() as u32;
            let sums = self.write_column(panel, c, column, unit, &mut extra);
            // What is missing is 0: a column of zeros needs none.
            let kept = extra[at[c] as usize..].iter().rposition(|bits| *bits != 0);
            extra.truncate(at[c] as usize + kept.map_or(0, |last| last + 1));
            made.start[c] = -OFFSET * sums.bytes;
            let scaled = |squares: f32, off: f64| {
                let length = (f64::from(squares).sqrt() * MARGIN + off) * f64::from(unit);
                // A bound that is no number would bound nothing.
                if length.is_finite() { length } else { f64::INFINITY }
            };
            let off = ROUNDING * (self.d as f64).sqrt();
            made.lost = made.lost.max(scaled(sums.lost, off));
            made.length = made.length.max(scaled(sums.length, off));
            made.kept = made.kept.max(scaled(sums.kept as f32, 0.0));
        }
        at[columns.len()..].fill(extra.len() as u32);
        self.panels[panel] = made;
        self.extra[panel] = (extra.into_boxed_slice(), at);
    }

    fn write_column(&mut self, panel: usize, c: usize, column: &[f32], unit: f32, extra: &mut Vec<u8>) -> Sums {
        let at = self.at(panel);
        let bytes = self.bytes[at.clone()].as_chunks_mut::<GROUP>().0;
        let low = self.low[at.clone()].as_chunks_mut::<GROUP>().0;
        let high = self.high[at].as_chunks_mut::<GROUP>().0;
        let of_column = self.d.div_ceil(GROUP);
        let mut sums = FourSums::default();
        let groups = column.chunks(GROUP).map(|group| match group.first_chunk() {
            Some(group) => *group,
            None => std::array::from_fn(|i| group.get(i).copied().unwrap_or(0.0)),
        });
        for (g, values) in groups.enumerate() {
            let place = g * NR + c;
            let (rounded, scaled) = split::rounded(values, unit);
            let rest: [_; GROUP] = std::array::from_fn(|i| split::rest(values[i], rounded[i] as i8, unit));
            bytes[place] = rounded.map(|b| b as i8);
            low[c * of_column + g] = rest.map(|r| r.0);
            high[c * of_column + g] = rest.map(|r| r.1);
            if rounded.contains(&0) {
                let zeros = rounded.iter().zip(rest).filter(|(b, _)| **b == 0);
                extra.extend(zeros.map(|(_, (.., extra))| extra));
            }
            sums.add(rounded, scaled);
        }
        sums.of_all()
    }

    /// Where a panel is in what is kept.
    fn at(&self, panel: usize) -> std::ops::Range<usize> {
        let size = self.d.div_ceil(GROUP) * GROUP * NR;
        panel * size..(panel + 1) * size
    }

    pub(super) fn bytes(&self, panel: usize) -> &[i8] {
        &self.bytes[self.at(panel)]
    }

    pub(super) fn about(&self, panel: usize) -> Panel {
        self.panels[panel]
    }

    /// Of every panel, a length that none of its columns is longer than.
    pub fn lengths(&self) -> Vec<f32> {
        self.panels.iter().map(|p| p.length as f32).collect()
    }

    /// Column `c` of a panel.
    fn parts(&self, panel: usize, c: usize) -> Parts<'_> {
        let (at, of_column) = (self.at(panel), self.d.div_ceil(GROUP));
        let (extra, starts) = &self.extra[panel];
        Parts {
            bytes: &self.bytes[at.clone()].as_chunks().0[c..],
            low: &self.low[at.clone()].as_chunks().0[c * of_column..][..of_column],
            high: &self.high[at].as_chunks().0[c * of_column..][..of_column],
            extra: match starts.get(c + 1) {
                Some(end) => &extra[starts[c] as usize..*end as usize],
                None => &extra[starts[c] as usize..],
            },
            unit: self.panels[panel].scale as f32,
        }
    }

    /// Four columns side by side, to which `into` `[d, 4]` is set.
    pub fn four(&self, columns: [usize; 4], into: &mut [f32]) {
        for (lane, j) in columns.into_iter().enumerate() {
            split::join::<4>(self.parts(j / NR, j % NR), &mut into[lane..]);
        }
    }
}

impl Panels for Columns {
    fn inner(&self) -> usize {
        self.d
    }

    fn cols(&self) -> usize {
        self.cols
    }

    fn panel_in<'a>(&'a self, j: usize, room: &'a mut Vec<f32>) -> &'a [f32] {
        room.resize(self.d * NR, 0.0);
        for c in 0..NR {
            split::join::<NR>(self.parts(j, c), &mut room[c..]);
        }
        room
    }

    fn column(&self, j: usize, into: &mut [f32]) {
        split::join::<1>(self.parts(j / NR, j % NR), into);
    }
}

/// Of one column, in units: the sum of its bytes, and the sums of squares.
struct Sums {
    bytes: i32,
    lost: f32,
    kept: i32,
    length: f32,
}

/// The same in four parts, as the numbers come. A float32 sum of a quarter of the widest column is wrong by a thousandth.
#[derive(Default)]
struct FourSums {
    bytes: [i32; GROUP],
    lost: [f32; GROUP],
    kept: [i32; GROUP],
    length: [f32; GROUP],
}

impl FourSums {
    #[inline(always)]
    fn add(&mut self, rounded: [i32; GROUP], scaled: [f32; GROUP]) {
        for i in 0..GROUP {
            let lost = scaled[i] - rounded[i] as f32;
            self.bytes[i] += rounded[i];
            self.lost[i] += lost * lost;
            self.kept[i] += rounded[i] * rounded[i];
            self.length[i] += scaled[i] * scaled[i];
        }
    }

    fn of_all(&self) -> Sums {
        Sums {
            bytes: self.bytes.iter().sum(),
            lost: self.lost.iter().sum(),
            kept: self.kept.iter().sum(),
            length: self.length.iter().sum(),
        }
    }
}
