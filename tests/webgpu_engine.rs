//! The WebGPU engine against the definition, natively.
#![cfg(feature = "webgpu")]

mod gpu_support;

use gpu_support::{KERNELS, START, TestHost, block_on, engine, keeping, tuning};
use headmap::Error;
use headmap::engine::webgpu::case::{Case, Noise};
use headmap::engine::webgpu::{StartOptions, Tuning, WebGpuEngine, Wrong};
use headmap::engine::{Engine, HIT, NOT_FINITE, Query, SUPPRESSION_HIT, Shape};

fn shape(n_vocab: usize, d_model: usize, n_head: usize, d_head: usize) -> Shape {
    Shape {
        n_vocab,
        d_model,
        n_head,
        d_head,
    }
}

/// Odd on purpose: 1, sizes that no tile divides, more rows than a batch of the first block.
fn shapes() -> Vec<(Shape, usize)> {
    vec![
        (shape(1, 1, 1, 1), 1),
        (shape(7, 300, 1, 5), 3),
        (shape(257, 8, 2, 4), 13),
        (shape(1000, 33, 5, 7), 65),
        (shape(2500, 64, 4, 16), 31),
    ]
}

#[test]
fn every_kernel_gives_the_definition() {
    // Heads are told of by their W_O W_U never, or from the beginning.
    for (kernel, keep_from) in KERNELS.into_iter().flat_map(|kernel| [(kernel, u64::MAX), (kernel, 0)]) {
        let engine = keeping(kernel, keep_from);
        for (i, (shape, pairs)) in shapes().into_iter().enumerate() {
            for k in [1, 10, shape.n_vocab as u32, 0] {
                for rivals in [0, 9] {
                    let case = Case::whole(
                        shape,
                        pairs,
                        |p| if p % 2 == 0 { k.max(1) } else { 1 },
                        rivals,
                        i as u32,
                    );
                    // In the last round, k is where one token more or less decides.
                    let case = if k == 0 { case.sharpened() } else { case };
                    let host = TestHost::default();
                    let (member, work) = block_on(case.run(&engine, &host)).unwrap();
                    assert_eq!(
                        member,
                        case.plain(),
                        "{kernel} {keep_from} {shape:?} k {k} rivals {rivals}"
                    );
                    assert_eq!(
                        host.settled.get(),
                        (shape.n_vocab * pairs * shape.n_head) as u64,
                        "{kernel} {shape:?}"
                    );
                    assert!(work > 0);
                }
            }
        }
        assert!(engine.scratch_bytes() <= 64 << 20);
    }
}

#[test]
fn all_tokens_alike_go_by_token_id() {
    let engine = engine("registers");
    let s = shape(100, 6, 2, 3);
    let mut case = Case::whole(s, 7, |_| 3, 4, 5);
    for t in 1..100 {
        case.embedding.copy_within(0..6, t * 6);
    }
    case.targets = vec![0, 1, 2, 3, 4, 50, 99];
    case.rivals = vec![0, 99];
    let (member, _) = block_on(case.run(&engine, &TestHost::default())).unwrap();
    let both = HIT | SUPPRESSION_HIT;
    assert_eq!(member, [both, both, both, 0, 0, 0, 0, both, both, both, 0, 0, 0, 0]);
}

/// Widths that are no whole vec4, and more rows than a workgroup has columns.
#[test]
fn logits_are_products_with_every_token() {
    let engine = engine("registers");
    for (n_vocab, d, rows) in [(1, 1, 1), (257, 33, 3), (1000, 30, 70), (5001, 64, 64), (60_001, 64, 3)] {
        let mut noise = Noise::new(n_vocab as u32);
        let (e, x) = (noise.real(n_vocab * d), noise.real(rows * d));
        let mut embedding = engine.create_embedding(shape(n_vocab, d, 1, d)).unwrap();
        for (i, part) in e.chunks(100 * d).enumerate() {
            engine.write_embedding(&mut embedding, i * 100, part).unwrap();
        }
        let got = block_on(engine.logits(&embedding, &x, &TestHost::default())).unwrap();
        assert_eq!(got.len(), rows * n_vocab);
        for (i, z) in got.iter().enumerate() {
            let (x, t) = (&x[i / n_vocab * d..][..d], &e[i % n_vocab * d..][..d]);
            let want: f64 = x.iter().zip(t).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!(
                (f64::from(*z) - want).abs() < 1e-5,
                "{n_vocab} x {d}, {i}: {z}, not {want}"
            );
        }
    }
}

