//! The race against its twin: odd shapes, ties, equal rows, infinities, k from 1 to n_vocab.

use super::*;
use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};
use crate::kernels::gemm::{PackedB, matmul, matmul_plain};
use crate::noise::noise;
use proptest::prelude::*;

/// The whole race, blocks of `block` column panels.
fn race(y: &[f32], e: &[f32], d: usize, targets: &[u32], ks: &[u32], block: usize) -> Vec<u8> {
    let n_vocab = e.len() / d;
    let mut w_u = PackedB::new(d, n_vocab, "test").unwrap();
    w_u.write_transposed(0, e);
    let norm = |r: &[f32]| r.iter().map(|v| v * v).sum::<f32>().sqrt();
    let longest = e.chunks_exact(d).map(norm).fold(0.0, f32::max);
    let row = |t: &u32| &e[*t as usize * d..(*t as usize + 1) * d];
    let target_rows: Vec<f32> = targets.iter().flat_map(row).copied().collect();
    let entrants = Entrants::new(y.to_vec(), d, targets, ks, &target_rows, longest);
    let (_, mut race) = Race::split(entrants, longest, false).remove(0);
    for first in (0..w_u.panels()).step_by(block) {
        race.count(
            &w_u,
            first..(first + block).min(w_u.panels()),
            0..race.row_panels(),
            Ids(0),
        );
        race.drop_losers();
    }
    race.finish().0.into_iter().zip(ks).map(|(c, k)| c.member(*k)).collect()
}

/// Few distinct values, exactly representable, so that ties are common and sums exact.
fn coarse(n: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-3i8..=3).prop_map(|v| f32::from(v) * 0.5), n)
}

proptest! {
    #[test]
    fn equals_its_twin(
        (d, y, e, targets, ks) in (1usize..9, 1usize..60, 0usize..15).prop_flat_map(|(d, v, n)| (
            Just(d), coarse(n * d), coarse(v * d),
            prop::collection::vec(0..v as u32, n),
            prop::collection::vec(1..=v as u32, n),
        )),
        block in 1usize..5,
    ) {
        prop_assert_eq!(race(&y, &e, d, &targets, &ks, block), rank_plain(&y, &e, d, &targets, &ks));
    }
}

/// Both ways of one head's race: each row's counts after blocks of `block` panels, and the work.
fn both_ways(
    v: &[f32],
    w_o: &[f32],
    e: &[f32],
    (d, d_head): (usize, usize),
    targets: &[u32],
    ks: &[u32],
    block: usize,
) -> [(Vec<Count>, u64); 2] {
    let mut w_u = PackedB::new(d, e.len() / d, "test").unwrap();
    w_u.write_transposed(0, e);
    let lengths = panel_lengths(&w_u);
    let longest = lengths.iter().fold(0.0, |m: f32, l| m.max(*l));
    let y = matmul(
        &PackedA::from_rows(v, d_head),
        &PackedB::from_rows(w_o, d_head, d).unwrap(),
    )
    .unwrap();
    let target_rows: Vec<f32> = targets
        .iter()
        .flat_map(|t| &e[*t as usize * d..(*t as usize + 1) * d])
        .copied()
        .collect();
    let entrants = Entrants::new(y, d, targets, ks, &target_rows, longest);
    let through = through(v, w_o, d);
    [vec![], vec![through]].map(|through| {
        let mut counts = vec![Count::default(); targets.len()];
        let mut work = 0;
        for (rows, mut race) in Race::split(
            Entrants {
                through,
                ..entrants.clone()
            },
            longest,
            false,
        ) {
            for first in (0..w_u.panels()).step_by(block) {
                let columns = first..(first + block).min(w_u.panels());
                if race.goes_through() {
                    race.count_through(&w_u, &lengths, columns, Ids(0));
                } else {
                    race.count(&w_u, columns, 0..race.row_panels(), Ids(0));
                }
                race.drop_losers();
            }
            let (part, done) = race.finish();
            work += done.multiply_adds;
            rows.into_iter().zip(part).for_each(|(row, count)| counts[row] = count);
        }
        (counts, work)
    })
}

