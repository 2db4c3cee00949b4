//! A smaller checkpoint of the same model: only the tensors of a job, in another element type.

use super::header::Dtype;
use super::layout::Gpt2Layout;
use super::read::stream_rows;
use super::source::ByteSource;
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};

/// Where the bytes of a new file go.
pub trait Sink {
    /// The next bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// A tensor (or the header) ends here.
    fn cut(&mut self) -> Result<()>;
}

/// Writes the tensors `keys` of a GPT-2, in this order, as `dtype` (F32, F16 or BF16), rounded to nearest even.
///
/// Names lose the prefix `transformer.`. NaN and infinity stay what they are.
/// Errors: a finite weight that is too large for `dtype`, named; whatever the source or the sink reports.
pub async fn write_checkpoint<S: ByteSource>(
    source: &S,
    layout: &Gpt2Layout,
    keys: &[String],
    dtype: Dtype,
    sink: &mut impl Sink,
) -> Result<()> {
    sink.write(&header(layout, keys, dtype))?;
    sink.cut()?;
    for key in keys {
        let tensor = layout.tensor(key);
        let columns = *tensor.shape.last().unwrap_or(&1) as usize;
        stream_rows(source, tensor, 0..columns, async |_, values| {
            let mut bytes = Vec::with_capacity(values.len() * dtype.size() as usize);
            for v in values.iter() {
                encode(*v, dtype, &mut bytes)
                    .map_err(|why| Error::CheckpointNotFinite(format!("In {}, {key}: {why}", source.name())))?;
            }
            sink.write(&bytes)
        })
        .await?;
        sink.cut()?;
    }
    Ok(())
}

/// Length field and JSON, padded with spaces to a multiple of 8 bytes.
fn header(layout: &Gpt2Layout, keys: &[String], dtype: Dtype) -> Vec<u8> {
    let mut entries = Map::new();
    entries.insert("__metadata__".into(), json!({ "format": "pt" }));
    let mut at = 0;
    for key in keys {
        let shape = &layout.tensor(key).shape;
        let end = at + shape.iter().product::<u64>() * dtype.size();
        entries.insert(
            key.clone(),
            json!({ "dtype": dtype, "shape": shape, "data_offsets": [at, end] }),
        );
        at = end;
    }
    let mut json = Value::Object(entries).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

fn encode(v: f32, dtype: Dtype, out: &mut Vec<u8>) -> std::result::Result<(), String> {
    let too_large = |stays: bool| {
        if stays {
            Ok(())
        } else {
            Err(format!("{v} is too large for {dtype:?}. Choose --dtype bf16 or f32."))
        }
    };
    match dtype {
        Dtype::F32 => out.extend(v.to_le_bytes()),
        Dtype::F16 => {
            let half = half::f16::from_f32(v);
            too_large(half.is_finite() || !v.is_finite())?;
            out.extend(half.to_le_bytes());
        }
        Dtype::BF16 => {
            let half = half::bf16::from_f32(v);
            too_large(half.is_finite() || !v.is_finite())?;
            out.extend(half.to_le_bytes());
        }
        other => return Err(format!("{other:?} is not written; choose f32, f16 or bf16.")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{BytesSource, Config, Header, read_tensor};
    use super::*;

    /// Keeps what is written.
    #[derive(Default)]
    struct Kept {
        bytes: Vec<u8>,
        cuts: Vec<usize>,
    }

    impl Sink for Kept {
        fn write(&mut self, bytes: &[u8]) -> Result<()> {
            self.bytes.extend(bytes);
            Ok(())
        }

        fn cut(&mut self) -> Result<()> {
            self.cuts.push(self.bytes.len());
            Ok(())
        }
    }

    /// One layer, width 64, two tokens, a tensor that no score needs; every number is `value(i)`.
    fn checkpoint(value: impl Fn(usize) -> f32) -> (BytesSource, Gpt2Layout) {
        let shapes: [(&str, &[u64]); 10] = [
            ("h.0.attn.bias", &[1, 1, 8, 8]),
            ("h.0.attn.c_attn.weight", &[64, 192]),
            ("h.0.attn.c_proj.weight", &[64, 64]),
            ("h.0.ln_2.bias", &[64]),
            ("h.0.ln_2.weight", &[64]),
            ("h.0.mlp.c_fc.bias", &[256]),
            ("h.0.mlp.c_fc.weight", &[64, 256]),
            ("h.0.mlp.c_proj.bias", &[64]),
            ("h.0.mlp.c_proj.weight", &[256, 64]),
            ("wte.weight", &[2, 64]),
        ];
        let (mut entries, mut data) = (Map::new(), Vec::new());
        for (name, shape) in shapes {
            let n = shape.iter().product::<u64>() as usize;
            let start = data.len();
            data.extend((0..n).flat_map(|i| value(i).to_le_bytes()));
            entries.insert(
                format!("transformer.{name}"),
                json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] }),
            );
        }
        let json = Value::Object(entries).to_string();
        let bytes = [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), &data].concat();
        let source = BytesSource {
            name: "t.safetensors".into(),
            bytes,
        };
        let header = pollster::block_on(Header::read(&source)).unwrap();
        let layout = Gpt2Layout::new("t", header, &Config::default()).unwrap();
        (source, layout)
    }

    fn converted(value: impl Fn(usize) -> f32, dtype: Dtype) -> Result<Kept> {
        let (source, layout) = checkpoint(value);
        let mut kept = Kept::default();
        pollster::block_on(write_checkpoint(
            &source,
            &layout,
            &layout.scored_tensors(),
            dtype,
            &mut kept,
        ))
        .map(|()| kept)
    }

    #[test]
    fn what_is_written_is_a_checkpoint_with_the_same_numbers() {
        let value = |i: usize| (i % 97) as f32 / 64.0 - 0.5; // exact in all three types
        for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16] {
            let kept = converted(value, dtype).unwrap();
            let source = BytesSource {
                name: "u".into(),
                bytes: kept.bytes,
            };
            let header = pollster::block_on(Header::read(&source)).unwrap();
            assert!(!header.tensors.contains_key("h.0.attn.bias"));
            let layout = Gpt2Layout::new("u", header, &Config::default()).unwrap();
            assert_eq!(layout.dtype, dtype);
            for key in layout.scored_tensors() {
                let values = pollster::block_on(read_tensor(&source, layout.tensor(&key))).unwrap();
                assert!(
                    values.iter().enumerate().all(|(i, v)| *v == value(i)),
                    "{key} as {dtype:?}"
                );
            }
            // The header, and each tensor of the job.
            assert_eq!(kept.cuts.len(), 1 + layout.scored_tensors().len());
        }
    }

    #[test]
    fn a_weight_that_does_not_fit_is_named_and_nan_stays() {
        let error = converted(|i| if i == 70 { 70_000.0 } else { 0.0 }, Dtype::F16)
            .err()
            .unwrap();
        assert_eq!(error.code(), "CheckpointNotFinite");
        assert!(
            error.to_string().contains("70000") && error.to_string().contains("bf16"),
            "{error}"
        );
        let kept = converted(|_| f32::NAN, Dtype::F16).unwrap();
        assert!(half::f16::from_le_bytes(kept.bytes[kept.bytes.len() - 2..].try_into().unwrap()).is_nan());
    }
}
