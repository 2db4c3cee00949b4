//! The bound against float32's own sums, and the block against its twin.

use super::*;
use crate::kernels::gemm::{Panels, dot_in_order, matmul_plain};
use crate::noise::noise;
use proptest::prelude::*;

/// Of every row and column, what the marks say of the column's sum.
fn verdicts(y: &[f32], e: &[f32], d: usize, z: &[f32]) -> Vec<(i32, i32, i32)> {
    let n = e.len() / d;
    let mut columns = Columns::new(d, n, "test").unwrap();
    columns.write_transposed(0, e);
    let mut rows = Rows::new(y.chunks_exact(d), d);
    rows.pack(0..z.len());
    let mut found = vec![(0, 0, 0); z.len() * n];
    for pi in 0..rows.panels() {
        for pj in 0..columns.panels() {
            let block = Block::new(&rows, pi, &columns, pj);
            for r in 0..MR.min(z.len() - pi * MR) {
                let (low, high) = block.marks(r, z[pi * MR + r]);
                for c in 0..NR.min(n - pj * NR) {
                    found[(pi * MR + r) * n + pj * NR + c] = (block.sums[r][c], low, high);
                }
            }
        }
    }
    found
}

fn values(n: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0f32), 1 => -30.0f32..30.0],
        n,
    )
}

proptest! {
    /// Vectors of any length, from where sums are subnormal to where they nearly overflow, and marks at, near and far
    /// from the sums themselves.
    #[test]
    fn what_is_sure_is_true(
        (d, y, e) in (1usize..70, 1usize..9, 1usize..20).prop_flat_map(|(d, n, v)| (Just(d), values(n * d), values(v * d))),
        powers in (-22i32..17, -22i32..17),
        nearness in prop::sample::select(vec![0.0f32, 1e-7, 1e-3, 0.1, 2.0]),
    ) {
        let y: Vec<f32> = y.iter().map(|x| x * 10f32.powi(powers.0)).collect();
        let e: Vec<f32> = e.iter().map(|x| x * 10f32.powi(powers.1)).collect();
        let columns: Vec<&[f32]> = e.chunks_exact(d).collect();
        for target in 0..columns.len().min(4) {
            let z: Vec<f32> = y.chunks_exact(d).map(|y| dot_in_order(y, columns[target]) * (1.0 + nearness)).collect();
            for (i, (sum, low, high)) in verdicts(&y, &e, d, &z).into_iter().enumerate() {
                let (row, column) = (i / columns.len(), i % columns.len());
                let exact = dot_in_order(&y[row * d..(row + 1) * d], columns[column]);
                prop_assert!(sum <= high || exact > z[row], "{exact} {} {sum} {low} {high}", z[row]);
                prop_assert!(sum >= low || exact < z[row], "{exact} {} {sum} {low} {high}", z[row]);
            }
        }
    }

    #[test]
    fn the_block_equals_its_twin(
        (a, b) in (1usize..40).prop_flat_map(|k| (
            prop::collection::vec(0u8..128, k * MR * 4), prop::collection::vec(-127i8..=127, k * NR * 4),
        )),
        start in prop::array::uniform8(-1_000_000i32..1_000_000),
    ) {
        prop_assert_eq!(tile8(&a, &b, &start), tile8_plain(&a, &b, &start));
    }
}

/// A bound that were never sure would pass the test above.
#[test]
fn nearly_everything_is_sure() {
    let d = 96;
    let (y, e) = (noise(7 * d, 1), noise(300 * d, 2));
    let z: Vec<f32> = y.chunks_exact(d).map(|y| dot_in_order(y, &e[..d])).collect();
    let found = verdicts(&y, &e, d, &z);
    let unsure = found
        .iter()
        .filter(|(sum, low, high)| (low..=high).contains(&sum))
        .count();
    assert!(unsure * 4 < found.len(), "{unsure} of {}", found.len());
    assert!((0..7).all(|row| {
        let (sum, low, high) = found[row * 300];
        (low..=high).contains(&sum)
    }));
}