fn fine(n: usize, scale: f32) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-1.0f32..1.0).prop_map(move |v| v * scale), n)
}

proptest! {
    /// Bit for bit, with ties and nearly equal tokens: the second half of the vocabulary is the first, a little off.
    #[test]
    fn through_the_middle_counts_the_same(
        (d, d_head, v, w_o, e, targets, ks) in (6usize..40, 1usize..5, 2usize..40, 1usize..30, -18i32..12).prop_flat_map(|(d, d_head, half, n, power)| (
            Just(d), Just(d_head), fine(n * d_head, 1.0), fine(d_head * d, 10f32.powi(power)), fine(half * d, 1.0),
            prop::collection::vec(0..2 * half as u32, n), prop::collection::vec(1..=2 * half as u32, n),
        )),
        off in prop::sample::select(vec![0.0f32, 1e-7, 1e-5, 1e-3]),
        block in 1usize..5,
    ) {
        let e: Vec<f32> = e.iter().copied().chain(e.iter().enumerate().map(|(i, x)| x + if i % 3 == 0 { off } else { 0.0 })).collect();
        let [direct, floats] = both_ways(&v, &w_o, &e, (d, d_head), &targets, &ks, block);
        prop_assert_eq!(&direct.0, &floats.0);
        let y = matmul_plain(&v, &w_o, targets.len(), d_head, d);
        let member: Vec<u8> = direct.0.iter().zip(&ks).map(|(c, k)| c.member(*k)).collect();
        let bytes = looked_at_through(&y, &e, d, &targets, &ks, block, vec![through(&v, &w_o, d)]);
        prop_assert_eq!(member, bytes.0);
    }
}

#[test]
fn a_first_look_through_the_middle_is_less_work_for_many_rows() {
    let (d, d_head, n, tokens) = (256, 16, 60, 3000);
    let (v, w_o, e) = (noise(n * d_head, 1), noise(d_head * d, 2), noise(tokens * d, 3));
    let y = matmul_plain(&v, &w_o, n, d_head, d);
    let targets: Vec<u32> = (0..n as u32).map(|i| i * 40).collect();
    let k = vec![tokens as u32; n];
    let wide = looked_at(&y, &e, d, &targets, &k, 32);
    let narrow = looked_at_through(&y, &e, d, &targets, &k, 32, vec![through(&v, &w_o, d)]);
    assert_eq!(narrow.0, wide.0);
    let float32 = |work: Work| work.multiply_adds - work.int8;
    assert!(narrow.1.int8 * 2 < wide.1.int8, "{:?} and {:?}", narrow.1, wide.1);
    assert!(
        float32(narrow.1) < 2 * float32(wide.1),
        "{:?} and {:?}",
        narrow.1,
        wide.1
    );
}

#[test]
fn through_the_middle_is_less_work_for_many_rows() {
    let (d, d_head, n, tokens) = (48, 4, 60, 400);
    let (v, w_o, e) = (noise(n * d_head, 1), noise(d_head * d, 2), noise(tokens * d, 3));
    let targets: Vec<u32> = (0..n as u32).collect();
    let [direct, through] = both_ways(&v, &w_o, &e, (d, d_head), &targets, &vec![tokens as u32; n], 8);
    assert_eq!(direct.0, through.0);
    assert!(through.1 * 3 < direct.1, "{} and {}", through.1, direct.1);
}

