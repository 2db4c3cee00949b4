// Whoever is still in the race after the last token is among the k largest of a sign; the race is over for them.

struct Row { token: u32, k: u32, z: f32, above: u32, below: u32 }
struct Params { list: u32, pairs: u32, first_pair: u32, first_head: u32, all_pairs: u32, pad: u32, pad1: u32, pad2: u32 }

@group(0) @binding(0) var<storage, read> live: array<u32>;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<Row>;
@group(0) @binding(3) var<storage, read_write> member: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= control[p.list]) { return; }
    let r = live[id.x];
    let bits = u32(rows[r].above < rows[r].k) | (u32(rows[r].below < rows[r].k) << 1u);
    rows[r].above = 0xffffffffu;
    rows[r].below = 0xffffffffu;
    let g = (p.first_head + r / p.pairs) * p.all_pairs + p.first_pair + r % p.pairs;
    atomicOr(&member[g / 4u], bits << (8u * (g % 4u)));
}
