//! The kernels of the race through a head's middle against their CPU twins, natively, on odd shapes with poisoned outputs and
//! WebGPU's default limits.
#![cfg(feature = "webgpu")]

mod gpu_support;

use gpu_support::Bench;
use headmap::engine::webgpu::case::Noise;
use headmap::kernels::gpu::POISON;
use headmap::kernels::middle::{
    RoundedToken, Seen, Through, ThroughBound, ThroughColumns, count_through_plain, length_plain, project_plain,
    round_plain, words,
};
use headmap::kernels::plan::{LOOKED_AT, Next, Plan};
use headmap::kernels::project_rank::{count_plain, logit};

/// Bytes, scale and what it can be off by, from the words on the GPU.
fn tokens(words_of: &[u32], n4: usize) -> Vec<RoundedToken> {
    words_of
        .chunks_exact(words(n4))
        .map(|token| RoundedToken {
            bytes: token[..n4]
                .iter()
                .flat_map(|w| w.to_le_bytes().map(|b| b as i8))
                .collect(),
            scale: f32::from_bits(token[n4]),
            off: f32::from_bits(token[n4 + 1]),
        })
        .collect()
}

#[test]
fn products_are_the_twins_and_nothing_else_is_written() {
    let bench = Bench::new();
    for flags in [(false, false), (false, true), (true, true)] {
        let through = Through::new(&bench.gpu, flags, 16, false);
        for (d, dh, head, first_row, n) in [
            (4, 4, 0, 0, 1),
            (12, 8, 2, 3, 70),
            (300, 64, 1, 1, 129),
            (36, 20, 0, 5, 257),
        ] {
            let mut noise = Noise::new(1);
            let (w_o, vectors) = (noise.whole((head + 1) * dh * d), noise.whole((first_row + n + 2) * d));
            let to = bench.poisoned((n + 1) * dh);
            through.project(
                &bench.to,
                [d / 4, dh / 4],
                head * dh * d,
                (first_row, n),
                [&bench.floats(&w_o), &bench.floats(&vectors), &to],
            );
            let mut plain = project_plain(&w_o[head * dh * d..], &vectors[first_row * d..][..n * d], d);
            plain.resize((n + 1) * dh, f32::from_bits(POISON));
            let bits = |v: Vec<f32>| v.into_iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<_>>();
            let got = bits(bench.read_floats(&to, (n + 1) * dh));
            assert!(got == bits(plain), "{flags:?}: {dh} x {d}, {n} tokens");
        }
    }
}

#[test]
fn bytes_are_the_twins_and_what_they_lost_is_said() {
    let bench = Bench::new();
    let through = Through::new(&bench.gpu, (false, false), 16, false);
    for (n4, n, first) in [(1, 1, 0), (3, 70, 5), (16, 129, 1)] {
        let mut product = Noise::new(n as u32).real(n * n4 * 4);
        let bad = [f32::NAN, f32::INFINITY, 2e12, 1e-16];
        for (token, bad) in (1..n).step_by(9).zip(bad) {
            product[token * n4 * 4..][..n4 * 4].fill(0.0);
            product[token * n4 * 4 + 2] = bad;
        }
        let middle = bench.poisoned((first + n) * words(n4));
        let off = 0.125;
        through.round(&bench.to, n4, (first, n), off, [&bench.floats(&product), &middle]);
        let got = tokens(&bench.read(&middle, (first + n) * words(n4)), n4);
        for (i, (got, row)) in got[first..].iter().zip(product.chunks_exact(n4 * 4)).enumerate() {
            let plain = round_plain(row, off);
            assert_eq!(got.off < 0.0, plain.off < 0.0, "token {i}");
            if plain.off < 0.0 {
                continue;
            }
            assert!((got.scale / plain.scale - 1.0).abs() < 1e-6, "token {i}");
            let mut lost = 0.0;
            for ((v, got_byte), plain_byte) in row.iter().zip(&got.bytes).zip(&plain.bytes) {
                let exact = f64::from(*v) / f64::from(got.scale);
                let tie = (exact - exact.floor() - 0.5).abs() < 1e-4;
                assert!(
                    got_byte == plain_byte || tie,
                    "token {i}: {got_byte}, not {plain_byte} for {exact}"
                );
                lost += (f64::from(*v) - f64::from(*got_byte) * f64::from(got.scale)).powi(2);
            }
            let (said, lost) = (f64::from(got.off - off), lost.sqrt());
            assert!(
                said >= lost * 0.999999 && said <= lost * 1.001 + 1e-6,
                "token {i}: {said} for {lost}"
            );
        }
    }
}

