//! What the native GPU tests share. They need an adapter: a software one (mesa's llvmpipe) will do,
//! none at all is a failure.
#![allow(dead_code, reason = "every test file uses another part")]

use headmap::engine::Host;
use headmap::engine::webgpu::{MlpChoice, StartOptions, Tuning, WebGpuEngine};
use headmap::kernels::gpu::{Gpu, Health, Recorder, Signal, read_back};
use headmap::kernels::plan::ARGS_BYTES;
use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Runs a future whose waits block by themselves.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
        std::thread::yield_now();
    }
}

/// Counts what it is told, and cancels when asked to.
pub struct TestHost {
    start: Instant,
    pub settled: Cell<u64>,
    pub breaths: Cell<u32>,
    pub cancel_after: Cell<u32>,
}

impl Default for TestHost {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            settled: Cell::new(0),
            breaths: Cell::new(0),
            cancel_after: Cell::new(u32::MAX),
        }
    }
}

impl Host for TestHost {
    fn settled(&self, comparisons: u64) {
        self.settled.set(self.settled.get() + comparisons);
    }

    async fn breathe(&self) -> headmap::Result<()> {
        self.breaths.set(self.breaths.get() + 1);
        if self.breaths.get() > self.cancel_after.get() {
            Err(headmap::Error::Cancelled)
        } else {
            Ok(())
        }
    }

    fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1e3
    }
}

/// A software adapter will do; default limits are forced.
pub const START: StartOptions = StartOptions {
    allow_fallback: true,
    require_defaults: true,
};

/// Memory poisoned.
pub fn tuning(kernel: &str) -> Tuning {
    Tuning {
        kernel: Some(kernel.into()),
        mlp: MlpChoice::Own,
        poison: true,
        ..Tuning::default()
    }
}

/// An engine with the named kernel.
pub fn engine(kernel: &str) -> WebGpuEngine {
    let started = block_on(WebGpuEngine::start_with(START, tuning(kernel)));
    started.expect("the tests need a graphics adapter: install mesa-vulkan-drivers")
}

/// The same, which keeps W_O W_U of heads of which so many rows met every token.
pub fn keeping(kernel: &str, keep_from: u64) -> WebGpuEngine {
    let keep_from = Some(keep_from);
    let tuning = Tuning {
        keep_from,
        ..tuning(kernel)
    };
    block_on(WebGpuEngine::start_with(START, tuning)).expect("an adapter, as above")
}

/// The kernels that run on this adapter.
pub const KERNELS: [&str; 3] = ["tile", "registers", "broadcast"];

/// A device of the tests' own, and what kernels need there.
pub struct Bench {
    pub gpu: Gpu,
    pub to: Recorder,
}

impl Bench {
    /// A device with the default limits; subgroups where there are some.
    pub fn new() -> Self {
        let (device, queue) = block_on(async {
            let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
            let adapter = instance
                .request_adapter(&wgpu::RequestAdapterOptions::default())
                .await
                .expect("an adapter");
            let descriptor = wgpu::DeviceDescriptor {
                required_features: adapter.features() & wgpu::Features::SUBGROUP,
                required_limits: wgpu::Limits::defaults(),
                ..Default::default()
            };
            adapter.request_device(&descriptor).await.expect("a device")
        });
        let gpu = Gpu {
            device,
            queue,
            health: Health::default(),
            poison: true,
        };
        Self {
            to: Recorder::new(&gpu).unwrap(),
            gpu,
        }
    }

    pub fn words(&self, words: &[u32]) -> wgpu::Buffer {
        let buffer = self.gpu.storage(words.len() as u64 * 4, "a test").unwrap();
        self.gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(words));
        buffer
    }

    pub fn floats(&self, floats: &[f32]) -> wgpu::Buffer {
        self.words(bytemuck::cast_slice(floats))
    }

    pub fn poisoned(&self, words: usize) -> wgpu::Buffer {
        self.gpu.storage(words as u64 * 4, "a test").unwrap()
    }

    pub fn read(&self, buffer: &wgpu::Buffer, words: usize) -> Vec<u32> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.gpu.buffer(words as u64 * 4, usage, "a test").unwrap();
        self.to.copy(buffer, &staging, 0, words as u64 * 4);
        self.to.submit();
        block_on(Signal::map(&staging).wait(&self.gpu)).unwrap();
        read_back(&staging).unwrap()[..words].to_vec()
    }

    pub fn read_floats(&self, buffer: &wgpu::Buffer, n: usize) -> Vec<f32> {
        self.read(buffer, n).into_iter().map(f32::from_bits).collect()
    }

    /// Sizes of indirect dispatches.
    pub fn args(&self) -> wgpu::Buffer {
        use wgpu::BufferUsages as U;
        self.gpu
            .buffer(ARGS_BYTES, U::STORAGE | U::INDIRECT | U::COPY_DST, "a test")
            .unwrap()
    }
}