#[test]
fn too_wide_a_vector_is_not_looked_at_in_eight_bits() {
    assert!(possible(MOST_WIDTH) && !possible(MOST_WIDTH + 1));
}

proptest! {
    /// Written in pieces in any order, over what was there; read as panels, as columns and four at a time.
    #[test]
    fn what_was_written_is_read_bit_for_bit(
        (d, n, e, pieces) in (1usize..30, 1usize..40).prop_flat_map(|(d, n)| (
            Just(d), Just(n), values(n * d), prop::collection::vec((0..n, 1..=n), 0..5),
        )),
        power in -45i32..37,
    ) {
        let e: Vec<f32> = e.iter().map(|x| x * 10f32.powi(power)).collect();
        let mut columns = Columns::new(d, n, "test").unwrap();
        let mut want = vec![0.0f32; n * d];
        for (first, len) in pieces.into_iter().chain([(0, n / 2)]) {
            let end = (first + len).min(n);
            columns.write_transposed(first, &e[first * d..end * d]);
            want[first * d..end * d].copy_from_slice(&e[first * d..end * d]);
            let (mut room, mut column, mut four) = (vec![], vec![0.0; d], vec![0.0; 4 * d]);
            for j in 0..columns.panels() * NR {
                let panel = columns.panel_in(j / NR, &mut room);
                let of_panel: Vec<u32> = panel[j % NR..].iter().step_by(NR).map(|x| x.to_bits()).collect();
                let bits: Vec<u32> = match want.chunks_exact(d).nth(j) {
                    Some(column) => column.iter().map(|x| x.to_bits()).collect(),
                    None => vec![0; d], // a short panel is padded
                };
                prop_assert_eq!(&of_panel, &bits);
                if j < n {
                    columns.column(j, &mut column);
                    columns.four([0, j, n - 1, j], &mut four);
                    let lane: Vec<u32> = four[3..].iter().step_by(4).map(|x| x.to_bits()).collect();
                    prop_assert_eq!(&column.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), &bits);
                    prop_assert_eq!(&lane, &bits);
                }
            }
        }
    }
}

proptest! {
    /// Through a head's middle: what is sure of v W_O u is true of the product's own sums, in their order.
    #[test]
    fn what_is_sure_through_the_middle_is_true(
        (d, d_head, v, w_o, e) in (1usize..50, 1usize..9, 1usize..9, 1usize..20).prop_flat_map(|(d, d_head, n, tokens)| (
            Just(d), Just(d_head), values(n * d_head), values(d_head * d), values(tokens * d),
        )),
        powers in (-15i32..8, -15i32..8, -15i32..8),
        nearness in prop::sample::select(vec![0.0f32, 1e-7, 1e-3, 0.1, 2.0]),
    ) {
        let scaled = |x: &[f32], power: i32| x.iter().map(|x| x * 10f32.powi(power)).collect::<Vec<f32>>();
        let (v, w_o, e) = (scaled(&v, powers.0), scaled(&w_o, powers.1), scaled(&e, powers.2));
        let (n, tokens) = (v.len() / d_head, e.len() / d);
        let y = matmul_plain(&v, &w_o, n, d_head, d);
        let exact = |row: usize, token: usize| dot_in_order(&y[row * d..(row + 1) * d], &e[token * d..(token + 1) * d]);
        let mut columns = Columns::new(d, tokens, "test").unwrap();
        columns.write_transposed(0, &e);
        let Some(mut narrow) = Narrow::new(&v, &w_o, d) else {
            prop_assert!(w_o.chunks_exact(d).any(|row| row.iter().all(|x| *x == 0.0)), "only rows of zeros differ so much");
            return Ok(());
        };
        // Of the sums in float32, as the race takes it (`rank/through.rs`), from plainer bounds.
        let norm = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let spread = |row: usize| -> f64 {
            let v = &v[row * d_head..(row + 1) * d_head];
            v.iter().zip(w_o.chunks_exact(d)).map(|(v, w)| f64::from(v.abs()) * norm(w)).sum()
        };
        let off = |row: usize| spread(row) * (d + d_head) as f64 * 2f64.powi(-23);
        let z = |row: usize| exact(row, row % tokens) * (1.0 + nearness);
        let compared = |row: usize| Compared {
            row,
            z: z(row),
            length: norm(&y[row * d..(row + 1) * d]) + off(row),
            slack: (off(row) + 1e-37, 1e-37),
        };
        narrow.pack(&(0..n).map(compared).collect::<Vec<_>>());
        for panel in 0..columns.panels() {
            narrow.enter(&columns, panel, &mut vec![]);
            for pi in 0..narrow.panels() {
                let (sums, marks) = (narrow.sums(pi), narrow.marks(pi));
                for (r, row) in (pi * MR..n.min(pi * MR + MR)).enumerate() {
                    let (low, high) = (marks.low[r], marks.high[r]);
                    for (c, sum) in sums[r].iter().enumerate().take(tokens - (panel * NR).min(tokens)) {
                        let (z_c, sum) = (exact(row, panel * NR + c), *sum as f32);
                        prop_assert!(sum <= high || high.is_nan() || z_c > z(row), "{z_c} {} {sum} {low} {high}", z(row));
                        prop_assert!(sum >= low || low.is_nan() || z_c < z(row), "{z_c} {} {sum} {low} {high}", z(row));
                    }
                }
            }
        }
    }
}

