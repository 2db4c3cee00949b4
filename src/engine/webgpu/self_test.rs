//! Before the engine is used: small odd cases against the plain definitions.
//!
//! Small whole numbers, so that every sum is exact in whatever order it is taken, and ties abound.

use super::case::{Case, Noise};
use super::clock::now_ms;
use super::engine::WebGpuEngine;
use crate::engine::{Engine, Host, Shape};
use crate::error::{Error, Result};
use crate::gpt2::gelu_new;

/// A host that nobody watches.
struct Nobody;

impl Host for Nobody {
    fn settled(&self, _: u64) {}
    async fn breathe(&self) -> Result<()> {
        Ok(())
    }
    fn now_ms(&self) -> f64 {
        now_ms()
    }
}

/// Tests the engine as it stands.
pub async fn run(engine: &WebGpuEngine) -> Result<()> {
    let shape = Shape {
        n_vocab: 613,
        d_model: 38,
        n_head: 3,
        d_head: 9,
    };
    for (seed, n_rivals) in [(1, 0), (2, 11)] {
        let case = Case::whole(shape, 29, |_| 1, n_rivals, seed).sharpened();
        let (plain, wrong) = (case.plain(), |e: &str| {
            Error::WebGpuSelfTestFailed(format!(
                "The graphics adapter computed {e} than the CPU in a small test, so it is not used; the CPU engine is."
            ))
        });
        // Of no head W_O W_U is kept, then of all.
        for keep_from in [u64::MAX, 0] {
            let usual = engine.keep_from.replace(Some(keep_from));
            let ran = case.run(engine, &Nobody).await;
            engine.keep_from.set(usual);
            let (member, _) = ran?;
            if member.len() != plain.len() {
                return Err(wrong("another number of results"));
            }
            let differ = member.iter().zip(&plain).filter(|(a, b)| a != b).count();
            if differ > 0 {
                return Err(wrong(&format!("something else for {differ} of {} scores", plain.len())));
            }
        }
    }
    let off = mlp_error(engine).await?;
    if off.is_nan() || off > 1e-4 {
        return Err(Error::WebGpuSelfTestFailed(format!(
            "The graphics adapter's MLP differed by {off} from the CPU's in a small test, so it is not used; the CPU engine is."
        )));
    }
    Ok(())
}

/// The largest difference between the engine's MLP and the definition, on a small odd case.
async fn mlp_error(engine: &WebGpuEngine) -> Result<f32> {
    let (n, d, m) = (5, 38, 151);
    let mut noise = Noise::new(7);
    let (x, c_fc, c_proj) = (noise.real(n * d), noise.real(d * m), noise.real(m * d));
    let (b1, b2) = (noise.real(m), noise.real(d));
    let mut mlp = engine.begin_mlp(&x, d, m)?;
    for (i, rows) in c_fc.chunks(7 * m).enumerate() {
        engine.mlp_c_fc(&mut mlp, i * 7, rows)?;
    }
    engine.mlp_activate(&mut mlp, &b1)?;
    for (i, rows) in c_proj.chunks(50 * d).enumerate() {
        engine.mlp_c_proj(&mut mlp, i * 50, rows)?;
    }
    let got = engine.finish_mlp(mlp, &b2).await?;
    if got.len() != n * d {
        return Ok(f32::NAN);
    }
    let dot = |a: &[f32], b: &[f32], width: usize, j: usize| {
        a.iter().enumerate().map(|(i, v)| v * b[i * width + j]).sum::<f32>()
    };
    let mut off = 0f32;
    for (x, got) in x.chunks_exact(d).zip(got.chunks_exact(d)) {
        let hidden: Vec<f32> = (0..m).map(|j| gelu_new(dot(x, &c_fc, m, j) + b1[j])).collect();
        for (j, got) in got.iter().enumerate() {
            let e = (dot(&hidden, &c_proj, d, j) + b2[j] - got).abs();
            off = if e.is_nan() { return Ok(e) } else { off.max(e) };
        }
    }
    Ok(off)
}

/// Whether burn's MLP is right here, and not slower than ours.
pub async fn burn_is_right_and_not_slower(engine: &WebGpuEngine) -> bool {
    if engine.burn.is_none() {
        return false;
    }
    engine.mlp_on_burn.set(true);
    let right = mlp_error(engine).await.is_ok_and(|off| off <= 1e-4);
    let burn = if right { time_mlp(engine).await } else { None };
    engine.mlp_on_burn.set(false);
    matches!((burn, time_mlp(engine).await), (Some(burn), Some(own)) if burn <= own)
}

/// Milliseconds of an MLP of a moderate size; the second of two, so that nothing is compiled in it.
async fn time_mlp(engine: &WebGpuEngine) -> Option<f64> {
    let (n, d, m) = (128, 512, 2048);
    let weights = vec![0.01; d * m];
    let mut ms = None;
    for _ in 0..2 {
        let start = now_ms();
        let mut mlp = engine.begin_mlp(&vec![0.5; n * d], d, m).ok()?;
        engine.mlp_c_fc(&mut mlp, 0, &weights).ok()?;
        engine.mlp_activate(&mut mlp, &vec![0.0; m]).ok()?;
        engine.mlp_c_proj(&mut mlp, 0, &weights).ok()?;
        engine.finish_mlp(mlp, &vec![0.0; d]).await.ok()?;
        ms = Some(now_ms() - start);
    }
    ms
}