/// Equal vectors must tie exactly also when sums are rounded.
#[test]
fn rounded_sums_of_equal_vectors_tie() {
    for (kernel, keep_from) in KERNELS.into_iter().flat_map(|kernel| [(kernel, u64::MAX), (kernel, 0)]) {
        let engine = keeping(kernel, keep_from);
        let s = shape(700, 129, 3, 11);
        let mut case = Case::whole(s, 40, |_| 90, 0, 6);
        let mut noise = headmap::engine::webgpu::case::Noise::new(9);
        let kinds = noise.real(7 * 129);
        for t in 0..700 {
            case.embedding[t * 129..(t + 1) * 129].copy_from_slice(&kinds[t % 7 * 129..][..129]);
        }
        (case.w_v, case.w_o, case.sources) = (noise.real(129 * 33), noise.real(33 * 129), noise.real(40 * 129));
        let case = case.sharpened();
        let (member, _) = block_on(case.run(&engine, &TestHost::default())).unwrap();
        assert_eq!(member, case.plain(), "{kernel} {keep_from}");
    }
}

#[test]
fn overflow_is_marked_and_the_other_rows_are_right() {
    for (kernel, keep_from) in KERNELS.into_iter().flat_map(|kernel| [(kernel, u64::MAX), (kernel, 0)]) {
        let engine = keeping(kernel, keep_from);
        let s = shape(300, 12, 2, 4);
        let mut case = Case::whole(s, 9, |_| 5, 3, 8);
        case.sources[3 * 12..4 * 12].fill(3e38);
        let (member, _) = block_on(case.run(&engine, &TestHost::default())).unwrap();
        let plain = case.plain();
        for (row, bits) in member.iter().enumerate() {
            let want = if row % 9 == 3 { NOT_FINITE } else { plain[row] };
            assert_eq!(*bits, want, "{kernel} {keep_from} row {row}");
        }
    }
}

#[test]
fn twice_the_same_gives_the_same_bytes_and_work_is_saved() {
    let engine = engine("registers");
    let s = shape(20_000, 64, 6, 8);
    let case = Case::whole(s, 50, |_| 1, 50, 3);
    let first = block_on(case.run(&engine, &TestHost::default())).unwrap();
    let second = block_on(case.run(&engine, &TestHost::default())).unwrap();
    assert_eq!(first, second);
    assert_eq!(first.0, case.plain());
    let full = (50 * 6 * 20_000 * 64) as u64;
    assert!(first.1 < full / 5, "{} of {full} multiply-adds", first.1);
}

/// Real numbers, so that bytes do not tell everything, and equal vectors.
fn real(shape: Shape, n_pairs: usize) -> Case {
    let mut noise = Noise::new(11);
    let mut case = Case::whole(shape, n_pairs, |_| 40, 20, 3);
    let of = |v: &mut Vec<f32>, noise: &mut Noise| *v = noise.real(v.len());
    of(&mut case.embedding, &mut noise);
    of(&mut case.w_v, &mut noise);
    of(&mut case.w_o, &mut noise);
    of(&mut case.sources, &mut noise);
    let d = shape.d_model;
    case.embedding.copy_within(5 * d..6 * d, 9 * d);
    case.sharpened()
}

/// The first time, heads are learned of; then those of which many rows stay to the end are told of by their W_O W_U.
#[test]
fn who_asks_again_gets_the_same_for_less() {
    for kernel in KERNELS {
        let engine = keeping(kernel, 10);
        let case = real(shape(6000, 96, 3, 8), 60);
        let host = TestHost::default();
        let [first, second, third] = block_on(case.runs(&engine, &host)).unwrap();
        assert_eq!(host.settled.get(), 3 * 6000 * 60 * 3, "{kernel}");
        assert_eq!(first.0, case.plain(), "{kernel}");
        assert_eq!(second.0, first.0, "{kernel}");
        assert_eq!(third.0, first.0, "{kernel}");
        assert_eq!(
            second.1 - third.1,
            3 * 6000 * 96 * 8,
            "{kernel}: three heads' were made"
        );
        assert!(
            third.1 * 3 < first.1,
            "{kernel}: {} of {} multiply-adds",
            third.1,
            first.1
        );
    }
}

