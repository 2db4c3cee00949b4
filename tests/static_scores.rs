//! Static scores of every head against the reference: equal on tiny and planted weights, inside
//! the reference's [lo, hi] on weights of GPT-2 small's shape.

mod support;

use headmap::result::ResultDocument;
use headmap::score::{Options, SilentHost, score_relations};
use support::{Bounds, model, open, relation, static_goldens};

/// Every case of one golden file; `exact`: [lo, hi] is a point everywhere.
fn check(name: &str, exact: bool) {
    let goldens = static_goldens(name);
    let model = open(&model(name)).unwrap();
    assert!(!goldens.cases.is_empty());
    for case in &goldens.cases {
        let what = format!("{name}, {}, k = {}, {:?}", case.relation, case.k, case.preprocessing);
        let relations = [relation(&case.relation, case.k)];
        let options = Options {
            preprocessing: case.preprocessing,
        };
        let result = pollster::block_on(score_relations(&model, &relations, options, &SilentHost)).unwrap();
        let got = &result.relations[0];
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
        bits_agree(&result);
    }
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
    check("tiny", true);
}

#[test]
fn planted_weights_equal_the_reference() {
    check("planted", true);
}

/// 548 MB of weights and 8 x 144 heads: seconds when optimised, which is how the suite runs it.
#[test]
fn gpt2_smalls_shape_lands_where_the_reference_allows() {
    check("graded-small", false);
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
