//! The engine against the plain twins: one thread and several shards, odd shapes.

use super::local_shards::LocalShards;
use super::*;
use crate::engine::{Lot, NOT_FINITE};
use crate::kernels::gemm::matmul_plain;
use crate::kernels::rank::rank_plain;
use crate::noise::noise;
use crate::score::SilentHost;
use std::cell::Cell;

struct Case {
    shape: Shape,
    embedding: Vec<f32>,
    w_v: Vec<f32>,
    w_o: Vec<f32>,
    sources: Vec<f32>,
    targets: Vec<u32>,
    k: Vec<u32>,
}

fn case(n_vocab: usize, n_head: usize, d_head: usize, n: usize) -> Case {
    let d = n_head * d_head;
    Case {
        shape: Shape {
            n_vocab,
            d_model: d,
            n_head,
            d_head,
        },
        embedding: noise(n_vocab * d, 1),
        w_v: noise(d * d, 2),
        w_o: noise(d * d, 3),
        sources: noise(n * d, 4),
        targets: (0..n).map(|i| (i * 7919 % n_vocab) as u32).collect(),
        k: (0..n).map(|i| [1, 10, n_vocab as u32 - 1][i % 3].max(1)).collect(),
    }
}

/// Adds up what is settled.
#[derive(Default)]
struct Settled(Cell<u64>);

impl Host for Settled {
    fn settled(&self, comparisons: u64) {
        self.0.set(self.0.get() + comparisons);
    }

    async fn breathe(&self) -> Result<()> {
        Ok(())
    }

    fn now_ms(&self) -> f64 {
        0.0
    }
}

fn run(engine: &CpuEngine, c: &Case, rivals: &[u32]) -> Ranked {
    let d = c.shape.d_model;
    let mut embedding = engine.create_embedding(c.shape).unwrap();
    for (i, part) in c.embedding.chunks(37 * d).enumerate() {
        engine.write_embedding(&mut embedding, i * 37, part).unwrap();
    }
    race(engine, &embedding, c, rivals)
}

fn race(engine: &CpuEngine, embedding: &CpuEmbedding, c: &Case, rivals: &[u32]) -> Ranked {
    let lot = Lot {
        pairs: 0..c.targets.len(),
        rivals: rivals.to_vec(),
    };
    race_lots(engine, embedding, c, &[lot], &SilentHost)
}

fn race_lots(engine: &CpuEngine, embedding: &CpuEmbedding, c: &Case, lots: &[Lot], host: &impl Host) -> Ranked {
    let d = c.shape.d_model;
    let mut layer = engine.create_layer(c.shape).unwrap();
    engine.write_w_v(&mut layer, 0, &c.w_v[..3 * d]).unwrap();
    engine.write_w_v(&mut layer, 3, &c.w_v[3 * d..]).unwrap();
    engine.write_w_o(&mut layer, 0, &c.w_o[..d]).unwrap();
    engine.write_w_o(&mut layer, 1, &c.w_o[d..]).unwrap();
    let query = Query {
        sources: &c.sources,
        targets: &c.targets,
        k: &c.k,
        lots,
    };
    pollster::block_on(async {
        let pending = engine.submit(embedding, &layer, query, host).await.unwrap();
        engine.collect(pending, host).await.unwrap()
    })
}

/// The definition, head by head, in the engine's order of products.
fn plain(c: &Case) -> Vec<u8> {
    let Shape {
        d_model: d,
        n_head,
        d_head,
        ..
    } = c.shape;
    let n = c.targets.len();
    let v = matmul_plain(&c.sources, &c.w_v, n, d, d);
    let head = |h: usize| {
        let v_h: Vec<f32> = v
            .chunks_exact(d)
            .flat_map(|r| r[h * d_head..(h + 1) * d_head].to_vec())
            .collect();
        let y = matmul_plain(&v_h, &c.w_o[h * d_head * d..(h + 1) * d_head * d], n, d_head, d);
        rank_plain(&y, &c.embedding, d, &c.targets, &c.k)
    };
    (0..n_head).flat_map(head).collect()
}

fn sharded(sizes: &'static [usize]) -> CpuEngine {
    spread_over(sizes, true, false)
}

