// Logits of up to #QUADS * 4 rows by #COLS tokens an invocation, kept in registers and only counted.
// For adapters on which workgroup memory is slow. With subgroups, four lanes share the loads of
// the rows: a lane reads one row in four and gets the other three from its neighbours.
//# if #ENABLE
enable subgroups;
//# end

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

override LANES: u32 = 16;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
//# if #BROADCAST
    @builtin(subgroup_invocation_id) neighbour: u32,
//# end
) {
    let last = max(control[p.list], 1u) - 1u;
    let m0 = group.y * (#QUADSu * 4u);
    let j0 = (group.x * LANES + lane) * #COLSu;
//# for Q in 0..#QUADS
//# if #BROADCAST
    let a#Q = live[min(m0 + #Qu * 4u + (neighbour & 3u), last)] * p.d4;
//# end
//# if not #BROADCAST
//# for L in 0..4
    let a#Q_#L = live[min(m0 + #Qu * 4u + #Lu, last)] * p.d4;
//# end
//# end
//# end
//# for J in 0..#COLS
    let at#J = min(j0 + #Ju, p.cols - 1u);
    var b#J = p.first_row + at#J;
    if (p.mode == TARGETS) { b#J = live[min(m0 + at#J, last)] % p.pairs; }
    b#J *= p.d4;
//# end
//# for Q in 0..#QUADS
//# for L in 0..4
//# for J in 0..#COLS
    var c#Q_#L_#J = 0f;
//# end
//# end
//# end
    // The last tile may lack rows: a loop for every number of quads, of which one has steps. Not
    // branches: a software adapter computes both sides, and skips only loops without steps.
    let quads = min((last - m0) / 4u + 1u, #QUADSu);
//# for UPTO in 1..=#QUADS
    let steps#UPTO = select(0u, p.d4, quads == #UPTOu);
    for (var i = 0u; i < steps#UPTO; i++) {
//# for Q in 0..#UPTO
//# if #BROADCAST
        let w#Q = y[a#Q + i];
//# for L in 0..4
        let x#Q_#L = subgroupBroadcast(w#Q, #Lu);
//# end
//# end
//# if not #BROADCAST
//# for L in 0..4
        let x#Q_#L = y[a#Q_#L + i];
//# end
//# end
//# end
//# for J in 0..#COLS
        let e#J = vectors[b#J + i];
//# for Q in 0..#UPTO
//# for L in 0..4
        c#Q_#L_#J = fma(x#Q_#L.w, e#J.w, fma(x#Q_#L.z, e#J.z, fma(x#Q_#L.y, e#J.y, fma(x#Q_#L.x, e#J.x, c#Q_#L_#J))));
//# end
//# end
//# end
    }
//# end
    let n_live = control[p.list];
    if (p.mode == TARGETS) {
//# for Q in 0..#QUADS
//# for L in 0..4
        if (m0 + #Qu * 4u + #Lu < n_live) {
//# for J in 0..#COLS
            if (j0 + #Ju == #Qu * 4u + #Lu) { rows[live[m0 + #Qu * 4u + #Lu]].z = c#Q_#L_#J; }
//# end
        }
//# end
//# end
    } else {
//# for J in 0..#COLS
        var t#J = p.first_token + at#J;
        if (p.mode == LIST) { t#J = ids[t#J]; }
        let ok#J = j0 + #Ju < p.cols;
//# end
//# for Q in 0..#QUADS
//# for L in 0..4
        if (m0 + #Qu * 4u + #Lu < n_live) {
            let r = live[m0 + #Qu * 4u + #Lu];
            let token = rows[r].token;
            let z = rows[r].z;
            var above = 0u;
            var below = 0u;
//# for J in 0..#COLS
            if (ok#J && t#J != token) {
                let tie = c#Q_#L_#J == z && t#J < token;
                above += u32(c#Q_#L_#J > z || tie);
                below += u32(c#Q_#L_#J < z || tie);
            }
//# end
            if (above > 0u) { atomicAdd(&rows[r].above, above); }
            if (below > 0u) { atomicAdd(&rows[r].below, below); }
        }
//# end
//# end
    }
}
