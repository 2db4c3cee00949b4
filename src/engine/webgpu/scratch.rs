//! Memory that every ranking uses anew: with what is kept of heads (`middle.rs`) at most 64 MiB beside the weights.

use crate::error::Result;
use crate::kernels::gpu::{Gpu, POISON};

/// What a buffer is for. The largest are bounded by [`Y_BYTES`] and [`SMALL_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Use {
    /// x of a chunk of pairs.
    X,
    V,
    Y,
    /// W_E rows of the chunk's targets, and of a chunk of the rivals.
    Targets,
    Rivals,
    TargetIds,
    RivalIds,
    /// Token and k of every pair.
    Pairs,
    LiveA,
    LiveB,
    /// The same of one head, and |v| of its rows.
    OwnA,
    OwnB,
    Lengths,
    /// A part of W_O W_U of one head.
    Part,
    /// State of the rows.
    Rows,
    Control,
    Args,
    Member,
}

const USES: usize = Use::Member as usize + 1;

/// Bytes of Y in a batch at most.
pub const Y_BYTES: usize = 10 << 20;
/// Bytes of X, V, targets' and rivals' vectors in a batch at most, each.
pub const SMALL_BYTES: usize = 4 << 20;

/// Buffers by use; they grow when they must.
#[derive(Default)]
pub struct Scratch([Option<wgpu::Buffer>; USES]);

impl Scratch {
    /// The buffer for `of`, of at least `bytes`. Its contents are anything.
    pub fn get(&mut self, gpu: &Gpu, of: Use, bytes: usize) -> Result<wgpu::Buffer> {
        let slot = &mut self.0[of as usize];
        if let Some(buffer) = slot.as_ref().filter(|b| b.size() >= bytes as u64) {
            if gpu.poison {
                gpu.queue.write_buffer(
                    buffer,
                    0,
                    bytemuck::cast_slice(&vec![POISON; (buffer.size() / 4) as usize]),
                );
            }
            return Ok(buffer.clone());
        }
        // The old one goes first: two of them would be too much.
        *slot = None;
        use wgpu::BufferUsages as U;
        let base = U::STORAGE | U::COPY_DST | U::COPY_SRC;
        let usage = if of == Use::Args { base | U::INDIRECT } else { base };
        let buffer = gpu.buffer(bytes as u64, usage, "a ranking")?;
        *slot = Some(buffer.clone());
        Ok(buffer)
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.0.iter().flatten().map(wgpu::Buffer::size).sum()
    }
}
