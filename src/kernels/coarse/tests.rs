//! The bound against float32's own sums, and the block against its twin.

use super::*;
use crate::kernels::gemm::{Panels, dot_in_order};
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