/// Every row and every cheaper way is in one piece, and no head is cut.
#[test]
fn pieces_are_the_whole() {
    let (d, d_head) = (3, 2);
    let entrants = |n: usize, heads: &[(usize, usize)]| Entrants {
        d,
        y: noise(n * d, 1),
        targets: (0..n as u32).collect(),
        k: (1..=n as u32).collect(),
        z: noise(n, 2),
        suspicious: (0..n).map(|i| (i % 3 == 0) as u8).collect(),
        through: heads
            .iter()
            .map(|(from, to)| Through {
                rows: *from..*to,
                v: noise((to - from) * d_head, *from as u32),
                w_o: noise(d_head * d, *to as u32),
            })
            .collect(),
    };
    for (n, heads, sizes) in [
        (0, vec![], vec![]),
        (9, vec![], vec![4, 4, 1]),
        (8, vec![], vec![4, 4]),
        (12, vec![(1, 3), (3, 7), (8, 9)], vec![7, 4, 1]),
        (10, vec![(0, 10)], vec![10]),
        (10, vec![(4, 10)], vec![4, 6]),
    ] {
        let whole = entrants(n, &heads);
        let pieces: Vec<_> = whole.clone().pieces(4).collect();
        assert_eq!(pieces.iter().map(Entrants::len).collect::<Vec<_>>(), sizes);
        let mut back = Entrants {
            d,
            ..Entrants::default()
        };
        for piece in pieces {
            let from = back.len();
            back.through.extend(piece.through.into_iter().map(|t| Through {
                rows: t.rows.start + from..t.rows.end + from,
                ..t
            }));
            back.y.extend(piece.y);
            back.targets.extend(piece.targets);
            back.k.extend(piece.k);
            back.z.extend(piece.z);
            back.suspicious.extend(piece.suspicious);
        }
        assert_eq!(back, whole);
    }
}

/// The cheaper way of one head.
fn through(v: &[f32], w_o: &[f32], d: usize) -> Through {
    Through {
        rows: 0..v.len() * d / w_o.len(),
        v: v.to_vec(),
        w_o: w_o.to_vec(),
    }
}

/// Each row's counts by way of a first look, and the work.
fn looked_at(y: &[f32], e: &[f32], d: usize, targets: &[u32], ks: &[u32], block: usize) -> (Vec<u8>, Work) {
    looked_at_through(y, e, d, targets, ks, block, vec![])
}

fn looked_at_through(
    y: &[f32],
    e: &[f32],
    d: usize,
    targets: &[u32],
    ks: &[u32],
    block: usize,
    through: Vec<Through>,
) -> (Vec<u8>, Work) {
    let n = e.len() / d;
    let mut w_u = coarse::Columns::new(d, n, "test").unwrap();
    w_u.write_transposed(0, e);
    let longest = w_u.lengths().into_iter().fold(0.0, f32::max);
    let row = |t: &u32| &e[*t as usize * d..(*t as usize + 1) * d];
    let target_rows: Vec<f32> = targets.iter().flat_map(row).copied().collect();
    let entrants = Entrants {
        through,
        ..Entrants::new(y.to_vec(), d, targets, ks, &target_rows, longest)
    };
    let (mut member, mut work) = (vec![0; targets.len()], Work::default());
    for (rows, mut race) in Race::split(entrants, longest, true) {
        for first in (0..w_u.panels()).step_by(block) {
            let columns = first..(first + block).min(w_u.panels());
            race.look(&w_u, columns.clone(), 0..race.looked_at_panels(), Ids(0));
            race.settle(&w_u, columns.len() * NR, columns.end == w_u.panels(), Ids(0));
            race.count(&w_u, columns, 0..race.row_panels(), Ids(0));
            race.drop_losers();
        }
        let (counts, done) = race.finish();
        work += done;
        for (row, count) in rows.into_iter().zip(counts) {
            member[row] = count.member(ks[row]);
        }
    }
    (member, work)
}

