// to[i] = vectors[ids[i]] for the ids that lie in this tile of the embedding.

struct Params { first_token: u32, tokens: u32, d4: u32, first_id: u32, n: u32, pad: u32, pad1: u32, pad2: u32 }

@group(0) @binding(0) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> to: array<vec4f>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x / p.d4;
    if (i >= p.n) { return; }
    let token = ids[p.first_id + i];
    if (token < p.first_token || token - p.first_token >= p.tokens) { return; }
    to[id.x] = vectors[(token - p.first_token) * p.d4 + id.x % p.d4];
}
