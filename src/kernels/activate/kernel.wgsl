// h = gelu_new(h + bias), the tanh form, over rows of d4 vec4.

struct Params { n: u32, d4: u32, pad: u32, pad1: u32 }

@group(0) @binding(0) var<storage, read> bias: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> h: array<vec4f>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let at = id.y * groups.x * 64u + id.x;
    if (at >= p.n) { return; }
    let x = h[at] + bias[at % p.d4];
    let inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
    // Some adapters make tanh of exponentials, which overflow; at 10 it is 1 in f32 anyway.
    h[at] = 0.5 * x * (1.0 + tanh(clamp(inner, vec4f(-10), vec4f(10))));
}
