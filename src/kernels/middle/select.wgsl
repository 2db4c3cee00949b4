// The live rows of one head, in a list of their own, and |v| of each.

struct Params { head: u32, pairs: u32, width4: u32, n4: u32, list: u32, into: u32, pad: u32, pad1: u32 }

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> live: array<u32>;
@group(0) @binding(2) var<storage, read_write> own: array<u32>;
@group(0) @binding(3) var<storage, read_write> control: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> lengths: array<f32>;
@group(0) @binding(5) var<uniform> p: Params;

const MOST: f32 = 1e12;
// What squares that vanish can hide. The share covers the roundings of the root and of the comparison itself.
const LEAST: f32 = 1e-16;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= atomicLoad(&control[p.list])) { return; }
    let r = live[id.x];
    if (r / p.pairs != p.head) { return; }
    let start = r % p.pairs * p.width4 + p.head * p.n4;
    var sum = 0f;
    for (var i = 0u; i < p.n4; i++) { sum += dot(v[start + i], v[start + i]); }
    let finite = (bitcast<u32>(sum) & 0x7f800000u) != 0x7f800000u;
    let length = sqrt(sum) * 1.0002f + LEAST;
    lengths[r] = select(-1f, length, finite && length <= MOST);
    own[atomicAdd(&control[p.into], 1u)] = r;
}
