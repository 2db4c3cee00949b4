//! The trial against the product itself: near twins, ties, overflow, odd shapes.

use super::*;
use crate::kernels::gemm::matmul_plain;
use crate::kernels::rank::rank_plain;
use crate::noise::noise;
use proptest::prelude::*;

/// Rows of one head.
#[derive(Debug)]
struct Case {
    d: usize,
    d_head: usize,
    /// `[n, d_head]`, `[d_head, d]`, `[n_vocab, d]`
    v: Vec<f32>,
    w_o: Vec<f32>,
    e: Vec<f32>,
    targets: Vec<u32>,
    likely: Vec<u32>,
}

impl Case {
    fn noise((d, d_head, n, tokens): (usize, usize, usize, u32)) -> Self {
        Self {
            d,
            d_head,
            v: noise(n * d_head, 1),
            w_o: noise(d_head * d, 2),
            e: noise(tokens as usize * d, 3),
            targets: (0..n as u32).map(|i| i * 7 % tokens).collect(),
            likely: (0..tokens).step_by(2).collect(),
        }
    }

    fn counts(&self) -> (Vec<u32>, Vec<Count>, Work) {
        let row = |id: &u32| &self.e[*id as usize * self.d..][..self.d];
        let length = |e: &[f32]| e.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let longest = self.e.chunks_exact(self.d).map(length).fold(0.0, f64::max) as f32;
        let ids = Rivals::choose(&self.targets, &self.likely);
        let rows: Vec<f32> = ids.iter().flat_map(row).copied().collect();
        let rivals = Rivals::new(ids.clone(), &rows, &self.targets, self.d).unwrap();
        let all: Vec<usize> = (0..self.targets.len()).collect();
        let own: Vec<f32> = self.targets.iter().flat_map(row).copied().collect();
        assert_eq!(rivals.target_rows(&all), own);
        let mut work = Work::default();
        let head = HeadTrial::new(&self.w_o, self.d);
        let counts = rivals.count(&head, &self.v, longest, &mut work).unwrap();
        (ids, counts, work)
    }

    fn y(&self) -> Vec<f32> {
        matmul_plain(&self.v, &self.w_o, self.targets.len(), self.d_head, self.d)
    }

    /// The same by the product itself.
    fn exactly(&self, ids: &[u32]) -> Vec<Count> {
        let z = |y: &[f32], id: u32| {
            let e = &self.e[id as usize * self.d..][..self.d];
            y.iter().zip(e).fold(0.0, |s, (a, b)| s + a * b)
        };
        let rows = self.y();
        let counts = rows.chunks_exact(self.d).zip(&self.targets).map(|(y, target)| {
            let all: Vec<f32> = ids.iter().map(|id| z(y, *id)).collect();
            let own = z(y, *target);
            Count {
                above: all.iter().map(|z| u32::from(*z > own)).sum(),
                below: all.iter().map(|z| u32::from(*z < own)).sum(),
                not_finite: false,
            }
        });
        counts.collect()
    }
}

fn values(n: usize, few: bool, scale: f32) -> impl Strategy<Value = Vec<f32>> {
    let each = (-1.0f32..1.0).prop_map(move |x| scale * if few { (x * 3.0).round() * 0.5 } else { x });
    prop::collection::vec(each, n)
}

proptest! {
    /// Few distinct values, so that ties are common, or nearly equal tokens: the second half of the vocabulary is the first, a
    /// little off. Sums of `matmul_plain` have the order of the product itself.
    #[test]
    fn counts_nothing_that_is_not_so(
        case in (1usize..40, 1usize..7, 1usize..30, 1usize..20, -18i32..12, any::<bool>()).prop_flat_map(|(d, d_head, half, n, power, few)| (
            values(n * d_head, few, 1.0), values(d_head * d, few, 10f32.powi(power)), values(half * d, few, 1.0),
            prop::sample::select(vec![0.0f32, 1e-7, 1e-5, 1e-3]), prop::collection::vec(0..2 * half as u32, n),
            prop::sample::subsequence((0..2 * half as u32).collect::<Vec<_>>(), 0..=2 * half),
        ).prop_map(move |(v, w_o, e, off, targets, likely)| {
            let near = e.iter().enumerate().map(|(i, x)| x + if i % 3 == 0 { off } else { 0.0 });
            Case { d, d_head, v, w_o, e: e.iter().copied().chain(near).collect(), targets, likely }
        })),
        k in 1u32..5,
    ) {
        let (ids, counts, _) = case.counts();
        for (count, exact) in counts.iter().zip(case.exactly(&ids)) {
            prop_assert!(count.above <= exact.above && count.below <= exact.below, "{count:?} of {exact:?}");
        }
        let member = rank_plain(&case.y(), &case.e, case.d, &case.targets, &vec![k; counts.len()]);
        for (count, member) in counts.into_iter().zip(member) {
            prop_assert!(count.member(k) != 0 || member == 0);
        }
    }
}

#[test]
fn counts_nearly_everything_and_says_what_it_cost() {
    for shape in [(1, 1, 1, 1), (7, 3, 5, 300), (48, 5, 31, 200), (257, 9, 6, 7)] {
        let case = Case::noise(shape);
        let (ids, counts, work) = case.counts();
        let sum = |counts: &[Count]| counts.iter().map(|c| c.above + c.below).sum::<u32>();
        let (found, all) = (sum(&counts), sum(&case.exactly(&ids)));
        assert!(found <= all && found * 100 >= all * 99, "{found} of {all}");
        let (d, d_head, n, _) = shape;
        let want = Work {
            multiply_adds: (ids.len() * d_head * (d + n)) as u64,
            int8: 0,
        };
        assert_eq!(work, want);
    }
}

/// Whoever might overflow, with rivals or with any other token, is counted by nobody here.
#[test]
fn nothing_is_counted_for_who_may_overflow() {
    let own = |case: &Case| case.counts().1;
    let none = Count::default();
    let shape = (8, 3, 5, 40);
    let usual = own(&Case::noise(shape));
    assert!(usual.iter().all(|count| *count != none));
    for bad in [f32::NAN, f32::INFINITY, -3e38, 1e38] {
        let mut case = Case::noise(shape);
        case.v[2 * 3 + 1] = bad;
        let counts = own(&case);
        assert_eq!(counts[2], none, "{bad}");
        assert_eq!((&counts[..2], &counts[3..]), (&usual[..2], &usual[3..]));
    }
    let mut far = Case::noise(shape);
    (far.targets, far.likely) = (vec![1; 5], vec![0, 2, 3]);
    assert!(own(&far).iter().all(|count| *count != none));
    far.v.iter_mut().for_each(|x| *x *= 1e3);
    far.e[39 * 8] = 1e36;
    assert_eq!(own(&far), [none; 5]);
    // W_O u alone overflows, v W_O does not.
    let mut heavy = Case::noise(shape);
    heavy.w_o[..8].fill(3e38);
    heavy.v.iter_mut().step_by(3).for_each(|x| *x = 1e-30);
    assert_eq!(own(&heavy), [none; 5]);
}

#[test]
fn the_targets_come_first_and_are_never_too_few() {
    assert_eq!(Rivals::choose(&[7, 3, 7], &[1, 3, 5, 9, 11, 13]), [3, 7, 1, 5, 9, 11]);
    assert_eq!(Rivals::choose(&[2, 1], &[]), [1, 2]);
    assert_eq!(Rivals::choose(&[4, 5], &[0, 1, 2]), [4, 5, 0, 1]);
    assert_eq!(Rivals::choose(&[], &[3]), Vec::<u32>::new());
}
