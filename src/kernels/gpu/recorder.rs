//! Records dispatches into one command buffer.

use super::Gpu;
use crate::error::Result;
use std::cell::RefCell;

/// Parameters of dispatches lie this far apart: the largest alignment WebGPU may ask for.
const SLOT: usize = 256;
/// Dispatches in one submit at most.
const SLOTS: usize = 256;

/// How many workgroups.
#[derive(Clone, Copy)]
pub enum Grid<'a> {
    Direct(u32, u32, u32),
    /// Read by the GPU from this byte of a buffer.
    Indirect(&'a wgpu::Buffer, u64),
}

/// One command buffer under way. Everything is submitted in the order in which it was recorded.
pub struct Recorder {
    gpu: Gpu,
    params: wgpu::Buffer,
    written: RefCell<Vec<u8>>,
    encoder: RefCell<Option<wgpu::CommandEncoder>>,
}

impl Recorder {
    pub fn new(gpu: &Gpu) -> Result<Self> {
        use wgpu::BufferUsages as U;
        let params = gpu.buffer((SLOT * SLOTS) as u64, U::UNIFORM | U::COPY_DST, "kernel parameters")?;
        Ok(Self {
            gpu: gpu.clone(),
            params,
            written: RefCell::default(),
            encoder: RefCell::default(),
        })
    }

    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Runs `pipeline` over `buffers` (bindings 0, 1, ...) with `params` in the binding after them.
    pub fn dispatch(
        &self,
        pipeline: &wgpu::ComputePipeline,
        buffers: &[&wgpu::Buffer],
        params: &[u32],
        grid: Grid<'_>,
    ) {
        if self.written.borrow().len() >= SLOT * SLOTS {
            self.submit();
        }
        let offset = {
            let mut written = self.written.borrow_mut();
            let offset = written.len();
            written.extend_from_slice(bytemuck::cast_slice(params));
            written.resize(offset + SLOT, 0);
            offset as u64
        };
        let mut entries: Vec<_> = (0u32..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        entries.push(wgpu::BindGroupEntry {
            binding: buffers.len() as u32,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &self.params,
                offset,
                size: wgpu::BufferSize::new(params.len() as u64 * 4),
            }),
        });
        let group = self.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        self.with_encoder(|encoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &group, &[]);
            match grid {
                Grid::Direct(x, y, z) => pass.dispatch_workgroups(x, y, z),
                Grid::Indirect(buffer, at) => pass.dispatch_workgroups_indirect(buffer, at),
            }
        });
    }

    /// Copies `bytes` (a multiple of 4) from the start of one buffer to `at` in another.
    pub fn copy(&self, from: &wgpu::Buffer, to: &wgpu::Buffer, at: u64, bytes: u64) {
        self.with_encoder(|encoder| encoder.copy_buffer_to_buffer(from, 0, to, at, Some(bytes)));
    }

    /// Zeroes the first `bytes`.
    pub fn clear(&self, buffer: &wgpu::Buffer, bytes: u64) {
        self.with_encoder(|encoder| encoder.clear_buffer(buffer, 0, Some(bytes)));
    }

    /// Hands over what was recorded. Nothing waits.
    pub fn submit(&self) {
        let Some(encoder) = self.encoder.borrow_mut().take() else {
            return;
        };
        let mut written = self.written.borrow_mut();
        if !written.is_empty() {
            self.gpu.queue.write_buffer(&self.params, 0, &written);
            written.clear();
        }
        self.gpu.queue.submit([encoder.finish()]);
    }

    fn with_encoder(&self, f: impl FnOnce(&mut wgpu::CommandEncoder)) {
        let mut encoder = self.encoder.borrow_mut();
        f(encoder.get_or_insert_with(|| {
            self.gpu
                .device
                .create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
        }));
    }
}
