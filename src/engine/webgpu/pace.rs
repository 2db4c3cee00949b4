//! How much to submit at once, and how much may be under way.
//!
//! A submit is to take about [`SUBMIT_MS`] even if no row leaves the race: systems reset a GPU
//! that does not answer for seconds. At most [`AHEAD_MS`] of such estimates are under way, so that
//! Cancel is quick; on a real GPU that is several layers, on a software adapter one block.

use crate::engine::Host;
use crate::error::Result;
use crate::kernels::gpu::{Gpu, Recorder, Signal, read_back};
use crate::kernels::plan::{CONTROL_BYTES, MULTIPLY_ADDS};
use std::cell::Cell;
use std::collections::VecDeque;

const SUBMIT_MS: f64 = 60.0;
const AHEAD_MS: f64 = 130.0;
/// Multiply-adds of a submit at least: on a busy machine a trial can say anything, and the slowest
/// software adapter does these in a third of a second.
const LEAST_BUDGET: f64 = 3e7;
/// Mapped buffers under way at most.
const AHEAD: usize = 24;

/// Multiply-adds that take about [`SUBMIT_MS`]: first by the trial, then by what was seen.
///
/// Steered by the time and not by multiply-adds a second: where submitting itself takes long, small
/// submits would look like a slow adapter, and stay small.
pub struct Rate(Cell<f64>);

impl Rate {
    pub fn new(multiply_adds_a_ms: f64) -> Self {
        Self(Cell::new((multiply_adds_a_ms * SUBMIT_MS).max(LEAST_BUDGET)))
    }

    /// Multiply-adds of one submit.
    pub fn budget(&self) -> f64 {
        self.0.get()
    }

    /// Learns that so much took so long.
    pub fn saw(&self, multiply_adds: f64, ms: f64) {
        let factor = (SUBMIT_MS / ms.max(1.0)).clamp(0.5, 2.0);
        let full = multiply_adds > self.0.get() / 2.0;
        if factor < 0.8 || factor > 1.2 && full {
            self.0.set((self.0.get() * factor).max(LEAST_BUDGET));
        }
    }
}

struct Ahead {
    buffer: wgpu::Buffer,
    signal: Signal,
    estimate_ms: f64,
    /// Multiply-adds that the GPU does not count itself.
    uncounted: f64,
    submitted_ms: f64,
    batch: usize,
    list: u32,
    settled: u64,
}

/// The submits of one ranking that are under way.
pub struct Pace<'a> {
    gpu: &'a Gpu,
    rate: &'a Rate,
    ahead: VecDeque<Ahead>,
    free: Vec<wgpu::Buffer>,
    last_done_ms: f64,
    counted: u64,
    /// Of the submit that is being recorded.
    estimate: f64,
    uncounted: f64,
    settled: u64,
    pub batch: usize,
    /// Rows alive in this batch, at most.
    pub live: usize,
}

impl<'a> Pace<'a> {
    pub fn new(gpu: &'a Gpu, rate: &'a Rate, now_ms: f64) -> Self {
        Self {
            gpu,
            rate,
            ahead: VecDeque::new(),
            free: Vec::new(),
            last_done_ms: now_ms,
            counted: 0,
            estimate: 0.0,
            uncounted: 0.0,
            settled: 0,
            batch: 0,
            live: 0,
        }
    }

    /// Multiply-adds recorded, at most; those of products, which the GPU does not count.
    pub fn add_product(&mut self, multiply_adds: usize) {
        self.estimate += multiply_adds as f64;
        self.uncounted += multiply_adds as f64;
    }

    /// Multiply-adds recorded, at most; the GPU counts those that it does.
    pub fn add_counted(&mut self, multiply_adds: f64) {
        self.estimate += multiply_adds;
    }

    /// Comparisons that the recorded commands settle.
    pub fn add_settled(&mut self, comparisons: u64) {
        self.settled += comparisons;
    }

    /// Multiply-adds that still fit into this submit.
    pub fn room(&self) -> f64 {
        self.rate.budget() - self.estimate
    }

    /// Comparisons not yet reported.
    pub fn unsettled(&self) -> u64 {
        self.settled + self.ahead.iter().map(|a| a.settled).sum::<u64>()
    }

    /// Submits what was recorded, then waits while too much is under way.
    pub async fn flush(&mut self, to: &Recorder, control: &wgpu::Buffer, list: u32, host: &impl Host) -> Result<()> {
        let buffer = match self.free.pop() {
            Some(buffer) => buffer,
            None => self.gpu.buffer(
                CONTROL_BYTES,
                wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                "counters",
            )?,
        };
        to.copy(control, &buffer, 0, CONTROL_BYTES);
        to.submit();
        self.ahead.push_back(Ahead {
            signal: Signal::map(&buffer),
            buffer,
            estimate_ms: self.estimate / self.rate.budget() * SUBMIT_MS,
            uncounted: self.uncounted,
            submitted_ms: host.now_ms(),
            batch: self.batch,
            list,
            settled: self.settled,
        });
        (self.estimate, self.uncounted, self.settled) = (0.0, 0.0, 0);
        host.breathe().await?;
        while self.ahead.front().is_some_and(|a| a.signal.is_done(self.gpu)) || self.is_full() {
            self.take_oldest(host).await?;
        }
        self.gpu.health.check()
    }

    fn is_full(&self) -> bool {
        self.ahead.len() > 1
            && (self.ahead.len() > AHEAD || self.ahead.iter().map(|a| a.estimate_ms).sum::<f64>() > AHEAD_MS)
    }

    async fn take_oldest(&mut self, host: &impl Host) -> Result<()> {
        let Some(oldest) = self.ahead.pop_front() else {
            return Ok(());
        };
        oldest.signal.wait(self.gpu).await?;
        let now = host.now_ms();
        let control = read_back(&oldest.buffer)?;
        let counted = u64::from(control[MULTIPLY_ADDS]) | u64::from(control[MULTIPLY_ADDS + 1]) << 32;
        let done = counted.saturating_sub(self.counted) as f64 + oldest.uncounted;
        self.rate.saw(done, now - self.last_done_ms.max(oldest.submitted_ms));
        (self.counted, self.last_done_ms) = (counted, now);
        if oldest.batch == self.batch {
            self.live = self.live.min(control[oldest.list as usize] as usize);
        }
        self.free.push(oldest.buffer);
        host.settled(oldest.settled);
        // Waiting may have taken long; whoever wants to stop must be heard.
        host.breathe().await
    }
}
