/**
 * A small GPT-2 for the tests of the way of weights: GPT-2's vocabulary, so that the embedding has many chunks, six
 * narrow layers whose heads copy at graded strengths, and the causal masks that must never be fetched.
 */
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pkg } from '../../scripts/lib/paths.mjs';

/** `d` is the width; `masks`: whether the file holds the causal masks, 4 MiB a layer; 'odd': others than the usual ones. */
const SMALL = { layers: 6, heads: 2, d: 64, masks: true };
const N_VOCAB = 50_257;
const CONTEXT = 1024;
export const MASK_BYTES = 4 * 1024 * 1024;

/** Numbers in [-1, 1), the same every time. */
function noise(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
}

/** Values of a tensor; null where nothing but zeros stand. */
function tensor(name, length, { heads, d, masks }) {
  const random = noise([...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.codePointAt(0), 7));
  const layer = Number(/^h\.(\d+)/.exec(name)?.[1] ?? 0);
  const out = new Float32Array(length);
  if (name === 'wte.weight') return out.map(random);
  if (name.endsWith('attn.bias')) return out.map((_, i) => Number(i % CONTEXT <= Math.floor(i / CONTEXT)) + (masks === 'odd' ? 1 : 0));
  if (name.endsWith('ln_2.weight')) return out.fill(1);
  // gelu(x) - gelu(-x) = x: this MLP hands its input on.
  if (name.endsWith('mlp.c_fc.weight')) for (let i = 0; i < d; i += 1) [out[i * 4 * d + i], out[i * 4 * d + d + i]] = [1, -1];
  if (name.endsWith('mlp.c_proj.weight')) for (let i = 0; i < d; i += 1) [out[i * d + i], out[(d + i) * d + i]] = [1, -1];
  // W_V and W_O of a head are a projection and its transpose, and the deeper the layer, the more noise.
  const projection = noise(1000 + layer);
  const basis = Float32Array.from({ length: d * d }, projection);
  if (name.endsWith('attn.c_attn.weight')) {
    for (let row = 0; row < d; row += 1) out.set(basis.subarray(row * d, (row + 1) * d), row * 3 * d + 2 * d);
  }
  if (name.endsWith('attn.c_proj.weight')) {
    for (let i = 0; i < d; i += 1) {
      const head = Math.floor(i / (d / heads));
      const sign = head === 1 && layer % 2 ? -1 : 1;
      for (let j = 0; j < d; j += 1) out[i * d + j] = sign * basis[j * d + i] + 0.45 * layer * random();
    }
  }
  return out;
}

/** @returns {[string, number[]][]} names and shapes, in the order in which they stand in the file */
function shapes({ layers, d, masks }) {
  const all = [['ln_f.bias', [d]], ['ln_f.weight', [d]], ['wpe.weight', [1024, d]], ['wte.weight', [N_VOCAB, d]]];
  for (let l = 0; l < layers; l += 1) {
    const layer = {
      ...(masks ? { 'attn.bias': [1, 1, 1024, 1024] } : {}), 'attn.c_attn.bias': [3 * d], 'attn.c_attn.weight': [d, 3 * d], 'attn.c_proj.bias': [d],
      'attn.c_proj.weight': [d, d], 'ln_1.bias': [d], 'ln_1.weight': [d], 'ln_2.bias': [d], 'ln_2.weight': [d],
      'mlp.c_fc.bias': [4 * d], 'mlp.c_fc.weight': [d, 4 * d], 'mlp.c_proj.bias': [d], 'mlp.c_proj.weight': [4 * d, d],
    };
    for (const [name, shape] of Object.entries(layer)) all.push([`h.${l}.${name}`, shape]);
  }
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Writes the model to a new folder.
 * @param {Partial<typeof SMALL>} [options]
 * @returns {{folder: string, size: number, needed: number, gaps: number, tensors: Record<string, [number, number]>}}
 *   `tensors`: first byte and the byte after the last; `needed`: bytes that the static scores read; `gaps`: bytes between
 *   those, which come along
 */
export function makeModel(options = {}) {
  const shape = { ...SMALL, ...options };
  const folder = mkdtempSync(join(tmpdir(), 'headmap-weights-'));
  const header = {};
  let at = 0;
  for (const [name, dims] of shapes(shape)) {
    const bytes = 4 * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const start = 8 + text.length;
  const file = Buffer.alloc(start + at);
  file.writeBigUInt64LE(BigInt(text.length));
  text.copy(file, 8);
  const tensors = {};
  for (const [name, { shape: dims, data_offsets: [from, to] }] of Object.entries(header)) {
    tensors[name] = [start + from, start + to];
    const values = tensor(name, dims.reduce((a, b) => a * b, 1), shape);
    Buffer.from(values.buffer).copy(file, start + from);
  }
  writeFileSync(join(folder, 'model.safetensors'), file);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'gpt2', n_layer: shape.layers, n_head: shape.heads, n_embd: shape.d, vocab_size: N_VOCAB }));
  copyFileSync(join(pkg, 'models', 'gpt2-tokenizer.json'), join(folder, 'tokenizer.json'));
  const isNeeded = (name) => name === 'wte.weight' || /attn\.c_(attn|proj)\.weight$/.test(name) || /^h\.0\.(ln_2|mlp)/.test(name);
  const needed = Object.entries(tensors).reduce((sum, [name, [from, to]]) => sum + (isNeeded(name) ? to - from : 0), 0);
  // The bias before each W_O, and layer 0's first LayerNorm: they lie between tensors of one request.
  const gaps = 4 * shape.d * (shape.layers + 2);
  return { folder, size: file.length, needed, gaps, tensors };
}
