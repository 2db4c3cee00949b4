//! The race against its twin: odd shapes, ties, equal rows, infinities, k from 1 to n_vocab.

use super::*;
use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};
use crate::kernels::gemm::matmul;
use crate::noise::noise;
use proptest::prelude::*;

/// The whole race, blocks of `block` column panels, a trial against `rivals` first.
fn race(y: &[f32], e: &[f32], d: usize, targets: &[u32], ks: &[u32], rivals: &[u32], block: usize) -> Vec<u8> {
    let n_vocab = e.len() / d;
    let mut w_u = PackedB::new(d, n_vocab, "test").unwrap();
    w_u.write_transposed(0, e);
    let norm = |r: &[f32]| r.iter().map(|v| v * v).sum::<f32>().sqrt();
    let longest = e.chunks_exact(d).map(norm).fold(0.0, f32::max);
    let row = |t: &u32| &e[*t as usize * d..(*t as usize + 1) * d];
    let target_rows: Vec<f32> = targets.iter().flat_map(row).copied().collect();
    let mut race = Race::new(Entrants::new(y.to_vec(), d, targets, ks, &target_rows, longest));
    if !rivals.is_empty() {
        let mut some = PackedB::new(d, rivals.len(), "test").unwrap();
        rivals
            .iter()
            .enumerate()
            .for_each(|(i, r)| some.write_transposed(i, row(r)));
        race.count(&some, 0..some.panels(), 0..race.row_panels(), Ids::List(rivals));
        race.drop_losers();
        race.restart_counts();
    }
    for first in (0..w_u.panels()).step_by(block) {
        race.count(
            &w_u,
            first..(first + block).min(w_u.panels()),
            0..race.row_panels(),
            Ids::From(0),
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
        (d, v, n, y, e, targets, ks, rivals) in (1usize..9, 1usize..60, 0usize..15).prop_flat_map(|(d, v, n)| (
            Just(d), Just(v), Just(n), coarse(n * d), coarse(v * d),
            prop::collection::vec(0..v as u32, n),
            prop::collection::vec(1..=v as u32, n),
            prop::sample::subsequence((0..v as u32).collect::<Vec<_>>(), 0..=v),
        )),
        block in 1usize..5,
    ) {
        let _ = (v, n);
        prop_assert_eq!(race(&y, &e, d, &targets, &ks, &rivals, block), rank_plain(&y, &e, d, &targets, &ks));
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
    let through = Through {
        rows: 0..targets.len(),
        v: v.to_vec(),
        w_o: w_o.to_vec(),
    };
    [vec![], vec![through]].map(|through| {
        let mut counts = vec![Count::default(); targets.len()];
        let mut work = 0;
        for (rows, mut race) in Race::split(
            Entrants {
                through,
                ..entrants.clone()
            },
            longest,
        ) {
            for first in (0..w_u.panels()).step_by(block) {
                let columns = first..(first + block).min(w_u.panels());
                if race.goes_through() {
                    race.count_through(&w_u, &lengths, columns, Ids::From(0));
                } else {
                    race.count(&w_u, columns, 0..race.row_panels(), Ids::From(0));
                }
                race.drop_losers();
            }
            let (part, done) = race.finish();
            work += done;
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
        let [direct, through] = both_ways(&v, &w_o, &e, (d, d_head), &targets, &ks, block);
        prop_assert_eq!(direct.0, through.0);
    }
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

#[test]
fn a_dead_head_scores_by_token_id_alone() {
    let e = vec![1.0; 5 * 3];
    let member = race(&[0.0; 6], &e, 3, &[0, 4], &[1, 1], &[], 1);
    assert_eq!(member, [HIT | SUPPRESSION_HIT, 0]);
}

#[test]
fn what_is_not_finite_is_named_never_scored() {
    let e = [1.0, 0.0, 0.0, 1.0, 3e38, 3e38];
    let nan = race(&[f32::NAN, 0.0], &e, 2, &[0], &[1], &[], 1);
    assert_eq!(nan, [NOT_FINITE]);
    let overflow = race(&[3e38, 3e38], &e, 2, &[0], &[1], &[], 1);
    assert_ne!(overflow[0] & NOT_FINITE, 0);
}
