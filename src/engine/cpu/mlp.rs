//! MLP_0 over a few rows, its weights passing by once: each piece is packed, used and dropped.

use crate::error::{Result, zeroed};
use crate::gpt2::gelu_new;
use crate::kernels::gemm::{PackedA, PackedB, matmul_into};

/// Sums under way.
pub struct CpuMlp {
    n: usize,
    d_model: usize,
    d_mlp: usize,
    /// `[n, d_model]`; until the sums over it are complete.
    input: Vec<f32>,
    /// `[n, d_mlp]`
    hidden: Vec<f32>,
    /// `[n, d_model]`; from then on.
    output: Vec<f32>,
}

impl CpuMlp {
    pub(super) fn new(rows: &[f32], d_model: usize, d_mlp: usize) -> Result<Self> {
        let n = rows.len() / d_model;
        Ok(Self {
            n,
            d_model,
            d_mlp,
            input: rows.to_vec(),
            hidden: zeroed(n * d_mlp, "the first MLP")?,
            output: vec![],
        })
    }

    pub(super) fn c_fc(&mut self, first_row: usize, rows: &[f32]) -> Result<()> {
        accumulate(&self.input, self.d_model, first_row, rows, self.d_mlp, &mut self.hidden)
    }

    pub(super) fn activate(&mut self, bias: &[f32]) -> Result<()> {
        add_bias(&mut self.hidden, bias);
        self.hidden.iter_mut().for_each(|v| *v = gelu_new(*v));
        self.input = vec![];
        self.output = zeroed(self.n * self.d_model, "the first MLP")?;
        Ok(())
    }

    pub(super) fn c_proj(&mut self, first_row: usize, rows: &[f32]) -> Result<()> {
        accumulate(
            &self.hidden,
            self.d_mlp,
            first_row,
            rows,
            self.d_model,
            &mut self.output,
        )
    }

    pub(super) fn finish(mut self, bias: &[f32]) -> Vec<f32> {
        debug_assert_eq!(self.output.len(), self.n * self.d_model);
        add_bias(&mut self.output, bias);
        self.output
    }
}

/// `out[n, cols] += x[:, first..] w`, `w` being rows `first..` of `[inner, cols]`.
fn accumulate(x: &[f32], inner: usize, first: usize, w: &[f32], cols: usize, out: &mut [f32]) -> Result<()> {
    let rows = w.len() / cols;
    let mut a = PackedA::default();
    a.pack(x.chunks_exact(inner).map(|r| &r[first..first + rows]), rows);
    matmul_into(&a, &PackedB::from_rows(w, rows, cols)?, out, cols, true);
    Ok(())
}

fn add_bias(x: &mut [f32], bias: &[f32]) {
    for row in x.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
    }
}
