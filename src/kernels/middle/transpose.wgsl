// to[j, i] = from[i, j] of a matrix whose rows are `row` elements long, from element `first` on.

struct Params { first: u32, row: u32, rows: u32, cols: u32 }

@group(0) @binding(0) var<storage, read> elements: array<f32>;
@group(0) @binding(1) var<storage, read_write> to: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= p.rows * p.cols) { return; }
    to[id.x] = elements[p.first + id.x % p.rows * p.row + id.x / p.rows];
}
