/** onnxruntime-web's matrix product on one wasm thread. Runs in the page. */
import { onnx } from './onnx.mjs';

/** ONNX: C = A B, B being a part of the model, so that it is packed once and ahead of time. */
const model = (m, k, n, b) => onnx({
  inputs: [{ name: 'A', shape: [m, k] }],
  outputs: [{ name: 'C', shape: [m, n] }],
  constants: [{ name: 'B', shape: [k, n], data: b }],
  nodes: [{ op: 'MatMul', inputs: ['A', 'B'], outputs: ['C'] }],
});

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
