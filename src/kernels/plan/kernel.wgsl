// Sizes the next dispatches by the number of live rows, and counts the work they will do.
// control: [live in lists 0 to 3, multiply-adds low, multiply-adds high, looked at, unused]
// args: [project_rank x, y, z, unused, compact x, y, z, unused]

struct Params { list: u32, cols: u32, cols_counted: u32, d: u32, cols_a_group: u32, rows_a_group: u32, pad: u32, pad1: u32 }

@group(0) @binding(0) var<storage, read_write> control: array<u32, 8>;
@group(0) @binding(1) var<storage, read_write> args: array<u32, 8>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(1)
fn main() {
    let n = control[p.list];
    control[p.list ^ 1u] = 0u;
    args[0] = (p.cols + p.cols_a_group - 1u) / p.cols_a_group;
    args[1] = (n + p.rows_a_group - 1u) / p.rows_a_group;
    args[2] = 1u;
    args[4] = (n + 63u) / 64u;
    args[5] = 1u;
    args[6] = 1u;
    // 64-bit n * cols * d from 16-bit halves; d < 65,536.
    let cells = n * p.cols_counted;
    let low = (cells & 0xffffu) * p.d;
    let high = (cells >> 16u) * p.d + (low >> 16u);
    let word = (high << 16u) | (low & 0xffffu);
    let sum = control[4] + word;
    control[5] += (high >> 16u) + u32(sum < word);
    control[4] = sum;
}
