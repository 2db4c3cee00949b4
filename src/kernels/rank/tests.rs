//! The race against its twin: odd shapes, ties, equal rows, infinities, k from 1 to n_vocab.

use super::*;
use crate::engine::{HIT, NOT_FINITE, SUPPRESSION_HIT};
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
        rivals.iter().enumerate().for_each(|(i, r)| some.write_transposed(i, row(r)));
        race.count(&some, 0..some.panels(), 0..race.row_panels(), Ids::List(rivals));
        race.drop_losers();
        race.restart_counts();
    }
    for first in (0..w_u.panels()).step_by(block) {
        race.count(&w_u, first..(first + block).min(w_u.panels()), 0..race.row_panels(), Ids::From(0));
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
