// Who beats the targets of one head's rows, told by v (W_O W_U) in bytes: #QUADS * 4 rows by #COLS tokens an invocation.
// Where that is closer to a tie than it can be off, the logit itself is summed, in the order of the product.
//# if #ENABLE
enable subgroups;
// Control may be written, so a compiler cannot know that the number of live rows is the same for all; no one writes it here.
diagnostic(off, subgroup_uniformity);
//# end

struct Row { token: u32, k: u32, z: f32, above: atomic<u32>, below: atomic<u32> }
struct Params {
    n4: u32, d4: u32, first_row: u32, first_token: u32,
    cols: u32, pairs: u32, width4: u32, head: u32,
    list: u32, pad: u32, pad1: u32, pad2: u32,
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> middle: array<u32>;
@group(0) @binding(2) var<storage, read> live: array<u32>;
@group(0) @binding(3) var<storage, read_write> control: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> rows: array<Row>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;
@group(0) @binding(6) var<storage, read> y: array<vec4f>;
@group(0) @binding(7) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(8) var<uniform> p: Params;

// What underflow can take from the logit and from what stands for it, together.
const LEAST: f32 = 1e-15;
const LOOKED_AT = #LOOKED_ATu;

override LANES: u32 = 16;

fn unpacked(word: u32) -> vec4f {
    return vec4f(bitcast<vec4i>(vec4u(word << 24u, word << 16u, word << 8u, word)) >> vec4u(24u));
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
//# if #BROADCAST
    @builtin(subgroup_invocation_id) neighbour: u32,
//# end
) {
    let n_live = atomicLoad(&control[p.list]);
    let last = max(n_live, 1u) - 1u;
    let m0 = group.y * (#QUADSu * 4u);
    let j0 = (group.x * LANES + lane) * #COLSu;
//# for Q in 0..#QUADS
//# if #BROADCAST
    let a#Q = live[min(m0 + #Qu * 4u + (neighbour & 3u), last)] % p.pairs * p.width4 + p.head * p.n4;
//# end
//# if not #BROADCAST
//# for L in 0..4
    let a#Q_#L = live[min(m0 + #Qu * 4u + #Lu, last)] % p.pairs * p.width4 + p.head * p.n4;
//# end
//# end
//# end
//# for J in 0..#COLS
    let b#J = (p.first_token + min(j0 + #Ju, p.cols - 1u)) * (p.n4 + 2u);
//# end
//# for Q in 0..#QUADS
//# for L in 0..4
//# for J in 0..#COLS
    var c#Q_#L_#J = 0f;
//# end
//# end
//# end
    // A loop for every number of quads, of which one has steps; see project_rank/registers.wgsl.
    let quads = min((last - m0) / 4u + 1u, #QUADSu);
//# for UPTO in 1..=#QUADS
    let steps#UPTO = select(0u, p.n4, quads == #UPTOu);
    for (var i = 0u; i < steps#UPTO; i++) {
//# for Q in 0..#UPTO
//# if #BROADCAST
        let w#Q = v[a#Q + i];
//# for L in 0..4
        let x#Q_#L = subgroupBroadcast(w#Q, #Lu);
//# end
//# end
//# if not #BROADCAST
//# for L in 0..4
        let x#Q_#L = v[a#Q_#L + i];
//# end
//# end
//# end
//# for J in 0..#COLS
        let e#J = unpacked(middle[b#J + i]);
//# for Q in 0..#UPTO
//# for L in 0..4
        c#Q_#L_#J = fma(x#Q_#L.w, e#J.w, fma(x#Q_#L.z, e#J.z, fma(x#Q_#L.y, e#J.y, fma(x#Q_#L.x, e#J.x, c#Q_#L_#J))));
//# end
//# end
//# end
    }
//# end
    // Bits of the tokens that are there, and of those of which something is told.
    var there = 0u;
    var told = 0u;
//# for J in 0..#COLS
    let scale#J = bitcast<f32>(middle[b#J + p.n4]);
    let off#J = bitcast<f32>(middle[b#J + p.n4 + 1u]);
    there |= select(0u, 1u << #Ju, j0 + #Ju < p.cols);
    told |= select(0u, 1u << #Ju, off#J >= 0f);
//# end
    // Of every row, the bits of the tokens that were not told apart from the target.
    var close: array<u32, #ROWS>;
//# for Q in 0..#QUADS
//# for L in 0..4
    {
        let r = live[min(m0 + #Qu * 4u + #Lu, last)];
        let z = rows[r].z;
        let length = lengths[r];
        var above = 0u;
        var below = 0u;
//# for J in 0..#COLS
        let by#J = c#Q_#L_#J * scale#J - z;
        let reach#J = length * off#J + LEAST;
        above |= select(0u, 1u << #Ju, by#J > reach#J);
        below |= select(0u, 1u << #Ju, by#J < -reach#J);
//# end
        // Without its own target, which is no token that could beat it.
        let own = rows[r].token - (p.first_token + j0);
        var others = there & ~select(0u, 1u << (own & 31u), own < #COLSu);
        others = select(0u, others, m0 + #Qu * 4u + #Lu < n_live);
        let sure = select(0u, others & told, length >= 0f);
        above &= sure;
        below &= sure;
        if (above != 0u) { atomicAdd(&rows[r].above, countOneBits(above)); }
        if (below != 0u) { atomicAdd(&rows[r].below, countOneBits(below)); }
        close[#Q * 4 + #L] = others & ~(above | below);
    }
//# end
//# end
    for (var i = 0u; i < #ROWSu; i++) {
        var left = close[i];
        if (left == 0u) { continue; }
        let r = live[m0 + i];
        let token = rows[r].token;
        let z = rows[r].z;
        while (left != 0u) {
            let j = j0 + firstTrailingBit(left);
            left &= left - 1u;
            let from_y = r * p.d4;
            let from_e = (p.first_row + j) * p.d4;
            var c = 0f;
            for (var at = 0u; at < p.d4; at++) {
                let x = y[from_y + at];
                let e = vectors[from_e + at];
                c = fma(x.w, e.w, fma(x.z, e.z, fma(x.y, e.y, fma(x.x, e.x, c))));
            }
            let tie = c == z && p.first_token + j < token;
            if (c > z || tie) { atomicAdd(&rows[r].above, 1u); }
            if (c < z || tie) { atomicAdd(&rows[r].below, 1u); }
            atomicAdd(&control[LOOKED_AT], 1u);
        }
    }
}
