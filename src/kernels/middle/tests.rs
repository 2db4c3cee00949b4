use super::*;
use crate::kernels::project_rank::{count_plain, logit};
use proptest::prelude::*;

/// `m` by `n` times `n` by `k`, summed in ascending order.
fn product(a: &[f32], b: &[f32], n: usize) -> Vec<f32> {
    let k = b.len() / n;
    let cell = |row: &[f32], j: usize| {
        row.iter()
            .enumerate()
            .fold(0f32, |sum, (i, v)| v.mul_add(b[i * k + j], sum))
    };
    a.chunks_exact(n)
        .flat_map(|row| (0..k).map(move |j| cell(row, j)))
        .collect()
}

fn length(v: &[f32]) -> f64 {
    v.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
}

/// A head `[d_head, d]`, tokens `[n, d]` and a row `[d_head]`.
#[derive(Debug)]
struct Head {
    d: usize,
    w_o: Vec<f32>,
    e: Vec<f32>,
    v: Vec<f32>,
}

impl Head {
    fn y(&self) -> Vec<f32> {
        product(&self.v, &self.w_o, self.v.len())
    }

    fn off(&self) -> f32 {
        let longest = self.e.chunks_exact(self.d).map(length).fold(0.0, f64::max);
        off(self.d, self.v.len(), length(&self.w_o), longest).unwrap()
    }

    fn tokens(&self, off: f32) -> Vec<RoundedToken> {
        let parts = project_plain(&self.w_o, &self.e, self.d);
        parts.chunks_exact(self.v.len()).map(|p| round_plain(p, off)).collect()
    }

    /// Of each token, how far what stands for its logit is from the logit, and what was promised.
    fn errors(&self, off: f32) -> Vec<(f64, f64)> {
        let (y, length) = (self.y(), length_plain(&self.v));
        let each = self.tokens(off).into_iter().zip(self.e.chunks_exact(self.d));
        each.filter(|(token, _)| token.off >= 0.0 && length >= 0.0)
            .map(|(token, e)| {
                let sum: f32 = self
                    .v
                    .iter()
                    .zip(&token.bytes)
                    .fold(0.0, |s, (v, b)| v.mul_add(f32::from(*b), s));
                let error = (f64::from(sum) * f64::from(token.scale) - f64::from(logit(&y, e))).abs();
                (error, f64::from(length * token.off + 1e-15))
            })
            .collect()
    }
}

fn heads() -> impl Strategy<Value = Head> {
    let sizes = (1usize..40, 1usize..9, 1usize..6, -9i32..6, -9i32..6);
    sizes.prop_flat_map(|(d, d_head, n, w_size, e_size)| {
        let reals =
            |n: usize, size: i32| prop::collection::vec((-1f32..1.0).prop_map(move |v| v * 10f32.powi(size)), n);
        (reals(d * d_head, w_size), reals(n * d, e_size), reals(d_head, 0)).prop_map(move |(w_o, e, v)| Head {
            d,
            w_o,
            e,
            v,
        })
    })
}

proptest! {
    #[test]
    fn nothing_is_further_off_than_promised(head in heads()) {
        for (error, promised) in head.errors(head.off()) {
            prop_assert!(error <= promised, "{error} of {promised}");
        }
    }

    #[test]
    fn counts_are_those_of_the_product(head in heads(), target in 0usize..6) {
        let (y, target) = (head.y(), target % (head.e.len() / head.d));
        let z = logit(&y, &head.e[target * head.d..][..head.d]);
        let rounded = head.tokens(head.off());
        let tokens = (0u32..).zip(&rounded).zip(head.e.chunks_exact(head.d)).map(|((id, t), e)| (id, t, e));
        let seen = count_through_plain(&head.v, &y, (target as u32, z), tokens);
        let plain = count_plain(&y, &head.e, head.d, &[target as u32], 0..rounded.len() as u32);
        prop_assert_eq!(seen.counts, plain[0]);
    }
}

/// What bytes lose alone would be too little: the sums run in another order.
#[test]
fn the_other_order_has_its_part_in_the_bound() {
    let mut noise = crate::engine::webgpu::case::Noise::new(3);
    let beyond = (0..200).filter(|_| {
        let head = Head {
            d: 30,
            w_o: noise.real(30),
            e: noise.real(30),
            v: noise.real(1),
        };
        let within = |off| head.errors(off).iter().all(|(error, promised)| error <= promised);
        assert!(within(head.off()));
        !within(0.0)
    });
    assert!(beyond.count() > 20);
}

/// And the order's alone would be, too.
#[test]
fn so_have_the_bytes() {
    let mut noise = crate::engine::webgpu::case::Noise::new(4);
    let head = Head {
        d: 30,
        w_o: noise.real(30 * 8),
        e: noise.real(30 * 50),
        v: noise.real(8),
    };
    let off = head.off();
    let length = f64::from(length_plain(&head.v));
    let beyond = head
        .errors(off)
        .iter()
        .filter(|(error, _)| *error > length * f64::from(off))
        .count();
    assert!(beyond > 10, "{beyond}");
}

#[test]
fn what_might_overflow_or_vanish_is_not_told_of() {
    for bad in [f32::NAN, f32::INFINITY, 1e13, 0.0, 1e-16] {
        assert_eq!(round_plain(&[bad, 0.0], 1.0).off, -1.0, "{bad}");
    }
    for bad in [f32::NAN, f32::INFINITY, 1e13, 1e30] {
        assert_eq!(length_plain(&[bad, 0.0]), -1.0, "{bad}");
    }
    assert_eq!(off(768, 64, 1e13, 1.0), None);
    assert_eq!(off(768, 64, 1.0, 1e13), None);
    assert_eq!(off(768, 64, f64::NAN, 1.0), None);
    assert!(off(768, 64, 30.0, 4.0).unwrap() < 0.02);
}
