//! The small GPU kernels against their CPU twins, natively, on odd shapes with poisoned outputs and
//! WebGPU's default limits.
#![cfg(feature = "webgpu")]

mod gpu_support;

use gpu_support::Bench;
use headmap::engine::webgpu::case::Noise;
use headmap::kernels::activate::{Activate, activate_plain};
use headmap::kernels::admit::{Admit, Admitted, Batch, ROW_BYTES, admit_plain, limit};
use headmap::kernels::compact::{Compact, compact_plain};
use headmap::kernels::finish::{Finish, finish_plain};
use headmap::kernels::gather::{Gather, gather_plain};
use headmap::kernels::plan::{Next, Plan, plan_plain};

#[test]
fn gather_takes_what_lies_in_the_tile() {
    let bench = Bench::new();
    let gather = Gather::new(&bench.gpu);
    let (d, tokens, first) = (12, 30, 100);
    let tile = Noise::new(2).whole(tokens * d);
    let ids: Vec<u32> = vec![99, 100, 129, 130, 115, 115, 0, u32::MAX];
    let to = bench.floats(&vec![9.0; ids.len() * d]);
    // The first id is left out by the offset.
    gather.record(
        &bench.to,
        (first, tokens),
        (d / 4) as u32,
        1,
        ids.len() - 1,
        [&bench.floats(&tile), &bench.words(&ids), &to],
    );
    let mut plain = vec![9.0; ids.len() * d];
    gather_plain(&tile, first, d, &ids[1..], &mut plain[..(ids.len() - 1) * d]);
    assert_eq!(bench.read_floats(&to, ids.len() * d), plain);
}

#[test]
fn admit_keeps_the_finite_rows() {
    let bench = Bench::new();
    let (pairs, heads, d) = (7, 11, 8);
    let mut y = Noise::new(3).real(pairs * heads * d);
    for (row, value) in [
        (0, f32::NAN),
        (13, f32::INFINITY),
        (14, f32::NEG_INFINITY),
        (76, 3e38),
        (30, 1e30),
        (31, 9e36),
    ] {
        y[row * d + row % d] = value;
    }
    for largest in [0.0, 0.5, 20.0, 1e10] {
        let limit = limit(largest);
        let batch = Batch {
            first_head: 2,
            heads,
            first_pair: 3,
            pairs,
            all_pairs: 19,
        };
        let table: Vec<u32> = (0..19).flat_map(|p| [p * 10, p + 1]).collect();
        let (rows, live) = (bench.poisoned(pairs * heads * 5), bench.poisoned(pairs * heads));
        let (control, member) = (
            bench.words(&[0, 7, 8, 9, 1, 2, 3, 4]),
            bench.words(&vec![0; 19 * (heads + 2) / 4 + 1]),
        );
        Admit::new(&bench.gpu).record(
            &bench.to,
            batch,
            2,
            limit,
            [&bench.floats(&y), &bench.words(&table), &rows, &live, &control, &member],
        );
        let plain = admit_plain(&y, d, limit);
        let want: Vec<u32> = (0..plain.len() as u32)
            .filter(|r| plain[*r as usize] == Admitted::Live)
            .collect();
        let n = bench.read(&control, 4);
        assert_eq!(n, [want.len() as u32, 7, 8, 9]);
        let mut got = bench.read(&live, n[0] as usize);
        got.sort_unstable();
        assert_eq!(got, want);
        let bytes: Vec<u8> = bench
            .read(&member, 19 * (heads + 2) / 4 + 1)
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let state = bench.read(&rows, pairs * heads * ROW_BYTES as usize / 4);
        for (row, admitted) in plain.iter().enumerate() {
            let (head, pair) = (row / pairs + 2, row % pairs + 3);
            assert_eq!(bytes[head * 19 + pair], if *admitted == Admitted::Live { 0 } else { 4 });
            assert_eq!(state[row * 5..][..5], [pair as u32 * 10, pair as u32 + 1, 0, 0, 0]);
        }
        assert_eq!(bytes.iter().filter(|b| **b != 0).count(), plain.len() - want.len());
    }
}

