//! What every GPU kernel needs: a device, buffers that were really had, pipelines, and one way
//! to record a dispatch. Plain wgpu, so that it runs on burn's device and without burn alike.

mod recorder;
mod signal;
mod template;

pub use recorder::{Grid, Recorder};
pub use signal::{Signal, read_back};
pub use template::expand;

use crate::error::{Error, Result};
use std::sync::{Arc, Mutex};

/// What went wrong behind our back: the first uncaptured error, a lost device.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<Option<Error>>>);

impl Health {
    /// Keeps the first trouble; the later ones are its consequences.
    pub fn report(&self, error: Error) {
        let mut first = self.0.lock().unwrap_or_else(|e| e.into_inner());
        first.get_or_insert(error);
    }

    /// Fails when something was reported.
    pub fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(|e| e.into_inner()) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// A device, its queue, and its troubles.
#[derive(Clone)]
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub health: Health,
    /// Fresh and reused memory is filled with [`POISON`], so that nothing can rely on zeros.
    pub poison: bool,
}

/// `ENABLE` for kernels with subgroups: browsers want `enable subgroups;`, and naga, which compiles
/// WGSL natively, does not know it yet.
pub fn enable(subgroups: bool) -> (&'static str, u32) {
    ("ENABLE", u32::from(subgroups && cfg!(target_arch = "wasm32")))
}

/// A NaN that is easy to see in a debugger.
pub const POISON: u32 = 0x7fc0_dead;

impl Gpu {
    /// A storage buffer of at least `bytes` (whole vec4s), or an error when it cannot be had.
    ///
    /// In a browser the answer of the device comes later: then through [`Health`].
    pub fn storage(&self, bytes: u64, what: &str) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as U;
        self.buffer(bytes, U::STORAGE | U::COPY_DST | U::COPY_SRC, what)
    }

    /// A buffer of at least `bytes` for `usage`.
    pub fn buffer(&self, bytes: u64, usage: wgpu::BufferUsages, what: &str) -> Result<wgpu::Buffer> {
        let size = bytes.max(16).next_multiple_of(16);
        let limits = self.device.limits();
        let storage = usage.contains(wgpu::BufferUsages::STORAGE);
        let most = if storage {
            limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
        } else {
            limits.max_buffer_size
        };
        if size > most {
            return Err(Error::OutOfMemory(format!(
                "The graphics adapter allows buffers of {} MB, and {what} needs {} MB. Choose a smaller model or the CPU engine.",
                most / 1_000_000,
                size / 1_000_000
            )));
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(what),
            size,
            usage,
            mapped_at_creation: false,
        });
        self.report_later(scope, || {
            Error::OutOfMemory(format!(
                "The graphics adapter has no memory left for {what} ({} MB). Close other tabs, choose a smaller model or the CPU engine.",
                size / 1_000_000
            ))
        })?;
        if self.poison && storage {
            let words = vec![POISON; (size / 4) as usize];
            self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
        }
        Ok(buffer)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn report_later(&self, scope: wgpu::ErrorScopeGuard, error: impl FnOnce() -> Error) -> Result<()> {
        // Natively the answer is there at once.
        let mut popped = std::pin::pin!(scope.pop());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match popped.as_mut().poll(&mut context) {
            std::task::Poll::Ready(Some(_)) => Err(error()),
            _ => Ok(()),
        }
    }

    #[cfg(target_arch = "wasm32")]
    fn report_later(&self, scope: wgpu::ErrorScopeGuard, error: impl FnOnce() -> Error) -> Result<()> {
        let (popped, error, health) = (scope.pop(), error(), self.health.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if popped.await.is_some() {
                health.report(error);
            }
        });
        Ok(())
    }

    /// A compute pipeline from WGSL whose entry point is `main`. A source that does not compile
    /// is an error of the device; see [`Gpu::checked`].
    pub fn pipeline(&self, label: &str, source: &str, constants: &[(&str, f64)]) -> wgpu::ComputePipeline {
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(label),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(label),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        })
    }

    /// Runs `make` and says whether the device found fault with it: in a browser a shader that
    /// does not compile is otherwise only logged, and old buffer contents look like results.
    pub async fn checked<T>(&self, make: impl FnOnce() -> T) -> Result<T, String> {
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let internal = internal.pop();
        let validation = validation.pop();
        match internal.await.or(validation.await) {
            Some(error) => Err(error.to_string()),
            None => Ok(made),
        }
    }
}
