// c[m, n] = a[m, k] b[k, n] for a batch of matrices, #QUADS * 4 rows by 4 columns an invocation.
// Rows of all three are padded to whole vec4; so is k, with zeros.
//# if #ENABLE
enable subgroups;
//# end

struct Params {
    m: u32, n4: u32, k4: u32, pad: u32,
    a_row: u32, b_row: u32, c_row: u32, pad1: u32,
    a_first: u32, b_first: u32, c_first: u32, pad2: u32,
    a_step: u32, b_step: u32, c_step: u32, pad3: u32,
}

//# if #STORED
// burn's tensors are parts of few buffers: one that is written here may not be read-only there.
@group(0) @binding(0) var<storage, read_write> a: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> p: Params;
//# end
//# if not #STORED
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(3) var<uniform> p: Params;
//# end

@compute @workgroup_size(16)
fn main(
    @builtin(global_invocation_id) id: vec3u,
//# if #BROADCAST
    @builtin(subgroup_invocation_id) neighbour: u32,
//# end
) {
    let m0 = id.y * (#QUADSu * 4u);
    let column = min(id.x, p.n4 - 1u);
    var from_b = p.b_first + id.z * p.b_step + column;
//# for Q in 0..#QUADS
//# if #BROADCAST
    let a#Q = p.a_first + id.z * p.a_step + min(m0 + #Qu * 4u + (neighbour & 3u), p.m - 1u) * p.a_row;
//# end
//# for L in 0..4
//# if not #BROADCAST
    let a#Q_#L = p.a_first + id.z * p.a_step + min(m0 + #Qu * 4u + #Lu, p.m - 1u) * p.a_row;
//# end
    var c#Q_#L = vec4f();
//# end
//# end
//# if #STORED
    // What may be written is not uniform to a browser, and a broadcast has to be reached by all.
    for (var i = 0u; i < #K4u; i++) {
//# end
//# if not #STORED
    for (var i = 0u; i < p.k4; i++) {
//# end
        let e0 = b[from_b];
        let e1 = b[from_b + p.b_row];
        let e2 = b[from_b + p.b_row * 2u];
        let e3 = b[from_b + p.b_row * 3u];
        from_b += p.b_row * 4u;
//# for Q in 0..#QUADS
//# if #BROADCAST
        let w#Q = a[a#Q + i];
//# end
//# for L in 0..4
//# if #BROADCAST
        let x#Q_#L = subgroupBroadcast(w#Q, #Lu);
//# end
//# if not #BROADCAST
        let x#Q_#L = a[a#Q_#L + i];
//# end
        c#Q_#L = fma(vec4f(x#Q_#L.w), e3, fma(vec4f(x#Q_#L.z), e2, fma(vec4f(x#Q_#L.y), e1, fma(vec4f(x#Q_#L.x), e0, c#Q_#L))));
//# end
//# end
    }
    if (id.x < p.n4) {
        let to = p.c_first + id.z * p.c_step + id.x;
//# for Q in 0..#QUADS
//# for L in 0..4
        if (m0 + #Qu * 4u + #Lu < p.m) { c[to + (m0 + #Qu * 4u + #Lu) * p.c_row] = c#Q_#L; }
//# end
//# end
    }
}
