//! Gets a device, and starts burn on it where burn can run.

use super::StartOptions;
use crate::error::{Error, Result};
use crate::kernels::gpu::{Gpu, Health};
use std::sync::Arc;

/// A device that kernels run on.
pub struct Acquired {
    pub gpu: Gpu,
    /// The adapter's own description.
    pub name: String,
    pub fallback: bool,
    /// The largest subgroup, where subgroups are to be had.
    pub subgroup: Option<u32>,
    /// burn on the same device and queue, where it runs.
    pub burn: Option<super::mlp::BurnDevice>,
}

/// Asks for an adapter and a device on it.
pub async fn acquire(options: StartOptions, poison: bool) -> Result<Acquired> {
    #[cfg(target_arch = "wasm32")]
    let probed = super::browser::probe().await?;
    #[cfg(target_arch = "wasm32")]
    let _stand_in = probed.stand_in();

    let none = |e: &dyn std::fmt::Display| {
        Error::WebGpuUnavailable(format!(
            "There is no graphics adapter for WebGPU ({e}); the CPU engine is used instead."
        ))
    };
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        })
        .await
        .map_err(|e| none(&e))?;
    let info = adapter.get_info();

    #[cfg(target_arch = "wasm32")]
    let (name, fallback, subgroup) = (probed.name.clone(), probed.fallback, probed.subgroup);
    #[cfg(not(target_arch = "wasm32"))]
    let (name, fallback, subgroup) = {
        let subgroups = adapter.features().contains(wgpu::Features::SUBGROUP);
        (
            info.name.clone(),
            info.device_type == wgpu::DeviceType::Cpu,
            subgroups.then_some(info.subgroup_max_size),
        )
    };
    if fallback && !options.allow_fallback {
        return Err(Error::WebGpuUnavailable(format!(
            "The only graphics adapter ({name}) is a software one, which is slower than the CPU engine; that one is used instead."
        )));
    }

    // burn writes 64-bit kernels wherever the adapter could (natively; no browser has them).
    let wanted = wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SUBGROUP | wgpu::Features::SHADER_INT64;
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            label: Some("headmap"),
            required_features: adapter.features() & wanted,
            // Our kernels live with the defaults; burn sizes its kernels by the adapter's limits.
            required_limits: if options.require_defaults {
                wgpu::Limits::defaults()
            } else {
                adapter.limits()
            },
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        })
        .await
        .map_err(|e| {
            Error::WebGpuUnavailable(format!(
                "The graphics adapter ({name}) gave no device ({e}); the CPU engine is used instead."
            ))
        })?;

    // Without timestamps cubecl panics in a browser when its first stream is made.
    let burn_runs = !options.require_defaults
        && (cfg!(not(target_arch = "wasm32")) || adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY));
    let burn = if burn_runs {
        super::mlp::start_burn(instance, adapter, &device, &queue, info.backend)
    } else {
        None
    };

    let health = Health::default();
    watch(&device, &health);
    Ok(Acquired {
        gpu: Gpu {
            device,
            queue,
            health,
            poison,
        },
        name,
        fallback,
        subgroup,
        burn,
    })
}

/// Turns what the device reports by itself into errors. After burn's own handlers, which panic.
fn watch(device: &wgpu::Device, health: &Health) {
    let reported = health.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        reported.report(match error {
            wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory(
                "The graphics adapter ran out of memory. Close other tabs, choose a smaller model or the CPU engine."
                    .into(),
            ),
            error => Error::DeviceLost(format!(
                "The graphics device reported an error ({error}). Reload the page, or choose the CPU engine."
            )),
        });
    }));
    let reported = health.clone();
    device.set_device_lost_callback(move |reason, message| {
        if reason != wgpu::DeviceLostReason::Destroyed {
            reported.report(Error::DeviceLost(format!(
                "The graphics device was lost ({message}). Reload the page, or choose the CPU engine."
            )));
        }
    });
}
