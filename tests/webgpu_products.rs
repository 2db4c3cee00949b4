//! The two kernels that multiply against their CPU twins, natively, on odd shapes with poisoned
//! outputs and WebGPU's default limits.
#![cfg(feature = "webgpu")]

mod gpu_support;

use gpu_support::{Bench, block_on};
use headmap::engine::webgpu::case::Noise;
use headmap::kernels::gemm_gpu::{GemmGpu, Place, Sizes, gemm_plain};
use headmap::kernels::gpu::POISON;
use headmap::kernels::plan::{Next, Plan};
use headmap::kernels::project_rank::{Bound, Columns, ProjectRank, Variant, count_plain};

#[test]
fn gemm_equals_its_twin_and_writes_nothing_else() {
    let bench = Bench::new();
    for broadcast in [false, true] {
        let gemm = GemmGpu::new(&bench.gpu, broadcast);
        for (batch, m, k, n) in [
            (1, 1, 4, 4),
            (3, 7, 300, 8),
            (2, 13, 12, 260),
            (5, 31, 64, 68),
            (1, 257, 16, 4),
        ] {
            let mut noise = Noise::new(1);
            // Every operand lies inside a wider one, at an offset.
            let place = |rows: usize, cols: usize, pad: usize| Place {
                first: 4 * pad,
                row: cols + 4 * pad,
                step: (cols + 4 * pad) * (rows + 1),
            };
            let (pa, pb, pc) = (place(m, k, 1), place(k, n, 2), place(m, n, 3));
            let len = |p: Place| p.first + batch * p.step;
            let (a, b) = (noise.whole(len(pa)), noise.whole(len(pb)));
            let c = bench.poisoned(len(pc));
            let sizes = Sizes { batch, m, k, n };
            gemm.record(
                &bench.to,
                sizes,
                [(&bench.floats(&a), pa), (&bench.floats(&b), pb), (&c, pc)],
            );
            let mut plain = vec![f32::from_bits(POISON); len(pc)];
            gemm_plain(sizes, (&a, pa), (&b, pb), (&mut plain, pc));
            let got = bench.read(&c, len(pc));
            let plain: Vec<u32> = plain.iter().map(|v| (v + 0.0).to_bits()).collect();
            // -0 and 0 are one number.
            let got: Vec<u32> = got.into_iter().map(|v| if v == 1 << 31 { 0 } else { v }).collect();
            assert!(got == plain, "{batch} x {m} x {k} x {n}, broadcast {broadcast}");
        }
    }
}

#[test]
fn project_rank_counts_like_its_twin() {
    let bench = Bench::new();
    for variant in [Variant::Tile, Variant::Registers, Variant::Broadcast] {
        let rank = block_on(ProjectRank::new(&bench.gpu, variant, 16, false)).unwrap();
        let rank = block_on(rank.with_targets(&bench.gpu)).unwrap();
        for (pairs, heads, d, n_vocab) in [(1, 1, 4, 1), (7, 3, 300, 40), (13, 5, 12, 257), (65, 2, 36, 700)] {
            count_once(&bench, &rank, pairs, heads, d, n_vocab, variant);
        }
        // Every number of live rows around the edges of a tile, and of its quads.
        for live in 1..=30 {
            count_once(&bench, &rank, live, 2, 12, 90, variant);
        }
    }
}

fn count_once(
    bench: &Bench,
    rank: &ProjectRank,
    pairs: usize,
    heads: usize,
    d: usize,
    n_vocab: usize,
    variant: Variant,
) {
    let mut noise = Noise::new(6);
    let n = pairs * heads;
    let (y, embedding) = (noise.whole(n * d), noise.whole(n_vocab * d));
    let token = |row: usize| (row % pairs * 31 % n_vocab) as u32;
    let targets: Vec<f32> = (0..pairs)
        .flat_map(|p| &embedding[token(p) as usize * d..][..d])
        .copied()
        .collect();
    // Every second row takes part, last first.
    let live: Vec<u32> = (0..n as u32).rev().filter(|r| r % 2 == 0).collect();
    let list = 1;
    let control = bench.words(&[0, live.len() as u32, 0, 0, 0, 0, 0, 0]);
    let state: Vec<u32> = (0..n).flat_map(|r| [token(r), 1, POISON, 0, 0]).collect();
    let ids: Vec<u32> = (0..n_vocab as u32).rev().step_by(3).collect();
    let listed: Vec<f32> = ids
        .iter()
        .flat_map(|t| &embedding[*t as usize * d..][..d])
        .copied()
        .collect();
    let args = bench.args();
    let buffers = [&y, &targets, &embedding, &listed].map(|v| bench.floats(v));
    let [y_buffer, targets, vectors, listed] = &buffers;
    let (rows, live_buffer, id_buffer) = (bench.words(&state), bench.words(&live), bench.words(&ids));
    let plan = Plan::new(&bench.gpu);
    let go = |vectors: &wgpu::Buffer, cols: usize, (cols_a_group, rows_a_group): (u32, u32), columns: Columns| {
        let next = Next {
            list,
            cols: cols as u32,
            cols_counted: 0,
            d: d as u32,
            cols_a_group,
            rows_a_group,
        };
        plan.record(&bench.to, next, &control, &args);
        let bound = Bound {
            y: y_buffer,
            vectors,
            ids: &id_buffer,
            live: &live_buffer,
            control: &control,
            rows: &rows,
            args: &args,
        };
        rank.record(&bench.to, &bound, (d / 4) as u32, pairs as u32, list, columns);
    };
    let (few, few_rows) = rank.target_group();
    go(targets, few as usize, (few, few_rows), Columns::Targets);
    // The vocabulary but for its first token, then every third token from a list, from the second on.
    let rest = n_vocab - 1;
    if rest > 0 {
        go(
            vectors,
            rest,
            (rank.cols_a_group, rank.rows_a_group),
            Columns::Range {
                first_row: 1,
                first_token: 1,
                cols: rest as u32,
            },
        );
    }
    if ids.len() > 1 {
        go(
            listed,
            ids.len() - 1,
            (rank.cols_a_group, rank.rows_a_group),
            Columns::List {
                first_row: 1,
                first: 1,
                cols: ids.len() as u32 - 1,
            },
        );
    }
    let got = bench.read(&rows, n * 5);
    let all: Vec<u32> = (0..n).map(token).collect();
    let tokens = (1..n_vocab as u32).chain(ids[1..].iter().copied());
    let plain = count_plain(&y, &embedding, d, &all, tokens);
    for r in 0..n {
        let counts = if r % 2 == 0 {
            [plain[r].above, plain[r].below]
        } else {
            [0, 0]
        };
        assert_eq!(
            got[r * 5 + 3..r * 5 + 5],
            counts,
            "{variant:?} row {r} of {pairs} x {heads}, d {d}, {n_vocab} tokens"
        );
        assert_eq!(got[r * 5 + 2] == POISON, r % 2 == 1, "z of row {r}");
    }
}
