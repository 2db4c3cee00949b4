//! Tensors as f32, a few rows at a time.

use super::header::{Dtype, TensorInfo};
use super::source::ByteSource;
use crate::error::{Error, Result};
use std::cell::Cell;
use std::ops::Range;

/// Bytes asked for at a time; a row longer than this is read whole.
const PIECE: u64 = 4 << 20;

/// A source that counts what is read through it.
pub struct BytesCounted<S> {
    pub source: S,
    read: Cell<u64>,
}

impl<S> BytesCounted<S> {
    pub fn new(source: S) -> Self {
        Self {
            source,
            read: Cell::new(0),
        }
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.get()
    }
}

impl<S: ByteSource> ByteSource for BytesCounted<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn len(&self) -> u64 {
        self.source.len()
    }

    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let bytes = self.source.read(offset, len).await?;
        if bytes.len() != len {
            return Err(Error::Source {
                code: "SourceTruncated".into(),
                message: format!("{} gave {} bytes where {len} were asked for.", self.name(), bytes.len()),
            });
        }
        self.read.set(self.read.get() + len as u64);
        Ok(bytes)
    }

    fn expect(&self, ranges: &[(u64, u64)]) {
        self.source.expect(ranges);
    }
}

/// Reads a matrix `[rows, cols]` (a vector counts as one row) and hands `columns` of it on, a few
/// rows at a time: `each(first_row, values)` with `values` `[some rows, columns.len()]`.
///
/// The bytes read are those of the whole rows.
pub async fn stream_rows<S: ByteSource>(
    source: &S,
    tensor: &TensorInfo,
    columns: Range<usize>,
    mut each: impl AsyncFnMut(usize, &mut [f32]) -> Result<()>,
) -> Result<()> {
    let cols = *tensor.shape.last().unwrap_or(&1);
    let rows = (tensor.len / tensor.dtype.size()).checked_div(cols).unwrap_or(0);
    let row_len = cols * tensor.dtype.size();
    let size = tensor.dtype.size() as usize;
    let step = (PIECE / row_len.max(1)).max(1);
    let mut values = Vec::new();
    let mut first = 0;
    while first < rows {
        let n = step.min(rows - first);
        let bytes = source
            .read(tensor.offset + first * row_len, (n * row_len) as usize)
            .await?;
        values.clear();
        values.reserve_exact(n as usize * columns.len());
        for row in bytes.chunks_exact(row_len as usize) {
            convert(
                tensor.dtype,
                &row[columns.start * size..columns.end * size],
                &mut values,
            )?;
        }
        drop(bytes);
        each(first as usize, &mut values).await?;
        first += n;
    }
    Ok(())
}

/// A small tensor, whole.
pub async fn read_tensor<S: ByteSource>(source: &S, tensor: &TensorInfo) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    let cols = *tensor.shape.last().unwrap_or(&1) as usize;
    stream_rows(source, tensor, 0..cols, async |_, rows| {
        all.extend_from_slice(rows);
        Ok(())
    })
    .await?;
    Ok(all)
}

fn convert(dtype: Dtype, bytes: &[u8], out: &mut Vec<f32>) -> Result<()> {
    match dtype {
        Dtype::F32 => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
        Dtype::F16 => out.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| half::f16::from_le_bytes(*b).to_f32()),
        ),
        Dtype::BF16 => out.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| half::bf16::from_le_bytes(*b).to_f32()),
        ),
        other => {
            return Err(Error::CheckpointUnsupported(format!(
                "Weights stored as {other:?} are not read; convert them to F32, F16 or BF16."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::BytesSource;
    use super::*;

    #[test]
    fn streams_columns_of_every_dtype() {
        let numbers = [1.0f32, -2.5, 0.0, 3.0, 0.5, 65504.0];
        for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16] {
            let bytes: Vec<u8> = numbers
                .iter()
                .flat_map(|v| match dtype {
                    Dtype::F32 => v.to_le_bytes().to_vec(),
                    Dtype::F16 => half::f16::from_f32(*v).to_le_bytes().to_vec(),
                    _ => half::bf16::from_f32(*v).to_le_bytes().to_vec(),
                })
                .collect();
            let tensor = TensorInfo {
                dtype,
                shape: vec![2, 3],
                offset: 3,
                len: bytes.len() as u64,
            };
            let source = BytesCounted::new(BytesSource {
                name: "t".into(),
                bytes: [vec![9; 3], bytes].concat(),
            });
            let mut got = Vec::new();
            let read = stream_rows(&source, &tensor, 1..3, async |_, rows| {
                got.extend_from_slice(rows);
                Ok(())
            });
            pollster::block_on(read).unwrap();
            let last = if dtype == Dtype::BF16 { 65536.0 } else { 65504.0 };
            assert_eq!(got, [-2.5, 0.0, 0.5, last]);
            assert_eq!(source.bytes_read(), 6 * dtype.size());
        }
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let tensor = TensorInfo {
            dtype: Dtype::F32,
            shape: vec![4],
            offset: 0,
            len: 16,
        };
        let source = BytesSource {
            name: "t".into(),
            bytes: vec![0; 12],
        };
        let e = pollster::block_on(read_tensor(&source, &tensor)).unwrap_err();
        assert_eq!(e.code(), "SourceTruncated");
    }
}
