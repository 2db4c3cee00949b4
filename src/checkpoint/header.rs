//! The safetensors header: 8 bytes of length (u64, little-endian), JSON, then the tensors' bytes.

use super::source::ByteSource;
use crate::error::{Error, Result};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// Longest header that is read. A real one is under 60 KB.
pub const MAX_HEADER: u64 = 1 << 20;
/// Most tensors in a file. GPT-2 XL has 628.
pub const MAX_TENSORS: usize = 2_000;
/// Highest rank.
pub const MAX_RANK: usize = 4;

/// Element types whose size is known. Weights are read from the first three alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[allow(non_camel_case_types, clippy::upper_case_acronyms)]
pub enum Dtype {
    F32,
    F16,
    BF16,
    F64,
    I64,
    U64,
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
    BOOL,
}

impl Dtype {
    /// Bytes an element.
    pub fn size(self) -> u64 {
        match self {
            Dtype::F64 | Dtype::I64 | Dtype::U64 => 8,
            Dtype::F32 | Dtype::I32 | Dtype::U32 => 4,
            Dtype::F16 | Dtype::BF16 | Dtype::I16 | Dtype::U16 => 2,
            Dtype::I8 | Dtype::U8 | Dtype::BOOL => 1,
        }
    }
}

/// One tensor of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    pub dtype: Dtype,
    pub shape: Vec<u64>,
    /// First byte, counted from the start of the file.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// What is in a checkpoint. Tensors neither overlap nor leave gaps, and end where the file ends.
#[derive(Clone, Debug, Default)]
pub struct Header {
    pub tensors: BTreeMap<String, TensorInfo>,
}

impl Header {
    /// Reads and checks the header of `source`.
    pub async fn read(source: &impl ByteSource) -> Result<Self> {
        let name = source.name();
        if source.len() < 8 {
            return Err(corrupt(name, format!("it has only {} bytes", source.len())));
        }
        let start = source.read(0, 8).await?;
        let len = u64::from_le_bytes(start[..8].try_into().expect("8 bytes were read"));
        if len > MAX_HEADER || len > source.len() - 8 {
            return Err(foreign(name, &start, len));
        }
        let json = source.read(8, len as usize).await?;
        Self::parse(name, &json, source.len())
    }

    /// Checks the JSON of a header whose file has `file_len` bytes.
    pub fn parse(name: &str, json: &[u8], file_len: u64) -> Result<Self> {
        let data_start = (json.len() as u64).saturating_add(8);
        let data_len = file_len
            .checked_sub(data_start)
            .ok_or_else(|| corrupt(name, "the header is longer than the file".into()))?;
        let raw: Entries =
            serde_json::from_slice(json).map_err(|e| corrupt(name, format!("its header is wrong ({e})")))?;
        let mut tensors = BTreeMap::new();
        for (key, entry) in raw.0 {
            let info = entry
                .check(data_start, data_len)
                .map_err(|why| corrupt(name, format!("tensor {} {why}", short(&key))))?;
            tensors.insert(key, info);
        }
        let mut order: Vec<_> = tensors.iter().map(|(k, t)| (t.offset, t.offset + t.len, k)).collect();
        order.sort();
        let mut at = data_start;
        for (start, end, key) in order {
            if start != at {
                let what = if start < at {
                    "overlaps the one before it"
                } else {
                    "leaves a gap before it"
                };
                return Err(corrupt(name, format!("tensor {} {what}", short(key))));
            }
            at = end;
        }
        if at != file_len {
            return Err(corrupt(
                name,
                format!("its tensors end at byte {at} but the file has {file_len}"),
            ));
        }
        Ok(Self { tensors })
    }
}

/// The tensors as written, keys unique.
struct Entries(Vec<(String, Entry)>);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: Dtype,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Entry {
    fn check(self, data_start: u64, data_len: u64) -> std::result::Result<TensorInfo, String> {
        if self.shape.len() > MAX_RANK {
            return Err(format!("has {} axes; at most {MAX_RANK} are read", self.shape.len()));
        }
        let (begin, end) = self.data_offsets;
        let wanted = self.shape.iter().try_fold(self.dtype.size(), |n, s| n.checked_mul(*s));
        let wanted = wanted.ok_or("has more elements than can be counted")?;
        if begin > end || end > data_len {
            return Err(format!(
                "lies at bytes {begin}..{end} of {data_len}: the file is cut off or its header lies"
            ));
        }
        if end - begin != wanted {
            return Err(format!(
                "of shape {:?} needs {wanted} bytes but has {}",
                self.shape,
                end - begin
            ));
        }
        Ok(TensorInfo {
            dtype: self.dtype,
            shape: self.shape,
            offset: data_start + begin,
            len: wanted,
        })
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let (mut seen, mut out) = (std::collections::BTreeSet::new(), Vec::new());
                while let Some(key) = map.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!("the key {} stands there twice", short(&key))));
                    }
                    if seen.len() > MAX_TENSORS {
                        return Err(A::Error::custom(format!("it has more than {MAX_TENSORS} tensors")));
                    }
                    if key == "__metadata__" {
                        map.next_value::<BTreeMap<String, String>>()?;
                    } else {
                        out.push((key, map.next_value()?));
                    }
                }
                Ok(Entries(out))
            }
        }
        d.deserialize_map(V)
    }
}

/// A hostile name must not fill the page.
fn short(key: &str) -> String {
    let cut: String = key.chars().take(80).collect();
    format!("{cut:?}")
}

fn corrupt(name: &str, why: String) -> Error {
    Error::CheckpointCorrupt(format!(
        "{name} is not a whole safetensors file: {why}. Download it again, or choose the file model.safetensors of a GPT-2."
    ))
}

/// A first guess at what a file is that does not start like safetensors.
fn foreign(name: &str, start: &[u8], len: u64) -> Error {
    let kind = match start {
        [b'P', b'K', 3, 4, ..] | [0x80, ..=5, ..] => {
            "a PyTorch file (pickled), which can run code and is never opened here"
        }
        [b'G', b'G', b'U', b'F', ..] => "a GGUF file",
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' '] => "a Git LFS pointer, not the file itself",
        [b'<', ..] => "a web page (perhaps an error page of the server)",
        [b'{', ..] => "a JSON text",
        _ => return corrupt(name, format!("its first 8 bytes announce a header of {len} bytes")),
    };
    Error::CheckpointUnsupported(format!(
        "{name} is {kind}, not safetensors. Choose the file model.safetensors of a GPT-2."
    ))
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
