//! Waiting for the GPU without blocking: a future that a mapped buffer completes.

use super::Gpu;
use crate::error::{Error, Result};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

#[derive(Default)]
struct State {
    done: Option<bool>,
    waker: Option<Waker>,
}

/// Completes when a buffer is mapped, which is when everything submitted before has run.
#[derive(Clone, Default)]
pub struct Signal(Arc<Mutex<State>>);

impl Signal {
    /// Starts mapping the whole of `buffer` for reading.
    pub fn map(buffer: &wgpu::Buffer) -> Self {
        let signal = Self::default();
        let told = signal.clone();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let mut state = told.0.lock().unwrap_or_else(|e| e.into_inner());
            state.done = Some(result.is_ok());
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        signal
    }

    /// Whether it has completed, without waiting.
    pub fn is_done(&self, gpu: &Gpu) -> bool {
        let _ = gpu.device.poll(wgpu::PollType::Poll);
        self.state().is_some()
    }

    /// Waits, and fails when the device is lost. Natively this blocks the thread.
    pub async fn wait(&self, gpu: &Gpu) -> Result<()> {
        #[cfg(not(target_arch = "wasm32"))]
        if self.state().is_none() {
            let _ = gpu.device.poll(wgpu::PollType::wait_indefinitely());
        }
        let ok = poll_fn(|context| {
            let mut state = self.0.lock().unwrap_or_else(|e| e.into_inner());
            match state.done {
                Some(ok) => Poll::Ready(ok),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        gpu.health.check()?;
        if ok {
            Ok(())
        } else {
            Err(Error::DeviceLost(
                "The graphics device stopped answering. Reload the page, or choose the CPU engine.".into(),
            ))
        }
    }

    fn state(&self) -> Option<bool> {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).done
    }
}

/// The words of a mapped buffer; unmaps it.
pub fn read_back(buffer: &wgpu::Buffer) -> Result<Vec<u32>> {
    let view = buffer.slice(..).get_mapped_range().map_err(|e| {
        Error::DeviceLost(format!(
            "The graphics device gave nothing back ({e}). Reload the page, or choose the CPU engine."
        ))
    })?;
    let words = view
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    drop(view);
    buffer.unmap();
    Ok(words)
}
