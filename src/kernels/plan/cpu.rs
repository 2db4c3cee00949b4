//! The twin.

use super::Next;

/// Workgroups of the two dispatches, and the multiply-adds so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    pub project_rank: [u32; 3],
    pub compact: [u32; 3],
    pub multiply_adds: u64,
}

/// Plans for `live` rows, `multiply_adds` having been done before.
pub fn plan_plain(live: u32, multiply_adds: u64, next: Next) -> Planned {
    Planned {
        project_rank: [
            next.cols.div_ceil(next.cols_a_group),
            live.div_ceil(next.rows_a_group),
            1,
        ],
        compact: [live.div_ceil(64), 1, 1],
        multiply_adds: multiply_adds + u64::from(live) * u64::from(next.cols_counted) * u64::from(next.d),
    }
}
