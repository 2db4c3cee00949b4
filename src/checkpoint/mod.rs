//! Checkpoints: what is in the file, whether it is a GPT-2, and its numbers, piece by piece.
//!
//! Nothing here trusts the file: every size is checked before anything is allocated, offsets are
//! u64 (GPT-2 XL does not fit into wasm32's usize), and no more is read than was asked for.

mod header;
mod layout;
mod read;
mod source;
mod whole;
mod write;

pub use header::{Dtype, Header, TensorInfo};
pub use layout::{Config, Gpt2Layout};
pub use read::{BytesCounted, read_tensor, stream_rows};
#[cfg(not(target_arch = "wasm32"))]
pub use source::FileSource;
pub use source::{ByteSource, BytesSource};
pub use write::{Sink, write_checkpoint};