/// Two tokens of which the first is larger in bytes and the second in floats, by a W_O that is `diagonal`: the second must not be called
/// smaller.
fn not_called_smaller(v: &[f32], diagonal: &[f32], tokens: [Vec<f32>; 2]) {
    let d = v.len();
    let mut w_o = vec![0.0; d * d];
    diagonal.iter().enumerate().for_each(|(i, x)| w_o[i * d + i] = *x);
    let mut columns = Columns::new(d, 2, "test").unwrap();
    columns.write_transposed(0, &tokens.concat());
    let y: Vec<f32> = v.iter().zip(diagonal).map(|(v, x)| v * x).collect();
    let z = tokens.map(|token| dot_in_order(&y, &token));
    assert!(z[1] > z[0], "{z:?}");
    let mut narrow = Narrow::new(v, &w_o, d).unwrap();
    narrow.pack(&[Compared {
        row: 0,
        z: z[0],
        length: y.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt(),
        slack: (1e-3, 1e-3),
    }]);
    narrow.enter(&columns, 0, &mut vec![]);
    let (sums, marks) = (narrow.sums(0), narrow.marks(0));
    assert!(sums[0][1] < sums[0][0], "{sums:?}");
    assert!(sums[0][1] as f32 >= marks.low[0], "{sums:?} {:?}", marks.low);
}

/// A vector of 64: the first, the second, all others.
fn sixty_four(first: f32, second: f32, others: f32) -> Vec<f32> {
    let mut all = vec![others; 64];
    (all[0], all[1]) = (first, second);
    all
}

/// W_O and the tokens are kept by the bytes, and v is not.
#[test]
fn what_v_loses_is_allowed_for() {
    let tokens = [sixty_four(127.0, 0.0, 0.0), sixty_four(126.0, 127.0, 127.0)];
    not_called_smaller(&sixty_four(63.0, 0.49, 0.49), &[63.0; 64], tokens);
}

/// v, W_O and the tokens are kept by the bytes, and their products are not.
#[test]
fn what_the_products_lose_is_allowed_for() {
    let diagonal = sixty_four(63.0, 63.0 * 0.51 / 127.0, 63.0 * 0.49 / 127.0);
    let tokens = [sixty_four(127.0, 127.0, 0.0), sixty_four(127.0, 0.0, 127.0)];
    not_called_smaller(&sixty_four(0.0, 63.0, 63.0), &diagonal, tokens);
}
