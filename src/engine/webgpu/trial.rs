//! Which kernel this adapter likes, measured.

use super::clock::now_ms;
use super::{Tuning, Wrong};
use crate::error::Result;
use crate::kernels::admit::ROW_BYTES;
use crate::kernels::gpu::{Gpu, Recorder, Signal};
use crate::kernels::plan::{ARGS_BYTES, CONTROL_BYTES, Next, Plan};
use crate::kernels::project_rank::{Bound, Columns, ProjectRank, Variant};

const D: usize = 256;
const ROWS: usize = 192;
const TOKENS: usize = 8192;
/// A trial grows until it takes this long: below, the clock and the browser are what is measured.
const ENOUGH_MS: f64 = 20.0;

/// The kernel to use, and how fast it was.
pub struct Chosen {
    pub variant: Variant,
    pub rank: ProjectRank,
    pub plan: Plan,
    pub multiply_adds_a_ms: f64,
}

/// Tries what this adapter can run; with a remembered choice, only that.
pub async fn choose(
    gpu: &Gpu,
    adapter: &str,
    subgroup: Option<u32>,
    software: bool,
    tuning: &Tuning,
) -> Result<Chosen> {
    // Broadcasting four rows wants small subgroups; a large one reads every row several times.
    let broadcast = subgroup.filter(|s| (4..=16).contains(s));
    let mut variants = vec![Variant::Tile, Variant::Registers];
    if broadcast.is_some() {
        variants.push(Variant::Broadcast);
    }
    if software {
        // Workgroup memory is the slowest way there, and compiling it takes a second.
        variants.retain(|v| *v != Variant::Tile);
    }
    let remembered = tuning.kernel.as_ref().or_else(|| tuning.kernels.get(adapter));
    let remembered = remembered.and_then(|name| Variant::named(name));
    if let Some(variant) = remembered.filter(|v| *v != Variant::Broadcast || broadcast.is_some()) {
        variants = vec![variant];
    }
    let bench = Bench::new(gpu)?;
    let mut best: Option<(Variant, ProjectRank, f64)> = None;
    let mut fault = None;
    for variant in variants {
        let rank = match ProjectRank::new(
            gpu,
            variant,
            broadcast.unwrap_or(4),
            tuning.wrong_on_purpose == Some(Wrong::Rank),
        )
        .await
        {
            Ok(rank) => rank,
            Err(error) => {
                fault = Some(error);
                continue;
            }
        };
        let rate = bench.run(&rank).await?;
        if best.as_ref().is_none_or(|b| b.2 < rate) {
            best = Some((variant, rank, rate));
        }
    }
    match (best, fault) {
        (Some((variant, rank, multiply_adds_a_ms)), _) => Ok(Chosen {
            variant,
            rank,
            plan: bench.plan,
            multiply_adds_a_ms,
        }),
        (None, Some(error)) => Err(error),
        (None, None) => unreachable!("there is always a variant to try"),
    }
}

struct Bench {
    to: Recorder,
    plan: Plan,
    y: wgpu::Buffer,
    vectors: wgpu::Buffer,
    ids: wgpu::Buffer,
    live: wgpu::Buffer,
    rows: wgpu::Buffer,
    control: wgpu::Buffer,
    args: wgpu::Buffer,
    done: wgpu::Buffer,
}

impl Bench {
    fn new(gpu: &Gpu) -> Result<Self> {
        use wgpu::BufferUsages as U;
        let noise = |n: usize| -> Vec<f32> {
            (0..n as u32)
                .map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5)
                .collect()
        };
        let filled = |bytes: &[u8]| {
            let buffer = gpu.storage(bytes.len() as u64, "a trial")?;
            gpu.queue.write_buffer(&buffer, 0, bytes);
            Ok(buffer)
        };
        Ok(Self {
            to: Recorder::new(gpu)?,
            plan: Plan::new(gpu),
            y: filled(bytemuck::cast_slice(&noise(ROWS * D)))?,
            vectors: filled(bytemuck::cast_slice(&noise(TOKENS * D)))?,
            ids: gpu.storage(16, "a trial")?,
            live: filled(bytemuck::cast_slice(&(0..ROWS as u32).collect::<Vec<_>>()))?,
            rows: filled(&vec![0; ROWS * ROW_BYTES as usize])?,
            control: filled(&vec![0; CONTROL_BYTES as usize])?,
            args: gpu.buffer(ARGS_BYTES, U::STORAGE | U::INDIRECT | U::COPY_DST, "a trial")?,
            done: gpu.buffer(CONTROL_BYTES, U::MAP_READ | U::COPY_DST, "a trial")?,
        })
    }

    /// Multiply-adds a millisecond.
    async fn run(&self, rank: &ProjectRank) -> Result<f64> {
        self.once(rank, 12, 64).await?;
        let mut best = 0f64;
        for (rows, tokens) in [(ROWS / 4, 256), (ROWS, 512), (ROWS, TOKENS)] {
            let ms = self.once(rank, rows, tokens).await?;
            best = best.max((rows * tokens * D) as f64 / ms.max(0.05));
            if ms > ENOUGH_MS {
                break;
            }
        }
        Ok(best)
    }

    async fn once(&self, rank: &ProjectRank, rows: usize, tokens: usize) -> Result<f64> {
        let gpu = self.to.gpu();
        gpu.queue
            .write_buffer(&self.control, 0, bytemuck::bytes_of(&(rows as u32)));
        let start = now_ms();
        let next = Next {
            list: 0,
            cols: tokens as u32,
            cols_counted: 0,
            d: D as u32,
            cols_a_group: rank.cols_a_group,
            rows_a_group: rank.rows_a_group,
        };
        self.plan.record(&self.to, next, &self.control, &self.args);
        let bound = Bound {
            y: &self.y,
            vectors: &self.vectors,
            ids: &self.ids,
            live: &self.live,
            control: &self.control,
            rows: &self.rows,
            args: &self.args,
        };
        let columns = Columns::Range {
            first_row: 0,
            first_token: 0,
            cols: tokens as u32,
        };
        rank.record(&self.to, &bound, (D / 4) as u32, ROWS as u32, 0, columns);
        self.to.copy(&self.control, &self.done, 0, CONTROL_BYTES);
        self.to.submit();
        Signal::map(&self.done).wait(gpu).await?;
        self.done.unmap();
        Ok(now_ms() - start)
    }
}
