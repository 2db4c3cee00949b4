/**
 * Weights of GPT-2's shapes, made here, kept in the cache folder.
 *
 * `graded-*` is what examples/make_weights makes: in every head a known strength of copying, and a first MLP that
 * passes half of every source on, so that more than a quarter of all (head, pair) are members, many more than in any
 * real model. `faint-*` is the same with a first MLP that passes a tenth on, as the reference's own recipe does: about
 * three in a hundred are members there, as in the published models. The goals are stated for that one.
 */
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeWeights } from '../../scripts/make-planted.mjs';
import { cache, pkg } from '../../scripts/lib/paths.mjs';
import { say } from '../../scripts/lib/run.mjs';

export const benchCache = join(cache, 'bench');
const weightsDir = join(benchCache, 'weights');
const TOKENIZER = join(pkg, 'models/gpt2-tokenizer.json');

/** @param {string} name as `faint-small` or `graded-medium` @returns {Promise<string>} the folder that holds it */
export async function weights(name) {
  const folder = join(weightsDir, name);
  const file = join(folder, 'model.safetensors');
  if (existsSync(file)) return folder;
  const [kind, shape] = name.split('-');
  say(`making weights of GPT-2 ${shape}'s shape (${kind})`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const whole = join(weightsDir, `graded-${shape}`);
  if (kind === 'faint' && existsSync(join(whole, 'model.safetensors'))) {
    for (const f of ['model.safetensors', 'config.json', 'tokenizer.json']) copyFileSync(join(whole, f), join(part, f));
  } else {
    await makeWeights(['graded', '--shape', shape, '--out', part, '--tokenizer', TOKENIZER]);
  }
  if (kind === 'faint') makeFaint(join(part, 'model.safetensors'));
  renameSync(part, folder);
  return folder;
}

/** Where a tensor's bytes are. */
function tensor(fd, name) {
  const length = Buffer.alloc(8);
  readSync(fd, length, 0, 8, 0);
  const header = Buffer.alloc(Number(length.readBigUInt64LE()));
  readSync(fd, header, 0, header.length, 8);
  const { shape, data_offsets: [start] } = JSON.parse(header.toString('utf8'))[name];
  return { shape, offset: 8 + header.length + start };
}

/** Hidden units 2i and 2i + 1 carry coordinate i with opposite signs: what they give back becomes a fifth of it. */
function makeFaint(file) {
  const fd = openSync(file, 'r+');
  try {
    const { shape: [, width], offset } = tensor(fd, 'h.0.mlp.c_proj.weight');
    const value = Buffer.alloc(4);
    for (let unit = 0; unit < 2 * width; unit++) {
      const at = offset + 4 * (unit * width + (unit >> 1));
      readSync(fd, value, 0, 4, at);
      const sign = unit % 2 ? -1 : 1;
      if (value.readFloatLE() !== 0.5 * sign) throw new Error(`${file} is not laid out as graded weights are`);
      value.writeFloatLE(0.1 * sign);
      writeSync(fd, value, 0, 4, at);
    }
  } finally {
    closeSync(fd);
  }
}

/** @returns {string} of a file in pieces */
export function sha256(file) {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(1 << 22);
  const fd = openSync(file, 'r');
  for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) hash.update(piece.subarray(0, n));
  closeSync(fd);
  return hash.digest('hex');
}

export const fileBytes = (file) => statSync(file).size;
export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
