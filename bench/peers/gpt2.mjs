/** GPT-2 as a graph for onnxruntime-web, with the weights of a checkpoint. Runs in the page. */
import { onnx } from './onnx.mjs';

/** @returns {Promise<(name: string) => {shape: number[], data: Float32Array}>} the tensors of a safetensors file */
async function checkpoint(url) {
  const file = await (await fetch(url)).arrayBuffer();
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  return (name) => {
    const { shape, data_offsets: [from, to] } = header[name];
    // A header's length need not be a multiple of four.
    return { shape, data: new Float32Array(file.slice(8 + length + from, 8 + length + to)) };
  };
}

/** The graph: token ids `[1, t]` to the logits after the last of them `[1, vocabulary]`. */
function graph(tensor, { nLayer, nHead, t }) {
  const constants = [];
  const nodes = [];
  const add = (name, { shape, data }) => constants.push({ name, shape, data }) && name;
  const weight = (name) => add(name, tensor(name));
  const whole = (name, numbers) => add(name, { shape: [numbers.length], data: BigInt64Array.from(numbers.map(BigInt)) });
  const op = (kind, inputs, output, attributes) => {
    nodes.push({ op: kind, inputs, outputs: [output], attributes });
    return output;
  };
  const wte = tensor('wte.weight');
  const [vocabulary, d] = wte.shape;
  const norm = (x, key, to) => op('LayerNormalization', [x, weight(`${key}.weight`), weight(`${key}.bias`)], to, { axis: 2, epsilon: 1e-5 });
  const linear = (x, key, to) => op('Add', [op('MatMul', [x, weight(`${key}.weight`)], `${to}.product`), weight(`${key}.bias`)], to);

  add('wte', wte);
  const wpe = tensor('wpe.weight');
  add('wpe', { shape: [t, d], data: wpe.data.slice(0, t * d) });
  const mask = new Float32Array(t * t);
  for (let q = 0; q < t; q++) mask.fill(-1e30, q * t + q + 1, (q + 1) * t);
  add('mask', { shape: [t, t], data: mask });
  add('scale', { shape: [1], data: Float32Array.of(1 / Math.sqrt(d / nHead)) });
  const heads = whole('heads', [1, t, nHead, d / nHead]);
  const flat = whole('flat', [1, t, d]);
  const thirds = whole('thirds', [d, d, d]);

  let x = op('Add', [op('Gather', ['wte', 'ids'], 'tokens', { axis: 0 }), 'wpe'], 'x');
  for (let l = 0; l < nLayer; l++) {
    const h = `h.${l}`;
    const qkv = linear(norm(x, `${h}.ln_1`, `${h}.n1`), `${h}.attn.c_attn`, `${h}.qkv`);
    nodes.push({ op: 'Split', inputs: [qkv, thirds], outputs: ['q', 'k', 'v'].map((n) => `${h}.${n}`), attributes: { axis: 2 } });
    const split = (n, perm) => op('Transpose', [op('Reshape', [`${h}.${n}`, heads], `${h}.${n}4`)], `${h}.${n}t`, { perm });
    const scores = op('Mul', [op('MatMul', [split('q', [0, 2, 1, 3]), split('k', [0, 2, 3, 1])], `${h}.qk`), 'scale'], `${h}.scores`);
    const pattern = op('Softmax', [op('Add', [scores, 'mask'], `${h}.masked`)], `${h}.pattern`, { axis: 3 });
    const z = op('Transpose', [op('MatMul', [pattern, split('v', [0, 2, 1, 3])], `${h}.z`)], `${h}.zt`, { perm: [0, 2, 1, 3] });
    x = op('Add', [x, linear(op('Reshape', [z, flat], `${h}.zf`), `${h}.attn.c_proj`, `${h}.attn`)], `${h}.mid`);
    const inner = op('Gelu', [linear(norm(x, `${h}.ln_2`, `${h}.n2`), `${h}.mlp.c_fc`, `${h}.fc`)], `${h}.gelu`, { approximate: 'tanh' });
    x = op('Add', [x, linear(inner, `${h}.mlp.c_proj`, `${h}.mlp`)], `${h}.out`);
  }
  const last = op('Gather', [x, whole('last', [t - 1])], 'end', { axis: 1 });
  const row = op('Reshape', [norm(last, 'ln_f', 'ended'), whole('row', [1, d])], 'rowed');
  op('Gemm', [row, 'wte'], 'logits', { transB: 1 });
  return {
    inputs: [{ name: 'ids', shape: [1, t], type: 7 }],
    outputs: [{ name: 'logits', shape: [1, vocabulary] }],
    constants,
    nodes,
  };
}

/**
 * @param {string} base onnxruntime-web's folder
 * @param {'wasm'|'webgpu'} provider
 * @param {{url: string, ids: number[], nLayer: number, nHead: number}} options
 * @returns {Promise<() => Promise<{ms: number, top: number, logit: number}>>} one forward pass: its time, and the most likely next token
 */
export async function openGpt2(base, provider, { url, ids, nLayer, nHead }) {
  const ort = await import(`${base}${provider === 'webgpu' ? 'ort.webgpu.bundle.min.mjs' : 'ort.wasm.bundle.min.mjs'}`);
  ort.env.wasm.wasmPaths = base;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  const model = onnx(graph(await checkpoint(url), { nLayer, nHead, t: ids.length }));
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider] });
  const feed = { ids: new ort.Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [1, ids.length]) };
  return async () => {
    const start = performance.now();
    const { logits: { data: logits } } = await session.run(feed);
    const ms = performance.now() - start;
    const top = logits.reduce((best, z, i) => (z > logits[best] ? i : best), 0);
    return { ms, top, logit: logits[top] };
  };
}
