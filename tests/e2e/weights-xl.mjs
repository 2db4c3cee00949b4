/**
 * Files with the header and shapes of the real checkpoints and zeros for numbers: sparse, so that GPT-2 XL's 6.4 GB
 * take no room.
 */
import { closeSync, copyFileSync, ftruncateSync, mkdtempSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pkg } from '../../scripts/lib/paths.mjs';

export const SHAPES = {
  small: { layers: 12, d: 768, heads: 12 },
  medium: { layers: 24, d: 1024, heads: 16 },
  large: { layers: 36, d: 1280, heads: 20 },
  xl: { layers: 48, d: 1600, heads: 25 },
};
const N_VOCAB = 50_257;

/** Names and shapes of a GPT-2's tensors as the hub's files have them. */
function tensors({ layers, d }) {
  const all = [['wte.weight', [N_VOCAB, d]], ['wpe.weight', [1024, d]], ['ln_f.weight', [d]], ['ln_f.bias', [d]]];
  for (let l = 0; l < layers; l += 1) {
    for (const [name, shape] of Object.entries({
      'attn.bias': [1, 1, 1024, 1024], 'attn.c_attn.bias': [3 * d], 'attn.c_attn.weight': [d, 3 * d], 'attn.c_proj.bias': [d],
      'attn.c_proj.weight': [d, d], 'ln_1.bias': [d], 'ln_1.weight': [d], 'ln_2.bias': [d], 'ln_2.weight': [d], 'mlp.c_fc.bias': [4 * d],
      'mlp.c_fc.weight': [d, 4 * d], 'mlp.c_proj.bias': [d], 'mlp.c_proj.weight': [4 * d, d],
    })) all.push([`h.${l}.${name}`, shape]);
  }
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns {{head: Buffer, size: number}} length field and header, and the bytes of the whole file */
export function headerOf(shape) {
  const header = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const [name, dims] of tensors(shape)) {
    const bytes = 4 * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8 + text.length);
  head.writeBigUInt64LE(BigInt(text.length));
  text.copy(head, 8);
  return { head, size: head.length + at };
}

/** What the static scores read of a real checkpoint, in the order of the job: `[offset, length]`. */
export function jobOf(head) {
  const header = JSON.parse(head.subarray(8).toString('utf8'));
  const layers = Object.keys(header).filter((name) => name.endsWith('c_attn.weight')).length;
  const attention = (l) => [`h.${l}.attn.c_attn.weight`, `h.${l}.attn.c_proj.weight`];
  const mlp = ['ln_2.weight', 'ln_2.bias', 'mlp.c_fc.weight', 'mlp.c_fc.bias', 'mlp.c_proj.weight', 'mlp.c_proj.bias'].map((name) => `h.0.${name}`);
  const keys = ['wte.weight', ...attention(0), ...mlp, ...Array.from({ length: layers - 1 }, (_, l) => attention(l + 1)).flat()];
  return keys.map((key) => {
    const [from, to] = header[key].data_offsets;
    return [head.length + from, to - from];
  });
}

/** Writes the sparse file with its config and GPT-2's tokenizer; @returns {{folder: string, size: number}} */
export function sparseModel(name) {
  const shape = SHAPES[name];
  const folder = mkdtempSync(join(tmpdir(), `headmap-${name}-`));
  const { head, size } = headerOf(shape);
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, head);
  ftruncateSync(file, size);
  closeSync(file);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'gpt2', n_layer: shape.layers, n_head: shape.heads, n_embd: shape.d, vocab_size: N_VOCAB }));
  copyFileSync(join(pkg, 'models', 'gpt2-tokenizer.json'), join(folder, 'tokenizer.json'));
  return { folder, size };
}
