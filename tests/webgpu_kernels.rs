//! Every GPU kernel against its CPU twin, natively, on odd shapes with poisoned outputs and
//! WebGPU's default limits.
#![cfg(feature = "webgpu")]

mod gpu_support;

use gpu_support::block_on;
use headmap::engine::webgpu::self_test::Noise;
use headmap::kernels::activate::{Activate, activate_plain};
use headmap::kernels::admit::{Admit, Admitted, Batch, ROW_BYTES, admit_plain, limit};
use headmap::kernels::compact::{Compact, compact_plain};
use headmap::kernels::finish::{Finish, finish_plain};
use headmap::kernels::gather::{Gather, gather_plain};
use headmap::kernels::gemm_gpu::{GemmGpu, Place, Sizes, gemm_plain};
use headmap::kernels::gpu::{Gpu, Health, Recorder, Signal, read_back};
use headmap::kernels::plan::{ARGS_BYTES, Next, Plan, plan_plain};
use headmap::kernels::project_rank::{Bound, Columns, ProjectRank, Variant, count_plain};

const POISON: u32 = headmap::kernels::gpu::POISON;

struct Bench {
    gpu: Gpu,
    to: Recorder,
}

impl Bench {
    /// A device with the default limits; subgroups where there are some.
    fn new() -> Self {
        let (device, queue) = block_on(async {
            let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
            let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.expect("an adapter");
            let descriptor = wgpu::DeviceDescriptor {
                required_features: adapter.features() & wgpu::Features::SUBGROUP,
                required_limits: wgpu::Limits::defaults(),
                ..Default::default()
            };
            adapter.request_device(&descriptor).await.expect("a device")
        });
        let gpu = Gpu { device, queue, health: Health::default(), poison: true };
        Self { to: Recorder::new(&gpu).unwrap(), gpu }
    }

    fn words(&self, words: &[u32]) -> wgpu::Buffer {
        let buffer = self.gpu.storage(words.len() as u64 * 4, "a test").unwrap();
        self.gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(words));
        buffer
    }

    fn floats(&self, floats: &[f32]) -> wgpu::Buffer {
        self.words(bytemuck::cast_slice(floats))
    }

    fn poisoned(&self, words: usize) -> wgpu::Buffer {
        self.gpu.storage(words as u64 * 4, "a test").unwrap()
    }

    fn read(&self, buffer: &wgpu::Buffer, words: usize) -> Vec<u32> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.gpu.buffer(words as u64 * 4, usage, "a test").unwrap();
        self.to.copy(buffer, &staging, 0, words as u64 * 4);
        self.to.submit();
        block_on(Signal::map(&staging).wait(&self.gpu)).unwrap();
        read_back(&staging).unwrap()[..words].to_vec()
    }

    fn read_floats(&self, buffer: &wgpu::Buffer, n: usize) -> Vec<f32> {
        self.read(buffer, n).into_iter().map(f32::from_bits).collect()
    }
}