proptest! {
    /// Ties in plenty: few distinct values.
    #[test]
    fn a_first_look_decides_nothing_wrong(
        (d, y, e, targets, ks) in (1usize..9, 1usize..60, 0usize..15).prop_flat_map(|(d, v, n)| (
            Just(d), coarse(n * d), coarse(v * d),
            prop::collection::vec(0..v as u32, n), prop::collection::vec(1..=v as u32, n),
        )),
        block in 1usize..5,
    ) {
        prop_assert_eq!(looked_at(&y, &e, d, &targets, &ks, block).0, rank_plain(&y, &e, d, &targets, &ks));
    }

    /// Tokens that are nearly equal, so that much is left open: the second half is the first, a little off.
    #[test]
    fn nor_among_near_twins(
        (d, y, e, targets, ks) in (6usize..40, 2usize..60, 1usize..30).prop_flat_map(|(d, half, n)| (
            Just(d), fine(n * d, 3.0), fine(half * d, 1.0),
            prop::collection::vec(0..2 * half as u32, n), prop::collection::vec(1..=2 * half as u32, n),
        )),
        off in prop::sample::select(vec![0.0f32, 1e-7, 1e-5, 1e-3]),
        block in 1usize..5,
    ) {
        let e: Vec<f32> = e.iter().copied().chain(e.iter().enumerate().map(|(i, x)| x + if i % 3 == 0 { off } else { 0.0 })).collect();
        let entrants = race(&y, &e, d, &targets, &ks, block);
        prop_assert_eq!(looked_at(&y, &e, d, &targets, &ks, block).0, entrants);
    }
}

#[test]
fn after_a_first_look_little_is_left_to_do() {
    let (d, n, tokens) = (96, 40, 4000);
    let (y, e) = (noise(n * d, 1), noise(tokens * d, 2));
    let targets: Vec<u32> = (0..n as u32).map(|i| i * 90).collect();
    let (member, work) = looked_at(&y, &e, d, &targets, &vec![3; n], 32);
    assert_eq!(member, rank_plain(&y, &e, d, &targets, &vec![3; n]));
    let float32 = work.multiply_adds - work.int8;
    assert!(work.int8 > 0 && float32 * 10 < work.int8, "{work:?}");
}

/// A head that writes nothing leaves every comparison open: it is counted by the product itself after its first block.
#[test]
fn a_head_that_writes_nothing_gets_no_first_look_for_long() {
    let (d, n, tokens) = (32, 3, 2000);
    let e = noise(tokens * d, 2);
    let (member, work) = looked_at(&vec![0.0; n * d], &e, d, &[0, 1, 1999], &[5, 1, 2], 16);
    assert_eq!(member, [HIT | SUPPRESSION_HIT, 0, 0]);
    assert!(work.int8 <= (n * 16 * NR * d) as u64, "{work:?}");
}

#[test]
fn what_is_not_finite_gets_no_first_look() {
    let e = [1.0, 0.0, 0.0, 1.0, 3e38, 3e38];
    assert_eq!(looked_at(&[f32::NAN, 0.0], &e, 2, &[0], &[1], 1).0, [NOT_FINITE]);
    assert_ne!(looked_at(&[3e38, 3e38], &e, 2, &[0], &[1], 1).0[0] & NOT_FINITE, 0);
}

#[test]
fn a_dead_head_scores_by_token_id_alone() {
    let e = vec![1.0; 5 * 3];
    let member = race(&[0.0; 6], &e, 3, &[0, 4], &[1, 1], 1);
    assert_eq!(member, [HIT | SUPPRESSION_HIT, 0]);
}

#[test]
fn what_is_not_finite_is_named_never_scored() {
    let e = [1.0, 0.0, 0.0, 1.0, 3e38, 3e38];
    let nan = race(&[f32::NAN, 0.0], &e, 2, &[0], &[1], 1);
    assert_eq!(nan, [NOT_FINITE]);
    let overflow = race(&[3e38, 3e38], &e, 2, &[0], &[1], 1);
    assert_ne!(overflow[0] & NOT_FINITE, 0);
}