#[test]
fn counts_are_those_of_the_product() {
    let bench = Bench::new();
    for (broadcast, software) in [(false, false), (true, false), (true, true)] {
        let through = Through::new(&bench.gpu, (broadcast, software), 16, false);
        for shape in [
            (1, 1, 4, 4, 1),
            (7, 3, 8, 300, 40),
            (13, 5, 12, 48, 257),
            (65, 2, 64, 256, 700),
        ] {
            for whole in [true, false] {
                count_once(&bench, &through, shape, whole);
            }
        }
    }
}

fn count_once(
    bench: &Bench,
    through: &Through,
    (pairs, heads, dh, d, n_vocab): (usize, usize, usize, usize, usize),
    whole: bool,
) {
    let what = format!("{pairs} pairs, {heads} heads of {dh}, d {d}, {n_vocab} tokens, whole {whole}");
    let mut noise = Noise::new(6);
    let mut some = |n: usize| if whole { noise.whole(n) } else { noise.real(n) };
    let (w_o, mut embedding, mut v) = (some(dh * d), some(n_vocab * d), some(pairs * heads * dh));
    if n_vocab > 30 {
        embedding[20 * d..21 * d].fill(0.0);
    }
    if whole && n_vocab > 30 {
        // Equal vectors tie. Of real numbers, only if the adapter fuses as the twin does.
        embedding.copy_within(22 * d..23 * d, 23 * d);
    }
    let head = heads - 1;
    if pairs > 6 {
        // Larger than anything is told of.
        v[(4 * heads + head) * dh..][..dh].fill(3e12);
    }
    let v_of = |row: usize| &v[((row % pairs) * heads + row / pairs) * dh..][..dh];
    let fold = |row: &[f32], b: &[f32], k: usize, j: usize| {
        row.iter()
            .enumerate()
            .fold(0f32, |sum, (i, x)| x.mul_add(b[i * k + j], sum))
    };
    let y: Vec<f32> = (0..pairs * heads)
        .flat_map(|row| (0..d).map(|j| fold(v_of(row), &w_o, d, j)).collect::<Vec<_>>())
        .collect();
    let n = pairs * heads;
    let target = |row: usize| (row % pairs * 31 % n_vocab) as u32;
    let vector = |t: u32| &embedding[t as usize * d..][..d];
    let z = |row: usize| logit(&y[row * d..][..d], vector(target(row)));
    // The middle, by the kernels.
    let product = project_plain(&w_o, &embedding, d);
    let norm = |m: &[f32]| m.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    let longest = embedding.chunks_exact(d).map(norm).fold(0.0, f64::max);
    let off = headmap::kernels::middle::off(d, dh, norm(&w_o), longest).unwrap();
    let middle = bench.poisoned(n_vocab * words(dh / 4));
    through.round(&bench.to, dh / 4, (0, n_vocab), off, [&bench.floats(&product), &middle]);
    // Every second row is in the race, last first.
    let live: Vec<u32> = (0..n as u32).rev().filter(|r| r % 2 == 0).collect();
    let own: Vec<u32> = live.iter().copied().filter(|r| *r as usize / pairs == head).collect();
    let control = bench.words(&[7, live.len() as u32, 0, 0, 1, 2, 0, 0]);
    let state: Vec<u32> = (0..n).flat_map(|r| [target(r), 1, z(r).to_bits(), 0, 0]).collect();
    let (rows, args) = (bench.words(&state), bench.args());
    let (own_list, lengths) = (bench.poisoned(pairs), bench.poisoned(n));
    let columns = ThroughColumns {
        n4: (dh / 4) as u32,
        d4: (d / 4) as u32,
        first_row: 0,
        first_token: 0,
        cols: 0,
        pairs: pairs as u32,
        heads: heads as u32,
        head: head as u32,
        list: 1,
    };
    let v_buffer = bench.floats(&v);
    let lists = [&v_buffer, &bench.words(&live), &own_list, &control, &lengths];
    through.select(&bench.to, columns, 2, n, lists);
    let counted = bench.read(&control, 8);
    assert_eq!(
        counted,
        [7, live.len() as u32, own.len() as u32, 0, 1, 2, 0, 0],
        "{what}"
    );
    let mut selected = bench.read(&own_list, own.len());
    selected.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(selected, own, "{what}");
    let got_lengths = bench.read_floats(&lengths, n);
    for row in own.iter().map(|r| *r as usize) {
        let (got, plain) = (got_lengths[row], length_plain(v_of(row)));
        assert!(
            (got - plain).abs() <= plain.abs() * 1e-5,
            "{what}: |v| {got}, not {plain}"
        );
    }
    // The vocabulary in two blocks, the second one from another place of the vectors.
    let first_block = n_vocab / 3;
    let (e, y_buffer) = (bench.floats(&embedding), bench.floats(&y));
    for (from, cols) in [(0, first_block), (first_block, n_vocab - first_block)] {
        if cols == 0 {
            continue;
        }
        let next = Next {
            list: 2,
            cols: cols as u32,
            cols_counted: 0,
            d: dh as u32,
            cols_a_group: through.cols_a_group,
            rows_a_group: through.rows_a_group,
        };
        Plan::new(&bench.gpu).record(&bench.to, next, &control, &args);
        let later = bench.floats(&embedding[from.saturating_sub(1) * d..]);
        let bound = ThroughBound {
            v: &v_buffer,
            middle: &middle,
            live: &own_list,
            control: &control,
            rows: &rows,
            lengths: &lengths,
            y: &y_buffer,
            vectors: if from == 0 { &e } else { &later },
            args: &args,
        };
        let columns = ThroughColumns {
            first_row: from.min(1) as u32,
            first_token: from as u32,
            cols: cols as u32,
            list: 2,
            ..columns
        };
        through.count(&bench.to, &bound, columns);
    }
    let rounded = tokens(&bench.read(&middle, n_vocab * words(dh / 4)), dh / 4);
    let got = bench.read(&rows, n * 5);
    let all: Vec<u32> = (0..n).map(target).collect();
    let plain = count_plain(&y, &embedding, d, &all, 0..n_vocab as u32);
    let mut looked_at = 0;
    for r in 0..n {
        let counts = if own.contains(&(r as u32)) {
            let each = (0u32..).zip(&rounded).map(|(id, token)| (id, token, vector(id)));
            let seen: Seen = count_through_plain(v_of(r), &y[r * d..][..d], (target(r), z(r)), each);
            looked_at += seen.looked_at;
            assert_eq!(seen.counts, plain[r], "the twin, {what} row {r}");
            [plain[r].above, plain[r].below]
        } else {
            [0, 0]
        };
        assert_eq!(got[r * 5 + 3..r * 5 + 5], counts, "{what} row {r}");
    }
    let got = bench.read(&control, 8)[LOOKED_AT];
    // An adapter that fuses may find a comparison or two on the other side of the bound.
    assert!(got.abs_diff(looked_at) <= 2, "{what}: {got} looked at, not {looked_at}");
    if n_vocab > 100 {
        assert!((got as usize) < own.len() * n_vocab / 2, "{what}: {got} looked at");
    }
}
