//! Where bytes come from: a local file, an address, bytes in memory.

use crate::error::{Error, Result};

/// A thing of known length that can be read anywhere.
#[allow(async_fn_in_trait)] // one thread in the browser; natively nothing is spawned
pub trait ByteSource {
    /// The name that messages use.
    fn name(&self) -> &str;
    /// Length in bytes.
    fn len(&self) -> u64;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Exactly `len` bytes from `offset`, or an error that says why not.
    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>>;
    /// What will be read next, in this order: a source with a slow line may start early.
    fn expect(&self, _ranges: &[(u64, u64)]) {}
}

/// Bytes in memory.
pub struct BytesSource {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl ByteSource for BytesSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|s| Some(s..s.checked_add(len)?));
        let bytes = range.and_then(|r| self.bytes.get(r));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| beyond_end(&self.name, offset, len, self.len()))
    }
}

/// A file on disk, read where it is asked for.
#[cfg(not(target_arch = "wasm32"))]
pub struct FileSource {
    name: String,
    len: u64,
    file: std::cell::RefCell<std::fs::File>,
}

#[cfg(not(target_arch = "wasm32"))]
impl FileSource {
    /// Opens the file. Errors: it is not there, or is not readable.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let failed = |e: std::io::Error| Error::Source {
            code: "SourceUnreachable".into(),
            message: format!("{} cannot be read: {e}.", path.display()),
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        Ok(Self {
            name: path.display().to_string(),
            len,
            file: file.into(),
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        use std::io::{Read, Seek, SeekFrom};
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(beyond_end(&self.name, offset, len, self.len));
        }
        let mut bytes = vec![0; len];
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|e| Error::Source {
                code: "SourceTruncated".into(),
                message: format!("Reading {} failed at byte {offset}: {e}.", self.name),
            })?;
        Ok(bytes)
    }
}

fn beyond_end(name: &str, offset: u64, len: usize, size: u64) -> Error {
    Error::Source {
        code: "SourceTruncated".into(),
        message: format!("{name} has {size} bytes, but {len} were wanted from byte {offset}: the file is cut off."),
    }
}
