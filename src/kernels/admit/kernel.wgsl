// Starts the race: every row whose logits are sure to be finite gets a place in it.
// Whether a float is finite is asked of its bits: a shader compiler may take it that all are.

struct Row { token: u32, k: u32, z: f32, above: atomic<u32>, below: atomic<u32> }
struct Params { rows: u32, pairs: u32, d4: u32, first_pair: u32, first_head: u32, all_pairs: u32, limit: f32, pad: u32 }

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> rows: array<Row>;
@group(0) @binding(3) var<storage, read_write> live: array<u32>;
@group(0) @binding(4) var<storage, read_write> control: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> member: array<atomic<u32>>;
@group(0) @binding(6) var<uniform> p: Params;

fn finite(v: f32) -> bool {
    return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let r = id.x;
    if (r >= p.rows) { return; }
    var ok = true;
    var sum = 0f;
    for (var i = 0u; i < p.d4; i++) {
        let v = y[r * p.d4 + i];
        ok = ok && finite(v.x) && finite(v.y) && finite(v.z) && finite(v.w);
        sum += abs(v.x) + abs(v.y) + abs(v.z) + abs(v.w);
    }
    let pair = pairs[p.first_pair + r % p.pairs];
    rows[r].token = pair.x;
    rows[r].k = pair.y;
    rows[r].z = 0f;
    atomicStore(&rows[r].above, 0u);
    atomicStore(&rows[r].below, 0u);
    if (ok && finite(sum) && sum <= p.limit) {
        live[atomicAdd(&control[0], 1u)] = r;
    } else {
        let g = (p.first_head + r / p.pairs) * p.all_pairs + p.first_pair + r % p.pairs;
        atomicOr(&member[g / 4u], 4u << (8u * (g % 4u)));
    }
}
