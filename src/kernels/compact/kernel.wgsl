// Copies the rows that have not lost both signs from one list of live rows to the other.

struct Row { token: u32, k: u32, z: f32, above: u32, below: u32 }
struct Params { from_list: u32, restart: u32, pad: u32, pad1: u32 }

@group(0) @binding(0) var<storage, read> live: array<u32>;
@group(0) @binding(1) var<storage, read_write> kept: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<Row>;
@group(0) @binding(3) var<storage, read_write> control: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= atomicLoad(&control[p.from_list])) { return; }
    let r = live[id.x];
    let k = rows[r].k;
    if (rows[r].above >= k && rows[r].below >= k) { return; }
    if (p.restart != 0u) {
        rows[r].above = 0u;
        rows[r].below = 0u;
    }
    kept[atomicAdd(&control[p.from_list ^ 1u], 1u)] = r;
}
