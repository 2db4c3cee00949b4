//! The one error type. Every message is a sentence for the user: what is wrong, where, what to do.

/// Result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, by what the user can do about it.
///
/// [`Error::code`] is stable and is what programs switch on; the text may change.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file is not what it says it is: cut off, overlapping, not safetensors at all.
    #[error("{0}")]
    CheckpointCorrupt(String),
    /// A well-formed file of a kind that we do not read.
    #[error("{0}")]
    CheckpointUnsupported(String),
    /// Tensors that do not fit together, or are missing.
    #[error("{0}")]
    CheckpointShape(String),
    /// NaN or infinity among the weights.
    #[error("{0}")]
    CheckpointNotFinite(String),
    #[error("{0}")]
    ConfigInvalid(String),
    #[error("{0}")]
    TokenizerInvalid(String),
    /// The tokenizer's vocabulary is not the checkpoint's.
    #[error("{0}")]
    TokenizerMismatch(String),
    #[error("{0}")]
    RelationInvalid(String),
    /// No pair of the relation can be used with this model.
    #[error("{0}")]
    RelationEmpty(String),
    #[error("{0}")]
    WebGpuUnavailable(String),
    /// The GPU computed something else than its CPU twin on a small case.
    #[error("{0}")]
    WebGpuSelfTestFailed(String),
    #[error("{0}")]
    DeviceLost(String),
    #[error("{0}")]
    OutOfMemory(String),
    /// Reading the bytes failed. `code` is the source's own (SourceStatus, SourceRange, ...).
    #[error("{message}")]
    Source { code: String, message: String },
    /// Another computation is under way on the same model.
    #[error("this model is already computing; wait for it or cancel it first")]
    Busy,
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// The stable code, which is also the `name` of the JavaScript error.
    pub fn code(&self) -> &str {
        match self {
            Error::CheckpointCorrupt(_) => "CheckpointCorrupt",
            Error::CheckpointUnsupported(_) => "CheckpointUnsupported",
            Error::CheckpointShape(_) => "CheckpointShape",
            Error::CheckpointNotFinite(_) => "CheckpointNotFinite",
            Error::ConfigInvalid(_) => "ConfigInvalid",
            Error::TokenizerInvalid(_) => "TokenizerInvalid",
            Error::TokenizerMismatch(_) => "TokenizerMismatch",
            Error::RelationInvalid(_) => "RelationInvalid",
            Error::RelationEmpty(_) => "RelationEmpty",
            Error::WebGpuUnavailable(_) => "WebGpuUnavailable",
            Error::WebGpuSelfTestFailed(_) => "WebGpuSelfTestFailed",
            Error::DeviceLost(_) => "DeviceLost",
            Error::OutOfMemory(_) => "OutOfMemory",
            Error::Source { code, .. } => code,
            Error::Busy => "Busy",
            Error::Cancelled => "AbortError",
        }
    }
}

/// A zeroed buffer, or an error instead of an abort when the memory is not there.
pub fn zeroed<T: Clone + Default>(len: usize, what: &str) -> Result<Vec<T>> {
    let mut v = Vec::new();
    v.try_reserve_exact(len).map_err(|_| {
        Error::OutOfMemory(format!(
            "There is not enough memory for {what} ({} MB). Close other tabs, choose a smaller model, or use WebGPU.",
            len * size_of::<T>() / 1_000_000
        ))
    })?;
    v.resize(len, T::default());
    Ok(v)
}
