//! Static scores of every head against the reference: equal on tiny and planted weights, inside
//! the reference's [lo, hi] on weights of GPT-2 small's shape.

mod support;

use headmap::result::ResultDocument;
use headmap::score::{Options, Preprocessing, SilentHost, score_relations};
use support::{Bounds, model, open, relation, static_goldens};

/// Every case of one golden file under one preprocessing, scored together: the vocabulary goes through MLP_0 once.
/// `exact`: [lo, hi] is a point everywhere.
fn check(name: &str, preprocessing: Preprocessing, exact: bool) {
    let goldens = static_goldens(name);
    let model = open(&model(name)).unwrap();
    let cases: Vec<_> = goldens
        .cases
        .iter()
        .filter(|c| c.preprocessing == preprocessing)
        .collect();
    assert!(!cases.is_empty());
    let relations: Vec<_> = cases.iter().map(|c| relation(&c.relation, c.k)).collect();
    let result = pollster::block_on(score_relations(
        &model,
        &relations,
        Options { preprocessing },
        &SilentHost,
    ))
    .unwrap();
    assert_eq!(result.relations.len(), cases.len());
    for (case, got) in cases.into_iter().zip(&result.relations) {
        let what = format!("{name}, {}, k = {}, {preprocessing:?}", case.relation, case.k);
        assert_eq!(got.total, case.n_pairs, "{what}: pairs kept");
        let ids: Vec<_> = got.kept.iter().map(|k| (k.2, k.3)).collect();
        assert_eq!(ids, goldens.relations[&case.relation], "{what}: token ids");
        assert!(got.invalid.is_empty(), "{what}: {:?}", got.invalid);
        within(&format!("{what}, score"), &got.hits, &case.score, exact);
        within(
            &format!("{what}, suppression"),
            &got.suppression_hits,
            &case.suppression,
            exact,
        );
    }
    bits_agree(&result);
}

fn within(what: &str, got: &[Vec<u32>], want: &Bounds, exact: bool) {
    assert_eq!(got.len(), want.hits.len(), "{what}: layers");
    for (l, row) in got.iter().enumerate() {
        assert_eq!(row.len(), want.hits[l].len(), "{what}: heads");
        for (h, hits) in row.iter().enumerate() {
            let (lo, hi) = if exact {
                (want.hits[l][h], want.hits[l][h])
            } else {
                (want.lo[l][h], want.hi[l][h])
            };
            assert!(
                (lo..=hi).contains(hits),
                "{what}: head {l}.{h} has {hits} hits, not {lo} to {hi}"
            );
        }
    }
}

/// The bit sets say the same as the counts.
fn bits_agree(result: &ResultDocument) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let count = |text: &String| {
        STANDARD
            .decode(text)
            .unwrap()
            .iter()
            .map(|b| b.count_ones())
            .sum::<u32>()
    };
    for r in &result.relations {
        for (hits, bits) in [(&r.hits, &r.pair_hits), (&r.suppression_hits, &r.pair_suppression_hits)] {
            for (hits, bits) in hits.iter().flatten().zip(bits.iter().flatten()) {
                assert_eq!(*hits, count(bits));
            }
        }
    }
}

#[test]
fn tiny_weights_equal_the_reference() {
    check("tiny", Preprocessing::FirstMlp, true);
    check("tiny", Preprocessing::None, true);
}

#[test]
fn planted_weights_equal_the_reference() {
    check("planted", Preprocessing::FirstMlp, true);
    check("planted", Preprocessing::None, true);
}

/// 548 MB of weights and 4 x 144 heads: seconds when optimised, which is how the suite runs it.
#[test]
fn gpt2_smalls_shape_lands_where_the_reference_allows() {
    check("graded-small", Preprocessing::FirstMlp, false);
}

/// Beside the other in a thread of its own.
#[test]
fn so_it_does_with_the_embedding_as_it_is() {
    check("graded-small", Preprocessing::None, false);
}

#[test]
fn relations_scored_together_equal_relations_scored_alone() {
    let model = open(&model("planted")).unwrap();
    let both = [relation("name_copying", 1), relation("country_to_capital", 10)];
    let score = |r| pollster::block_on(score_relations(&model, r, Options::default(), &SilentHost)).unwrap();
    let together = score(&both[..]);
    for (i, alone) in both.iter().enumerate() {
        let alone = &score(std::slice::from_ref(alone)).relations[0];
        assert_eq!(together.relations[i].hits, alone.hits);
        assert_eq!(together.relations[i].pair_suppression_hits, alone.pair_suppression_hits);
    }
}

#[test]
fn the_work_is_counted_and_less_than_the_full_projection() {
    let model = open(&model("planted")).unwrap();
    let relations = [relation("name_copying", 1)];
    let score = || pollster::block_on(score_relations(&model, &relations, Options::default(), &SilentHost)).unwrap();
    let first = score();
    let share = first.multiply_adds as f64 / first.full_projection_multiply_adds as f64;
    assert!(share > 0.0 && share < 0.5, "{share}");
    assert!(first.bytes_read >= model.job_bytes() && first.bytes_read < model.file_bytes());
    let again = score();
    assert_eq!(again.bytes_read, 0, "the weights are at hand");
    assert_eq!(
        again.relations[0].pair_hits, first.relations[0].pair_hits,
        "the same run twice"
    );
}
