//! One row of the race, and what one panel of the product does to its count.

use super::{Count, Ids};
use crate::kernels::gemm::{NR, Panels};

/// A row that is still in the race.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runner {
    pub row: usize,
    pub target: u32,
    pub z: f32,
    pub k: u32,
    pub suspicious: bool,
    /// A first look in eight bits leaves too much open, or is not allowed.
    pub direct: bool,
    pub count: Count,
    /// What was counted against other tokens by somebody else.
    pub elsewhere: Count,
}

impl Runner {
    pub fn lost(&self) -> bool {
        let all = self.count.and(self.elsewhere);
        !self.suspicious && all.above >= self.k && all.below >= self.k
    }
}

/// Of one panel: its first column, how many there are, and which tokens they are.
pub(super) fn columns(w_u: &impl Panels, panel: usize, ids: Ids) -> (usize, usize, [u32; NR]) {
    let first = panel * NR;
    let n = NR.min(w_u.cols() - first);
    let mut id = [0; NR];
    id[..n]
        .iter_mut()
        .enumerate()
        .for_each(|(c, id)| *id = ids.of(first + c));
    (first, n, id)
}

/// Counts who of `z` (tokens `id`) beats the runner's target.
#[inline]
pub(super) fn beat(runner: &mut Runner, z: &[f32], id: &[u32]) {
    let t = runner.z;
    let (mut above, mut below) = (0, 0);
    // Mostly the target is not here and nothing is equal to it: then no id matters.
    for z in z {
        above += u32::from(*z > t);
        below += u32::from(*z < t);
    }
    if (above + below) as usize == z.len() && !runner.suspicious && !id.contains(&runner.target) {
        runner.count.above += above;
        runner.count.below += below;
        return;
    }
    (above, below) = (0, 0);
    for (z, id) in z.iter().zip(id) {
        let tie_before = *z == t && *id < runner.target;
        let other = *id != runner.target;
        above += u32::from(other & ((*z > t) | tie_before));
        below += u32::from(other & ((*z < t) | tie_before));
    }
    runner.count.above += above;
    runner.count.below += below;
    if runner.suspicious {
        runner.count.not_finite |= !t.is_finite() || z.iter().any(|z| !z.is_finite());
    }
}
