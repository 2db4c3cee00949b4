//! All kernels of the engine, compiled.

use crate::error::{Error, Result};
use crate::kernels::activate::Activate;
use crate::kernels::admit::Admit;
use crate::kernels::compact::Compact;
use crate::kernels::finish::Finish;
use crate::kernels::gather::Gather;
use crate::kernels::gemm_gpu::GemmGpu;
use crate::kernels::gpu::Gpu;
use crate::kernels::middle::Through;
use crate::kernels::plan::Plan;
use crate::kernels::project_rank::ProjectRank;

pub struct Kernels {
    pub gemm: GemmGpu,
    pub admit: Admit,
    pub plan: Plan,
    pub rank: ProjectRank,
    pub through: Through,
    pub compact: Compact,
    pub finish: Finish,
    pub gather: Gather,
    pub activate: Activate,
}

impl Kernels {
    /// Compiles everything but `rank` and `plan`, which the trial has compiled already.
    pub async fn new(
        gpu: &Gpu,
        rank: ProjectRank,
        plan: Plan,
        (broadcast, software): (bool, bool),
        wrong: bool,
    ) -> Result<Self> {
        let fault = |e| {
            Error::WebGpuSelfTestFailed(format!(
                "The graphics adapter did not accept our kernels ({e}). The CPU engine is used instead."
            ))
        };
        let rank = rank.with_targets(gpu).await.map_err(fault)?;
        let lanes = rank.lanes;
        gpu.checked(|| Self {
            gemm: GemmGpu::new(gpu, broadcast),
            admit: Admit::new(gpu),
            plan,
            rank,
            through: Through::new(gpu, (broadcast, software), lanes, wrong),
            compact: Compact::new(gpu),
            finish: Finish::new(gpu),
            gather: Gather::new(gpu),
            activate: Activate::new(gpu),
        })
        .await
        .map_err(fault)
    }
}
