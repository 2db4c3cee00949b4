// Rounds the rows of a part of W_O W_U to bytes: one invocation a token.
// A token is `n4` words of four bytes each, then its scale, then what a product with a v of length 1 can be off by.

struct Params { n4: u32, tokens: u32, first_token: u32, off: f32 }

@group(0) @binding(0) var<storage, read> product: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> middle: array<u32>;
@group(0) @binding(2) var<uniform> p: Params;

const LEAST: f32 = 1e-15;
const MOST: f32 = 1e12;

fn finite(v: vec4f) -> bool {
    return all((bitcast<vec4u>(v) & vec4u(0x7f800000u)) != vec4u(0x7f800000u));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= p.tokens) { return; }
    let start = id.x * p.n4;
    let at = (p.first_token + id.x) * (p.n4 + 2u);
    var ok = true;
    var largest = 0f;
    for (var i = 0u; i < p.n4; i++) {
        let v = product[start + i];
        ok = ok && finite(v);
        let size = max(abs(v.xy), abs(v.zw));
        largest = max(largest, max(size.x, size.y));
    }
    // Nothing is told of a token whose sums might overflow or vanish: every logit is then looked at itself.
    ok = ok && largest >= LEAST && largest <= MOST;
    let scale = select(1f, largest / 127f, ok);
    var lost = 0f;
    for (var i = 0u; i < p.n4; i++) {
        let v = select(vec4f(), product[start + i], ok);
        let whole = clamp(round(v / scale), vec4f(-127f), vec4f(127f));
        let rest = v - whole * scale;
        lost += dot(rest, rest);
        let byte = bitcast<vec4u>(vec4i(whole)) & vec4u(255u);
        middle[at + i] = byte.x | (byte.y << 8u) | (byte.z << 16u) | (byte.w << 24u);
    }
    middle[at + p.n4] = bitcast<u32>(scale);
    middle[at + p.n4 + 1u] = bitcast<u32>(select(-1f, sqrt(lost) * 1.0001f + p.off, ok));
}