fn spread_over(sizes: &'static [usize], meet: bool, first_look: bool) -> CpuEngine {
    let spread = move |shape: Shape| {
        let mut first = 0;
        let shards = sizes.iter().map(|n| {
            first += n;
            Shard::with(first - n, *n, shape.d_model, first_look)
        });
        let shards = shards.collect::<Result<Vec<_>>>()?;
        assert_eq!(first, shape.n_vocab);
        Ok(Some(Box::new(LocalShards::new(shards, meet)) as Box<dyn Elsewhere>))
    };
    CpuEngine {
        spread: Some(Box::new(spread)),
        ..CpuEngine::default()
    }
}

#[test]
fn equals_the_definition_on_odd_shapes() {
    for (v, h, dh, n) in [(257, 3, 5, 7), (1000, 1, 9, 13), (9, 2, 3, 1)] {
        let c = case(v, h, dh, n);
        let want = plain(&c);
        assert_eq!(run(&CpuEngine::default(), &c, &[]).member, want, "{v} {h} {dh} {n}");
        let mut rivals = c.targets.clone();
        rivals.sort_unstable();
        rivals.dedup();
        assert_eq!(run(&CpuEngine::default(), &c, &rivals).member, want);
    }
}

#[test]
fn shards_give_the_answer_of_one_thread() {
    let c = case(257, 3, 5, 20);
    let want = plain(&c);
    let looked_at = spread_over(&[100, 57, 100], true, true);
    for engine in [
        sharded(&[257]),
        sharded(&[1, 255, 1]),
        sharded(&[100, 57, 100]),
        looked_at,
    ] {
        assert_eq!(run(&engine, &c, &c.targets[..1]).member, want);
    }
}

/// Random rows of several k against shards of several blocks each, in which rows are decided in every round.
#[test]
fn shards_that_meet_give_the_answer_of_shards_that_do_not_for_less_work() {
    for (h, dh, n) in [(2, 16, 40), (3, 5, 31), (1, 4, 60)] {
        let mut c = case(9000, h, dh, n);
        c.k = (0..n).map(|i| [1, 3, 10, 40][i % 4]).collect();
        let want = plain(&c);
        let sizes: &[usize] = &[3800, 300, 4600, 1, 299];
        for first_look in [false, true] {
            let [alone, meeting, again] =
                [false, true, true].map(|meet| run(&spread_over(sizes, meet, first_look), &c, &c.targets[..3]));
            assert_eq!((&alone.member, &meeting.member), (&want, &want));
            assert_eq!(meeting.int8_multiply_adds > 0, first_look);
            assert_eq!(meeting.multiply_adds, again.multiply_adds, "the same work every time");
            let (less, more) = (meeting.multiply_adds, alone.multiply_adds);
            assert!(less < more, "{less} of {more}");
        }
    }
}

#[test]
fn heads_of_many_pairs_give_the_same_answer() {
    // 60 pairs a head of width 4 in 24: the cheaper way is taken, and left again as rows lose.
    let c = case(700, 6, 4, 60);
    let want = plain(&c);
    let looked_at = spread_over(&[100, 500, 100], true, true);
    for engine in [CpuEngine::default(), sharded(&[100, 500, 100]), looked_at] {
        assert_eq!(run(&engine, &c, &[]).member, want);
        assert_eq!(run(&engine, &c, &c.targets[..5]).member, want);
    }
}

/// Lots with rivals of their own: their rows are raced together, in several sendings (a test's are small) of which
/// the later ones wait until there is room.
#[test]
fn pairs_in_lots_give_the_answer_of_one_lot() {
    let d = 24;
    for (h, dh) in [(6, 4), (2, 12)] {
        let c = case(700, h, dh, 90);
        const { assert!(90 * 24 * size_of::<f32>() > ranking::HELD) };
        assert!(h * 90 * d * size_of::<f32>() > ranking::UNDER_WAY);
        let want = plain(&c);
        let looked_at = spread_over(&[100, 500, 100], true, true);
        for engine in [CpuEngine::default(), sharded(&[100, 500, 100]), looked_at] {
            let mut embedding = engine.create_embedding(c.shape).unwrap();
            engine.write_embedding(&mut embedding, 0, &c.embedding).unwrap();
            let lot = |pairs: std::ops::Range<usize>| Lot {
                rivals: c.targets[pairs.clone()].to_vec(),
                pairs,
            };
            for lots in [vec![lot(0..41), lot(41..42), lot(42..90)], vec![lot(0..90)]] {
                let settled = Settled::default();
                assert_eq!(race_lots(&engine, &embedding, &c, &lots, &settled).member, want);
                assert_eq!(settled.0.get(), (h * 90 * 700) as u64, "all comparisons, once");
            }
        }
    }
}