/// What is kept has a limit, over all layers, and goes with its layer.
#[test]
fn what_is_kept_of_heads_has_a_limit() {
    let engine = keeping("registers", 0);
    let s = shape(120_000, 32, 4, 8);
    let case = Case::whole(s, 3, |_| 1, 3, 1);
    let plain = case.plain();
    // A head's takes 1.9 MB.
    block_on(async {
        let host = TestHost::default();
        let mut embedding = engine.create_embedding(s).unwrap();
        engine.write_embedding(&mut embedding, 0, &case.embedding).unwrap();
        let mut layers = vec![];
        for _ in 0..6 {
            let mut layer = engine.create_layer(s).unwrap();
            engine.write_w_v(&mut layer, 0, &case.w_v).unwrap();
            engine.write_w_o(&mut layer, 0, &case.w_o).unwrap();
            layers.push(layer);
        }
        let mut kept = vec![];
        for layer in &layers {
            let query = Query {
                sources: &case.sources,
                targets: &case.targets,
                k: &case.k,
                lots: &case.lots(),
            };
            let pending = engine.submit(&embedding, layer, query, &host).await.unwrap();
            assert_eq!(engine.collect(pending, &host).await.unwrap().member, plain);
            kept.push(engine.kept_bytes());
        }
        let each = 120_000 * 16;
        assert_eq!(kept, [4, 8, 12, 16, 17, 17].map(|heads| heads * each));
        assert!(engine.scratch_bytes() >= 17 * each && engine.scratch_bytes() <= 64 << 20);
        layers.truncate(1);
        assert_eq!(engine.kept_bytes(), 4 * each);
    });
}

#[test]
fn layers_can_be_under_way_at_once() {
    let engine = engine("registers");
    let s = shape(3000, 32, 2, 8);
    let (a, b) = (Case::whole(s, 20, |_| 2, 5, 1), Case::whole(s, 20, |_| 2, 5, 2));
    let host = TestHost::default();
    block_on(async {
        let mut embedding = engine.create_embedding(s).unwrap();
        engine.write_embedding(&mut embedding, 0, &a.embedding).unwrap();
        let mut pending = Vec::new();
        for case in [&a, &b] {
            let mut layer = engine.create_layer(s).unwrap();
            engine.write_w_v(&mut layer, 0, &case.w_v).unwrap();
            engine.write_w_o(&mut layer, 0, &case.w_o).unwrap();
            let query = Query {
                sources: &case.sources,
                targets: &case.targets,
                k: &case.k,
                lots: &case.lots(),
            };
            pending.push(engine.submit(&embedding, &layer, query, &host).await.unwrap());
        }
        let b = Case {
            embedding: a.embedding.clone(),
            ..b
        };
        for (case, pending) in [&a, &b].into_iter().zip(pending) {
            assert_eq!(engine.collect(pending, &host).await.unwrap().member, case.plain());
        }
        assert_eq!(
            engine.embedding_rows(&embedding, &[2999, 0, 1500]).await.unwrap(),
            [
                &a.embedding[2999 * 32..],
                &a.embedding[..32],
                &a.embedding[1500 * 32..1501 * 32]
            ]
            .concat()
        );
    });
}

#[test]
fn no_pairs_is_no_error() {
    let case = Case::whole(shape(50, 8, 2, 4), 0, |_| 1, 0, 1);
    assert_eq!(
        block_on(case.run(&engine("registers"), &TestHost::default())).unwrap(),
        (vec![], 0)
    );
}

#[test]
fn cancel_is_heard_and_the_engine_stays_usable() {
    let engine = engine("registers");
    let case = Case::whole(shape(30_000, 64, 4, 16), 300, |_| 30_000, 0, 4);
    let host = TestHost::default();
    host.cancel_after.set(1);
    assert!(matches!(block_on(case.run(&engine, &host)), Err(Error::Cancelled)));
    let small = Case::whole(shape(257, 8, 2, 4), 13, |_| 2, 3, 1);
    assert_eq!(
        block_on(small.run(&engine, &TestHost::default())).unwrap().0,
        small.plain()
    );
}

#[test]
fn a_token_outside_the_vocabulary_is_an_error() {
    let mut case = Case::whole(shape(50, 8, 2, 4), 3, |_| 1, 0, 1);
    case.targets[1] = 50;
    assert!(matches!(
        block_on(case.run(&engine("registers"), &TestHost::default())),
        Err(Error::RelationInvalid(_))
    ));
}

#[test]
fn the_self_test_sees_a_wrong_kernel() {
    for (kernel, wrong) in [
        ("tile", Wrong::Rank),
        ("registers", Wrong::Rank),
        ("registers", Wrong::Through),
    ] {
        let started = block_on(WebGpuEngine::start_with(
            START,
            Tuning {
                wrong_on_purpose: Some(wrong),
                ..tuning(kernel)
            },
        ));
        assert!(
            matches!(started.map(|_| ()), Err(Error::WebGpuSelfTestFailed(_))),
            "{kernel} {wrong:?}"
        );
    }
}

#[test]
fn a_software_adapter_is_refused_unless_asked_for() {
    let started = block_on(WebGpuEngine::start(StartOptions {
        allow_fallback: true,
        ..StartOptions::default()
    }))
    .expect("an adapter");
    if started.info().fallback_adapter {
        let refused = block_on(WebGpuEngine::start(StartOptions::default()));
        assert!(matches!(refused.map(|_| ()), Err(Error::WebGpuUnavailable(_))));
    }
}