#[test]
fn compact_and_finish_equal_their_twins() {
    let bench = Bench::new();
    let n = 300usize;
    let mut noise = Noise::new(4);
    let mut column = |most: u32| -> Vec<u32> { (0..n).map(|_| noise.below(most)).collect() };
    let (above, below, k) = (
        column(4),
        column(4),
        column(3).iter().map(|k| k + 1).collect::<Vec<_>>(),
    );
    let live: Vec<u32> = (0..n as u32).filter(|r| r % 3 != 1).collect();
    let want = compact_plain(&live, &above, &below, &k);
    for (from, restart) in [(0u32, false), (1, true), (2, false), (3, true)] {
        let state: Vec<u32> = (0..n).flat_map(|r| [r as u32, k[r], 5, above[r], below[r]]).collect();
        let rows = bench.words(&state);
        let kept = bench.poisoned(n);
        let mut counts = [0; 8];
        counts[from as usize] = live.len() as u32;
        let (control, live) = (bench.words(&counts), bench.words(&live));
        let args = bench.args();
        bench
            .gpu
            .queue
            .write_buffer(&args, 16, bytemuck::cast_slice(&[5u32, 1, 1, 0]));
        Compact::new(&bench.gpu).record(&bench.to, from, restart, [&live, &kept, &rows, &control], &args);
        assert_eq!(bench.read(&control, 4)[from as usize ^ 1] as usize, want.len());
        let mut got = bench.read(&kept, want.len());
        got.sort_unstable();
        assert_eq!(got, want);
        let after = bench.read(&rows, n * 5);
        for r in 0..n {
            let zeroed = restart && want.contains(&(r as u32));
            let counts = if zeroed { [0, 0] } else { [above[r], below[r]] };
            assert_eq!(after[r * 5 + 3..r * 5 + 5], counts);
        }
        let member = bench.words(&[0; 75]);
        let batch = Batch {
            first_head: 0,
            heads: 3,
            first_pair: 0,
            pairs: 100,
            all_pairs: 100,
        };
        let rows = bench.words(&state);
        Finish::new(&bench.gpu).record(&bench.to, from ^ 1, batch, [&kept, &control, &rows, &member]);
        let after = bench.read(&rows, n * 5);
        let bytes: Vec<u8> = bench.read(&member, 75).iter().flat_map(|w| w.to_le_bytes()).collect();
        for r in 0..n {
            let bits = if want.contains(&(r as u32)) {
                finish_plain(above[r], below[r], k[r])
            } else {
                0
            };
            assert_eq!(bytes[r], bits, "row {r}");
            // Whoever came to the end leaves any other list, too.
            let over = want.contains(&(r as u32));
            let counts = if over { [u32::MAX; 2] } else { [above[r], below[r]] };
            assert_eq!(after[r * 5 + 3..r * 5 + 5], counts, "row {r}");
        }
    }
}

#[test]
fn plan_counts_work_in_64_bits() {
    let bench = Bench::new();
    let args = bench.poisoned(8);
    let plan = Plan::new(&bench.gpu);
    for (live, before, cols, d) in [
        (0u32, 0u64, 256u32, 768u32),
        (1, 5, 1, 1),
        (6826, 0xffff_fff0, 50_257, 1600),
        (4000, (9 << 32) - 1, 250_000, 65_535),
    ] {
        let control = bench.words(&[1, 2, 99, live, before as u32, (before >> 32) as u32, 5, 6]);
        let next = Next {
            list: 3,
            cols,
            cols_counted: cols,
            d,
            cols_a_group: 64,
            rows_a_group: 12,
        };
        plan.record(&bench.to, next, &control, &args);
        let plain = plan_plain(live, before, next);
        let (control, args) = (bench.read(&control, 8), bench.read(&args, 8));
        assert_eq!(control[..4], [1, 2, 0, live]);
        assert_eq!(u64::from(control[4]) | u64::from(control[5]) << 32, plain.multiply_adds);
        assert_eq!(control[6..], [5, 6]);
        assert_eq!(args[..3], plain.project_rank);
        assert_eq!(args[4..7], plain.compact);
    }
}

#[test]
fn activate_is_gelu_new_even_where_exponentials_overflow() {
    let bench = Bench::new();
    let bias: Vec<f32> = Noise::new(5).real(12);
    let mut h: Vec<f32> = (0..12 * 701).map(|i| (i as f32 - 4000.0) * 0.01).collect();
    (h[0], h[1]) = (3e4, -3e4);
    let buffer = bench.floats(&h);
    Activate::new(&bench.gpu).record(&bench.to, 701, 3, &bench.floats(&bias), &buffer);
    let got = bench.read_floats(&buffer, h.len());
    activate_plain(&mut h, &bias);
    for (i, (got, plain)) in got.iter().zip(&h).enumerate() {
        // tanh is good to a few units in the last place of 1, times |x|.
        assert!(
            (got - plain).abs() <= 4e-6 * plain.abs().max(1.0),
            "{i}: {got} instead of {plain}"
        );
    }
}
