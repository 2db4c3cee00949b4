// Logits of 64 rows by 128 tokens a workgroup, through workgroup memory: for real GPUs.
// 16 x 16 invocations, 4 x 8 logits each. 12 KiB of tiles and 0.5 KiB of counters.

struct Row { token: u32, k: u32, z: f32, above: atomic<u32>, below: atomic<u32> }
struct Params { d4: u32, mode: u32, first_row: u32, first_token: u32, cols: u32, pairs: u32, list: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read> live: array<u32>;
@group(0) @binding(4) var<storage, read> control: array<u32>;
@group(0) @binding(5) var<storage, read_write> rows: array<Row>;
@group(0) @binding(6) var<uniform> p: Params;

const LIST = 1u;
const TARGETS = 2u;

// [inner][row] and [inner][token]: neighbouring invocations read neighbouring elements.
var<workgroup> a: array<vec4f, 256>;
var<workgroup> b: array<vec4f, 512>;
var<workgroup> above: array<atomic<u32>, 64>;
var<workgroup> below: array<atomic<u32>, 64>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) index: u32,
) {
    let n_live = control[p.list];
    let last = max(n_live, 1u) - 1u;
    let m0 = group.y * 64u;
    let j0 = group.x * 128u;
    if (index < 64u) {
        atomicStore(&above[index], 0u);
        atomicStore(&below[index], 0u);
    }
    // What this invocation loads: quarter `part` of the inner step, one row, two tokens.
    let part = index & 3u;
    let load_row = index >> 2u;
    let from_a = live[min(m0 + load_row, last)] * p.d4;
    var from_b0 = p.first_row + min(j0 + load_row, p.cols - 1u);
    var from_b1 = p.first_row + min(j0 + load_row + 64u, p.cols - 1u);
    if (p.mode == TARGETS) {
        from_b0 = live[min(m0 + min(j0 + load_row, 63u), last)] % p.pairs;
        from_b1 = from_b0;
    }
    from_b0 *= p.d4;
    from_b1 *= p.d4;
//# for I in 0..4
//# for J in 0..8
    var c#I_#J = 0f;
//# end
//# end
    for (var i = 0u; i < p.d4; i += 4u) {
        let at = i + part;
        var wa = vec4f();
        var wb0 = vec4f();
        var wb1 = vec4f();
        if (at < p.d4) {
            wa = y[from_a + at];
            wb0 = vectors[from_b0 + at];
            wb1 = vectors[from_b1 + at];
        }
        a[part * 64u + load_row] = wa;
        b[part * 128u + load_row] = wb0;
        b[part * 128u + load_row + 64u] = wb1;
        workgroupBarrier();
        for (var q = 0u; q < 4u; q++) {
//# for I in 0..4
            let x#I = a[q * 64u + local.y + #Iu * 16u];
//# end
//# for J in 0..8
            let e#J = b[q * 128u + local.x + #Ju * 16u];
//# for I in 0..4
            c#I_#J = fma(x#I.w, e#J.w, fma(x#I.z, e#J.z, fma(x#I.y, e#J.y, fma(x#I.x, e#J.x, c#I_#J))));
//# end
//# end
        }
        workgroupBarrier();
    }
    if (p.mode == TARGETS) {
//# for I in 0..4
//# for J in 0..8
        if (j0 + local.x + #Ju * 16u == local.y + #Iu * 16u && m0 + local.y + #Iu * 16u < n_live) {
            rows[live[m0 + local.y + #Iu * 16u]].z = c#I_#J;
        }
//# end
//# end
    } else {
//# for J in 0..8
        let at#J = j0 + local.x + #Ju * 16u;
        var t#J = p.first_token + min(at#J, p.cols - 1u);
        if (p.mode == LIST) { t#J = ids[t#J]; }
        let ok#J = at#J < p.cols;
//# end
//# for I in 0..4
        {
            let r = live[min(m0 + local.y + #Iu * 16u, last)];
            let token = rows[r].token;
            let z = rows[r].z;
            var up = 0u;
            var down = 0u;
//# for J in 0..8
            if (ok#J && t#J != token) {
                let tie = c#I_#J == z && t#J < token;
                up += u32(c#I_#J > z || tie);
                down += u32(c#I_#J < z || tie);
            }
//# end
            if (up > 0u) { atomicAdd(&above[local.y + #Iu * 16u], up); }
            if (down > 0u) { atomicAdd(&below[local.y + #Iu * 16u], down); }
        }
//# end
    }
    workgroupBarrier();
    if (p.mode != TARGETS && index < 64u && m0 + index < n_live) {
        let r = live[m0 + index];
        let up = atomicLoad(&above[index]);
        let down = atomicLoad(&below[index]);
        if (up > 0u) { atomicAdd(&rows[r].above, up); }
        if (down > 0u) { atomicAdd(&rows[r].below, down); }
    }
}
