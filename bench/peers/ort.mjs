/** onnxruntime-web's matrix product on one wasm thread. Runs in the page. */

const utf8 = new TextEncoder();
const varint = (n) => {
  const out = [];
  for (let v = n; ; v = Math.floor(v / 128)) {
    if (v < 128) return [...out, v];
    out.push((v % 128) | 128);
  }
};
/** Fields of protobuf: bytes of a known length, and whole numbers. */
const bytes = (field, ...parts) => {
  const length = parts.reduce((n, p) => n + p.length, 0);
  return [[...varint(field * 8 + 2), ...varint(length)], ...parts].map((p) => Uint8Array.from(p));
};
const flat = (list) => {
  const out = new Uint8Array(list.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of list) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};
const message = (field, ...parts) => flat(bytes(field, ...parts));
const number = (field, value) => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const text = (field, value) => message(field, utf8.encode(value));

/** ONNX: C = A B, B being a part of the model, so that it is packed once and ahead of time. */
function model(m, k, n, b) {
  const FLOAT = 1;
  const dimension = (size) => message(1, number(1, size));
  const value = (field, name, shape) => message(field, text(1, name), message(2, message(1, number(1, FLOAT), message(2, ...shape.map(dimension)))));
  const node = message(1, text(1, 'A'), text(1, 'B'), text(2, 'C'), text(4, 'MatMul'));
  const weights = message(5, number(1, k), number(1, n), number(2, FLOAT), text(8, 'B'), message(9, new Uint8Array(b.buffer)));
  const graph = message(7, node, text(2, 'product'), weights, value(11, 'A', [m, k]), value(12, 'C', [m, n]));
  return flat([number(1, 8), graph, message(8, text(1, ''), number(2, 17))]);
}

/** @returns {Promise<number[]>} milliseconds of each of `runs` products */
export async function timeOrt(base, { m, k, n, runs }) {
  const ort = await import(`${base}ort.wasm.bundle.min.mjs`);
  ort.env.wasm.wasmPaths = base;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  const noise = (length) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 1013) / 1013 - 0.5);
  const [a, b] = [noise(m * k), noise(k * n)];
  const session = await ort.InferenceSession.create(model(m, k, n, b), { executionProviders: ['wasm'] });
  const feed = { A: new ort.Tensor('float32', a, [m, k]) };
  const times = [];
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    const { C } = await session.run(feed);
    times.push(performance.now() - start);
    if (i === 0) check(a, b, C.data, { k, n });
  }
  await session.release();
  return times.slice(1);
}

/** A peer that computes something else would be no peer. */
function check(a, b, c, { k, n }) {
  for (const [i, j] of [[0, 0], [7, 301], [100, n - 1]]) {
    let sum = 0;
    for (let x = 0; x < k; x++) sum += a[i * k + x] * b[x * n + j];
    if (!(Math.abs(sum - c[i * n + j]) < 1e-3)) throw new Error(`onnxruntime-web gave ${c[i * n + j]} where ${sum} was right`);
  }
}
