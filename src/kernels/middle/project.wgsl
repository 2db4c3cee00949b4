// to[token, row] = the product of a row of one head's W_O with a token vector: #QUADS * 4 rows by #COLS tokens an invocation.
//# if #ENABLE
enable subgroups;
//# end

struct Params { d4: u32, n4: u32, first: u32, first_row: u32, cols: u32, pad: u32, pad1: u32, pad2: u32 }

@group(0) @binding(0) var<storage, read> w_o: array<vec4f>;
@group(0) @binding(1) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> to: array<vec4f>;
@group(0) @binding(3) var<uniform> p: Params;

override LANES: u32 = 16;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
//# if #BROADCAST
    @builtin(subgroup_invocation_id) neighbour: u32,
//# end
) {
    let q0 = group.y * #QUADSu;
    let j0 = (group.x * LANES + lane) * #COLSu;
//# for Q in 0..#QUADS
    let quad#Q = min(q0 + #Qu, p.n4 - 1u) * 4u;
//# if #BROADCAST
    let a#Q = p.first + (quad#Q + (neighbour & 3u)) * p.d4;
//# end
//# if not #BROADCAST
//# for L in 0..4
    let a#Q_#L = p.first + (quad#Q + #Lu) * p.d4;
//# end
//# end
//# end
//# for J in 0..#COLS
    let b#J = (p.first_row + min(j0 + #Ju, p.cols - 1u)) * p.d4;
//# end
//# for Q in 0..#QUADS
//# for L in 0..4
//# for J in 0..#COLS
    var c#Q_#L_#J = 0f;
//# end
//# end
//# end
    for (var i = 0u; i < p.d4; i++) {
//# for Q in 0..#QUADS
//# if #BROADCAST
        let w#Q = w_o[a#Q + i];
//# for L in 0..4
        let x#Q_#L = subgroupBroadcast(w#Q, #Lu);
//# end
//# end
//# if not #BROADCAST
//# for L in 0..4
        let x#Q_#L = w_o[a#Q_#L + i];
//# end
//# end
//# end
//# for J in 0..#COLS
        let e#J = vectors[b#J + i];
//# for Q in 0..#QUADS
//# for L in 0..4
        c#Q_#L_#J = fma(x#Q_#L.w, e#J.w, fma(x#Q_#L.z, e#J.z, fma(x#Q_#L.y, e#J.y, fma(x#Q_#L.x, e#J.x, c#Q_#L_#J))));
//# end
//# end
//# end
    }
//# for J in 0..#COLS
//# for Q in 0..#QUADS
    if (j0 + #Ju < p.cols && q0 + #Qu < p.n4) {
        to[(j0 + #Ju) * p.n4 + q0 + #Qu] = vec4f(c#Q_0_#J, c#Q_1_#J, c#Q_2_#J, c#Q_3_#J);
    }
//# end
//# end
}
