//! What the native GPU tests share. They need an adapter: a software one (mesa's llvmpipe) will do,
//! none at all is a failure.
#![allow(dead_code, reason = "every test file uses another part")]

use headmap::engine::Host;
use headmap::engine::webgpu::{MlpChoice, StartOptions, Tuning, WebGpuEngine};
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
        Self { start: Instant::now(), settled: Cell::new(0), breaths: Cell::new(0), cancel_after: Cell::new(u32::MAX) }
    }
}

impl Host for TestHost {
    fn settled(&self, comparisons: u64) {
        self.settled.set(self.settled.get() + comparisons);
    }

    async fn breathe(&self) -> headmap::Result<()> {
        self.breaths.set(self.breaths.get() + 1);
        if self.breaths.get() > self.cancel_after.get() { Err(headmap::Error::Cancelled) } else { Ok(()) }
    }

    fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1e3
    }
}

/// A software adapter will do; default limits are forced.
pub const START: StartOptions = StartOptions { allow_fallback: true, require_defaults: true };

/// Memory poisoned.
pub fn tuning(kernel: &str) -> Tuning {
    Tuning { kernel: Some(kernel.into()), mlp: MlpChoice::Own, poison: true, wrong_on_purpose: false }
}

/// An engine with the named kernel.
pub fn engine(kernel: &str) -> WebGpuEngine {
    let started = block_on(WebGpuEngine::start_with(START, tuning(kernel)));
    started.expect("the tests need a graphics adapter: install mesa-vulkan-drivers")
}

/// The kernels that run on this adapter.
pub const KERNELS: [&str; 3] = ["tile", "registers", "broadcast"];
