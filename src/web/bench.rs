//! The CPU kernel by itself, timed, for the benchmark (www/bench/).

use super::to_js_error;
use crate::error::{Error, Result as Outcome, zeroed};
use crate::kernels::gemm::{PackedA, PackedB, matmul_into, matmul_plain};
use std::hint::black_box;
use wasm_bindgen::prelude::*;

/// Most elements of an operand: 1 GB.
const MOST: usize = 1 << 28;

/// Milliseconds of `runs` products `[m, k] x [k, n]`, one after the other, after one that is not
/// counted. The operands are packed before the clock starts. `twin`: the plain loops in place of
/// the kernel. `now`: a clock in milliseconds.
#[wasm_bindgen(js_name = timeProduct)]
pub fn time_product(
    m: usize,
    k: usize,
    n: usize,
    runs: usize,
    twin: bool,
    now: &js_sys::Function,
) -> Result<Vec<f64>, JsValue> {
    product(m, k, n, runs, twin, &|| {
        now.call0(&JsValue::NULL)
            .ok()
            .and_then(|v| v.as_f64())
            .unwrap_or(f64::NAN)
    })
    .map_err(to_js_error)
}

fn product(m: usize, k: usize, n: usize, runs: usize, twin: bool, now: &dyn Fn() -> f64) -> Outcome<Vec<f64>> {
    let fits = |a: usize, b: usize| a > 0 && b > 0 && a.checked_mul(b).is_some_and(|n| n <= MOST);
    if !fits(m, k) || !fits(k, n) || !fits(m, n) {
        return Err(Error::RelationInvalid(format!(
            "A product of {m} x {k} x {n} cannot be timed."
        )));
    }
    let (a, b) = (noise(m * k, 1)?, noise(k * n, 2)?);
    let mut times = Vec::with_capacity(runs + 1);
    if twin {
        for _ in 0..=runs {
            let start = now();
            black_box(matmul_plain(&a, &b, m, k, n));
            times.push(now() - start);
        }
    } else {
        let (a, b) = (PackedA::from_rows(&a, k), PackedB::from_rows(&b, k, n)?);
        let mut c = zeroed(m * n, "a product to be timed")?;
        for _ in 0..=runs {
            let start = now();
            matmul_into(&a, &b, black_box(&mut c), n, false);
            times.push(now() - start);
        }
    }
    times.remove(0);
    Ok(times)
}

fn noise(n: usize, seed: u32) -> Outcome<Vec<f32>> {
    let mut values = zeroed(n, "a product to be timed")?;
    let mut x = seed;
    for v in &mut values {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *v = (x >> 8) as f32 / (1 << 24) as f32 - 0.5;
    }
    Ok(values)
}