/// 900 rows of several k, without rivals before: they go to the shards in two pieces, with and without the cheaper way.
#[test]
fn more_rows_than_go_elsewhere_at_once_give_the_same_answer() {
    for (h, dh) in [(6, 4), (3, 8)] {
        let c = case(300, h, dh, 900 / h);
        const { assert!(900 > ranking::ROWS_ELSEWHERE) };
        let want = plain(&c);
        for first_look in [false, true] {
            let engine = spread_over(&[100, 150, 50], true, first_look);
            assert_eq!(run(&engine, &c, &[]).member, want);
        }
    }
}

/// Rounding goes along with the rows as they come, and is undone where they come again.
#[test]
fn rows_written_in_any_order_and_after_a_race_are_looked_at_as_they_are() {
    let c = case(700, 2, 8, 40);
    let (d, want) = (c.shape.d_model, plain(&c));
    let other = noise(700 * d, 9);
    let engine = spread_over(&[700], true, true);
    for before in [0, 123, 128, 700] {
        for order in [[0..301, 301..700], [301..700, 0..301]] {
            let mut embedding = engine.create_embedding(c.shape).unwrap();
            engine.write_embedding(&mut embedding, 0, &other[..before * d]).unwrap();
            let first = race(&engine, &embedding, &c, &[]);
            assert_ne!(first.member, want);
            for rows in order {
                let part = &c.embedding[rows.start * d..rows.end * d];
                engine.write_embedding(&mut embedding, rows.start, part).unwrap();
            }
            let last = race(&engine, &embedding, &c, &[]);
            assert_eq!(last.member, want, "{before} rows before");
            assert!(last.int8_multiply_adds > 0);
        }
    }
}

#[test]
fn does_less_than_the_full_projection_and_says_how_much() {
    let mut c = case(5000, 2, 16, 40);
    c.k.fill(1);
    let rivals: Vec<_> = (0..100).collect();
    let ranked = run(&CpuEngine::default(), &c, &rivals);
    let full = (2 * 40 * 5000 * 32) as u64;
    assert!(
        ranked.multiply_adds > 0 && ranked.multiply_adds < full / 4,
        "{} of {full}",
        ranked.multiply_adds
    );
}

#[test]
fn an_overflowing_head_is_invalid() {
    let mut c = case(50, 1, 4, 2);
    c.w_o.fill(3e38);
    c.sources.fill(3e30);
    assert!(
        run(&CpuEngine::default(), &c, &[])
            .member
            .iter()
            .all(|m| *m == NOT_FINITE)
    );
}

/// The trial against rivals must not let a row go that overflows with a token that is none of them.
#[test]
fn a_row_that_overflows_with_one_far_token_is_invalid() {
    let mut c = case(300, 2, 4, 20);
    c.k.fill(1);
    c.targets.iter_mut().for_each(|t| *t %= 299);
    c.sources.iter_mut().for_each(|x| *x *= 1e10);
    let before = plain(&c);
    c.embedding[299 * 8..].fill(1e30);
    let want = plain(&c);
    let mut both = before.iter().zip(&want);
    assert!(
        both.any(|(before, now)| *before == 0 && *now == NOT_FINITE),
        "a loser overflows"
    );
    for engine in [CpuEngine::default(), spread_over(&[100, 200], true, true)] {
        let member = run(&engine, &c, &(0..50).collect::<Vec<_>>()).member;
        assert_eq!(member, want);
    }
}

#[test]
#[cfg(feature = "run")]
fn logits_are_products_with_every_token_in_one_thread_and_in_several() {
    let c = case(257, 3, 5, 20);
    let d = c.shape.d_model;
    let want: Vec<f32> = c
        .sources
        .chunks_exact(d)
        .flat_map(|x| {
            let c = &c;
            c.embedding
                .chunks_exact(d)
                .map(move |t| x.iter().zip(t).fold(0.0, |s, (a, b)| s + a * b))
        })
        .collect();
    let looked_at = spread_over(&[100, 57, 100], true, true);
    for engine in [
        CpuEngine::default(),
        sharded(&[1, 255, 1]),
        sharded(&[100, 57, 100]),
        looked_at,
    ] {
        let mut embedding = engine.create_embedding(c.shape).unwrap();
        engine.write_embedding(&mut embedding, 0, &c.embedding).unwrap();
        let got = pollster::block_on(engine.logits(&embedding, &c.sources, &SilentHost)).unwrap();
        assert_eq!(got, want);
    }
}