#[test]
fn gemm_equals_its_twin_and_writes_nothing_else() {
    let bench = Bench::new();
    for broadcast in [false, true] {
        let gemm = GemmGpu::new(&bench.gpu, broadcast);
        for (batch, m, k, n) in [(1, 1, 4, 4), (3, 7, 300, 8), (2, 13, 12, 260), (5, 31, 64, 68), (1, 257, 16, 4)] {
            let mut noise = Noise::new(1);
            // Every operand lies inside a wider one, at an offset.
            let place = |rows: usize, cols: usize, pad: usize| Place { first: 4 * pad, row: cols + 4 * pad, step: (cols + 4 * pad) * (rows + 1) };
            let (pa, pb, pc) = (place(m, k, 1), place(k, n, 2), place(m, n, 3));
            let len = |p: Place| p.first + batch * p.step;
            let (a, b) = (noise.whole(len(pa)), noise.whole(len(pb)));
            let c = bench.poisoned(len(pc));
            let sizes = Sizes { batch, m, k, n };
            gemm.record(&bench.to, sizes, [(&bench.floats(&a), pa), (&bench.floats(&b), pb), (&c, pc)]);
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
fn gather_takes_what_lies_in_the_tile() {
    let bench = Bench::new();
    let gather = Gather::new(&bench.gpu);
    let (d, tokens, first) = (12, 30, 100);
    let tile = Noise::new(2).whole(tokens * d);
    let ids: Vec<u32> = vec![99, 100, 129, 130, 115, 115, 0, u32::MAX];
    let to = bench.floats(&vec![9.0; ids.len() * d]);
    // The first id is left out by the offset.
    gather.record(&bench.to, (first, tokens), (d / 4) as u32, 1, ids.len() - 1, [&bench.floats(&tile), &bench.words(&ids), &to]);
    let mut plain = vec![9.0; ids.len() * d];
    gather_plain(&tile, first, d, &ids[1..], &mut plain[..(ids.len() - 1) * d]);
    assert_eq!(bench.read_floats(&to, ids.len() * d), plain);
}

#[test]
fn admit_keeps_the_finite_rows() {
    let bench = Bench::new();
    let (pairs, heads, d) = (7, 11, 8);
    let mut y = Noise::new(3).real(pairs * heads * d);
    for (row, value) in [(0, f32::NAN), (13, f32::INFINITY), (14, f32::NEG_INFINITY), (76, 3e38), (30, 1e30), (31, 9e36)] {
        y[row * d + row % d] = value;
    }
    for largest in [0.0, 0.5, 20.0, 1e10] {
        let limit = limit(largest);
        let batch = Batch { first_head: 2, heads, first_pair: 3, pairs, all_pairs: 19 };
        let table: Vec<u32> = (0..19).flat_map(|p| [p * 10, p + 1]).collect();
        let (rows, live) = (bench.poisoned(pairs * heads * 5), bench.poisoned(pairs * heads));
        let (control, member) = (bench.words(&[0, 7, 8, 9]), bench.words(&vec![0; 19 * (heads + 2) / 4 + 1]));
        Admit::new(&bench.gpu).record(&bench.to, batch, 2, limit, [&bench.floats(&y), &bench.words(&table), &rows, &live, &control, &member]);
        let plain = admit_plain(&y, d, limit);
        let want: Vec<u32> = (0..plain.len() as u32).filter(|r| plain[*r as usize] == Admitted::Live).collect();
        let n = bench.read(&control, 4);
        assert_eq!(n, [want.len() as u32, 7, 8, 9]);
        let mut got = bench.read(&live, n[0] as usize);
        got.sort_unstable();
        assert_eq!(got, want);
        let bytes: Vec<u8> = bench.read(&member, 19 * (heads + 2) / 4 + 1).iter().flat_map(|w| w.to_le_bytes()).collect();
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
    let (above, below, k) = (column(4), column(4), column(3).iter().map(|k| k + 1).collect::<Vec<_>>());
    let live: Vec<u32> = (0..n as u32).filter(|r| r % 3 != 1).collect();
    let want = compact_plain(&live, &above, &below, &k);
    for (from, restart) in [(0u32, false), (1, true)] {
        let state: Vec<u32> = (0..n).flat_map(|r| [r as u32, k[r], 5, above[r], below[r]]).collect();
        let rows = bench.words(&state);
        let kept = bench.poisoned(n);
        let mut counts = [0, 0, 1, 2];
        counts[from as usize] = live.len() as u32;
        let (control, live) = (bench.words(&counts), bench.words(&live));
        let args = bench.gpu.buffer(ARGS_BYTES, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::INDIRECT | wgpu::BufferUsages::COPY_DST, "a test").unwrap();
        bench.gpu.queue.write_buffer(&args, 16, bytemuck::cast_slice(&[5u32, 1, 1, 0]));
        Compact::new(&bench.gpu).record(&bench.to, from, restart, [&live, &kept, &rows, &control], &args);
        assert_eq!(bench.read(&control, 4)[1 - from as usize] as usize, want.len());
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
        let batch = Batch { first_head: 0, heads: 3, first_pair: 0, pairs: 100, all_pairs: 100 };
        Finish::new(&bench.gpu).record(&bench.to, 1 - from, batch, [&kept, &control, &bench.words(&state), &member]);
        let bytes: Vec<u8> = bench.read(&member, 75).iter().flat_map(|w| w.to_le_bytes()).collect();
        for r in 0..n {
            let bits = if want.contains(&(r as u32)) { finish_plain(above[r], below[r], k[r]) } else { 0 };
            assert_eq!(bytes[r], bits, "row {r}");
        }
    }
}

#[test]
fn plan_counts_work_in_64_bits() {
    let bench = Bench::new();
    let args = bench.poisoned(8);
    let plan = Plan::new(&bench.gpu);
    for (live, before, cols, d) in [(0u32, 0u64, 256u32, 768u32), (1, 5, 1, 1), (6826, 0xffff_fff0, 50_257, 1600), (4000, (9 << 32) - 1, 250_000, 65_535)] {
        let control = bench.words(&[99, live, before as u32, (before >> 32) as u32]);
        let next = Next { list: 1, cols, cols_counted: cols, d, cols_a_group: 64, rows_a_group: 12 };
        plan.record(&bench.to, next, &control, &args);
        let plain = plan_plain(live, before, next);
        let (control, args) = (bench.read(&control, 4), bench.read(&args, 8));
        assert_eq!(control[..2], [0, live]);
        assert_eq!(u64::from(control[2]) | u64::from(control[3]) << 32, plain.multiply_adds);
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
        assert!((got - plain).abs() <= 4e-6 * plain.abs().max(1.0), "{i}: {got} instead of {plain}");
    }
}

#[test]
fn project_rank_counts_like_its_twin() {
    let bench = Bench::new();
    for variant in [Variant::Tile, Variant::Registers, Variant::Broadcast] {
        let rank = block_on(ProjectRank::new(&bench.gpu, variant, 16, false)).unwrap();
        for (pairs, heads, d, n_vocab) in [(1, 1, 4, 1), (7, 3, 300, 40), (13, 5, 12, 257), (65, 2, 36, 700)] {
            count_once(&bench, &rank, pairs, heads, d, n_vocab, variant);
        }
    }
}

fn count_once(bench: &Bench, rank: &ProjectRank, pairs: usize, heads: usize, d: usize, n_vocab: usize, variant: Variant) {
    let mut noise = Noise::new(6);
    let n = pairs * heads;
    let (y, embedding) = (noise.whole(n * d), noise.whole(n_vocab * d));
    let token = |row: usize| (row % pairs * 31 % n_vocab) as u32;
    let targets: Vec<f32> = (0..pairs).flat_map(|p| &embedding[token(p) as usize * d..][..d]).copied().collect();
    // Every second row takes part, last first.
    let live: Vec<u32> = (0..n as u32).rev().filter(|r| r % 2 == 0).collect();
    let list = 1;
    let control = bench.words(&[0, live.len() as u32, 0, 0]);
    let state: Vec<u32> = (0..n).flat_map(|r| [token(r), 1, POISON, 0, 0]).collect();
    let ids: Vec<u32> = (0..n_vocab as u32).rev().step_by(3).collect();
    let listed: Vec<f32> = ids.iter().flat_map(|t| &embedding[*t as usize * d..][..d]).copied().collect();
    let args = bench.gpu.buffer(ARGS_BYTES, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::INDIRECT | wgpu::BufferUsages::COPY_DST, "a test").unwrap();
    let buffers = [&y, &targets, &embedding, &listed].map(|v| bench.floats(v));
    let [y_buffer, targets, vectors, listed] = &buffers;
    let (rows, live_buffer, id_buffer) = (bench.words(&state), bench.words(&live), bench.words(&ids));
    let plan = Plan::new(&bench.gpu);
    let go = |vectors: &wgpu::Buffer, cols: usize, cols_a_group: u32, columns: Columns| {
        let next = Next { list, cols: cols as u32, cols_counted: 0, d: d as u32, cols_a_group, rows_a_group: rank.rows_a_group };
        plan.record(&bench.to, next, &control, &args);
        let bound = Bound { y: y_buffer, vectors, ids: &id_buffer, live: &live_buffer, control: &control, rows: &rows, args: &args };
        rank.record(&bench.to, &bound, (d / 4) as u32, pairs as u32, list, columns);
    };
    let few = rank.target_cols_a_group();
    go(targets, few as usize, few, Columns::Targets);
    // The vocabulary but for its first token, then every third token from a list, from the second on.
    let rest = n_vocab - 1;
    if rest > 0 {
        go(vectors, rest, rank.cols_a_group, Columns::Range { first_row: 1, first_token: 1, cols: rest as u32 });
    }
    if ids.len() > 1 {
        go(listed, ids.len() - 1, rank.cols_a_group, Columns::List { first_row: 1, first: 1, cols: ids.len() as u32 - 1 });
    }
    let got = bench.read(&rows, n * 5);
    let all: Vec<u32> = (0..n).map(token).collect();
    let tokens = (1..n_vocab as u32).chain(ids[1..].iter().copied());
    let plain = count_plain(&y, &embedding, d, &all, tokens);
    for r in 0..n {
        let counts = if r % 2 == 0 { [plain[r].above, plain[r].below] } else { [0, 0] };
        assert_eq!(got[r * 5 + 3..r * 5 + 5], counts, "{variant:?} row {r} of {pairs} x {heads}, d {d}, {n_vocab} tokens");
        assert_eq!(got[r * 5 + 2] == POISON, r % 2 == 1, "z of row {r}");
    }
}
