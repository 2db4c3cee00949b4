#!/usr/bin/env python3
"""The full projection with numpy: numpy_full.py WEIGHTS PAIRS.json RUNS. PAIRS.json is [[source id, target id], ...].

z = x W_V W_O W_U for every head, x = e in layer 0 and MLP_0(LN2_0(e)) elsewhere; then how many tokens beat the target in z
and in -z. Prints one JSON object: seconds of every run in float32, and for k = 1 and 10 the hits [layer][head] counted
in float64 with the interval [lo, hi] that a near tie (within 1e-5 |y| |target|) allows float32 to land in.
"""
import json, math, os, struct, sys, time
import numpy as np

folder, pairs_file, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
config = json.load(open(os.path.join(folder, "config.json")))
N_LAYER, N_HEAD, D, EPS = config["n_layer"], config["n_head"], config["n_embd"], config["layer_norm_epsilon"]
D_HEAD = D // N_HEAD
pairs = np.array(json.load(open(pairs_file)))
source, target = pairs[:, 0], pairs[:, 1]

data = np.memmap(os.path.join(folder, "model.safetensors"), np.uint8, "r")
size = struct.unpack("<Q", data[:8].tobytes())[0]
header = json.loads(data[8:8 + size].tobytes())


def tensor(name):
    t = header[name]
    assert t["dtype"] == "F32"
    start, end = t["data_offsets"]
    return np.array(data[8 + size + start:8 + size + end].view("<f4").reshape(t["shape"]))


class Weights:
    def __init__(self, dtype):
        cast = lambda name: tensor(name).astype(dtype)
        self.embedding = cast("wte.weight")
        self.mlp = [cast(f"h.0.{n}") for n in ("ln_2.weight", "ln_2.bias", "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias")]
        self.v = [cast(f"h.{l}.attn.c_attn.weight")[:, 2 * D:] for l in range(N_LAYER)]
        self.o = [cast(f"h.{l}.attn.c_proj.weight") for l in range(N_LAYER)]

    def first_mlp(self, e):
        g, b, w1, b1, w2, b2 = self.mlp
        c = e - e.mean(-1, keepdims=True)
        x = (c / np.sqrt((c * c).mean(-1, keepdims=True) + e.dtype.type(EPS)) * g + b) @ w1 + b1
        x = e.dtype.type(0.5) * x * (1 + np.tanh(e.dtype.type(math.sqrt(2 / math.pi)) * (x + e.dtype.type(0.044715) * x * x * x)))
        return x @ w2 + b2

    def heads(self):
        e = self.embedding[source]
        x = self.first_mlp(e)
        for l in range(N_LAYER):
            for h in range(N_HEAD):
                part = slice(h * D_HEAD, (h + 1) * D_HEAD)
                yield l, h, ((e if l == 0 else x) @ self.v[l][:, part]) @ self.o[l][part]


def full(w):
    """What is timed: ranks of every target in both signs."""
    rows = np.arange(len(target))
    out = []
    for _, _, y in w.heads():
        z = y @ w.embedding.T
        t = z[rows, target][:, None]
        out.append(((z > t).sum(1), (z < t).sum(1)))
    return out


def reference(w, ks=(1, 10)):
    rows, lengths = np.arange(len(target)), np.linalg.norm(w.embedding[target], axis=1)
    zero = lambda: {f: [[0] * N_HEAD for _ in range(N_LAYER)] for f in ("hits", "lo", "hi")}
    cases = {str(k): {"score": zero(), "suppression": zero()} for k in ks}
    for l, h, y in w.heads():
        z = y @ w.embedding.T
        t, near = z[rows, target][:, None], (1e-5 * np.linalg.norm(y, axis=1) * lengths)[:, None]
        for sign in ("score", "suppression"):
            if sign == "suppression":
                z, t = -z, -t
            rank, sure, maybe = (z > t).sum(1), (z > t + near).sum(1), (z >= t - near).sum(1) - 1
            for k in ks:
                case = cases[str(k)][sign]
                case["hits"][l][h], case["lo"][l][h], case["hi"][l][h] = int((rank < k).sum()), int((maybe < k).sum()), int((sure < k).sum())
    return cases


w = Weights(np.float32)
seconds = []
for _ in range(runs):
    start = time.perf_counter()
    full(w)
    seconds.append(time.perf_counter() - start)
del w
print(json.dumps({"numpy": np.__version__, "seconds": seconds, "cases": reference(Weights(np.float64))}))
