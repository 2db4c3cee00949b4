/** examples/make_weights: the same bytes on every machine, and what was planted is what the reference found. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePlanted, makeWeights } from '../../scripts/make-planted.mjs';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const expected = json(path('tests/golden/models.json'));
const tinyTokenizer = path('tests/golden/tokenizers/tiny.json');
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headmap-weights-'));
  await makePlanted(join(folder, 'planted'));
  const tiny = ['tiny', '--tokenizer', tinyTokenizer];
  await makeWeights([...tiny, '--out', join(folder, 'tiny')]);
  await makeWeights([...tiny, '--out', join(folder, 'f16'), '--dtype', 'f16', '--prefix']);
  await makeWeights([...tiny, '--out', join(folder, 'bf16'), '--dtype', 'bf16']);
});
after(() => rmSync(folder, { recursive: true }));

function header(name) {
  const bytes = readFileSync(join(folder, name, 'model.safetensors'));
  const length = Number(bytes.readBigUInt64LE(0));
  return { bytes, start: 8 + length, tensors: JSON.parse(bytes.subarray(8, 8 + length).toString()) };
}

test('tiny and planted weights have the pinned sha256', () => {
  for (const name of ['tiny', 'planted']) {
    assert.equal(sha256(join(folder, name, 'model.safetensors')), expected[name]['model.safetensors'], name);
  }
});

test('the file is exactly GPT-2’s layout, covered without gaps', () => {
  const { bytes, start, tensors } = header('tiny');
  const { n_layer: layers, n_embd: width, n_ctx: context, vocab_size: vocabulary } = json(join(folder, 'tiny', 'config.json'));
  assert.deepEqual([layers, width, context, vocabulary], [2, 32, 64, 1000]);
  const names = Object.keys(tensors).filter((name) => name !== '__metadata__');
  assert.equal(names.length, 4 + 13 * layers);
  assert.deepEqual(tensors['wte.weight'].shape, [vocabulary, width]);
  assert.deepEqual(tensors['h.1.attn.c_attn.weight'].shape, [width, 3 * width]);
  assert.deepEqual(tensors['h.1.attn.bias'].shape, [1, 1, context, context]);
  let at = 0;
  for (const { shape, data_offsets: [from, to] } of names.map((name) => tensors[name])) {
    assert.equal(from, at);
    assert.equal(to - from, 4 * shape.reduce((a, b) => a * b, 1));
    at = to;
  }
  assert.equal(bytes.length, start + at);
});

test('the other dtypes hold the same numbers, rounded, and the prefix stands before every name', () => {
  const full = header('tiny');
  const value = ({ bytes, start, tensors }, name, index, size) => bytes.subarray(start + tensors[name].data_offsets[0] + size * index).subarray(0, size);
  const f16 = header('f16');
  const bf16 = header('bf16');
  assert.ok(Object.keys(f16.tensors).every((name) => name === '__metadata__' || name.startsWith('transformer.')));
  assert.equal(f16.tensors['transformer.wte.weight'].dtype, 'F16');
  assert.equal(bf16.tensors['wte.weight'].dtype, 'BF16');
  for (let index = 0; index < 1000; index += 7) {
    const exact = value(full, 'wte.weight', index, 4).readFloatLE();
    const bits = value(bf16, 'wte.weight', index, 2).readUInt16LE();
    const wide = Buffer.alloc(4);
    wide.writeUInt32LE(bits * 65536);
    assert.ok(Math.abs(wide.readFloatLE() - exact) <= Math.abs(exact) / 256);
    const half = value(f16, 'transformer.wte.weight', index, 2).readUInt16LE();
    const exponent = (half >> 10) & 31;
    const magnitude = exponent ? (1 + (half & 1023) / 1024) * 2 ** (exponent - 15) : (half & 1023) / 1024 * 2 ** -14;
    assert.ok(Math.abs((half >> 15 ? -magnitude : magnitude) - exact) <= Math.abs(exact) / 2048 + 2 ** -25);
  }
});

test('what planted.json foretells is what the reference counted', () => {
  const { heads, groups } = json(join(folder, 'planted', 'planted.json'));
  const { cases } = json(path('tests/golden/static-planted.json'));
  const foretold = heads.filter((head) => head.expected);
  assert.ok(foretold.length >= 12);
  for (const { layer, head, strength, expected: { relation, sign, k, hits, total } } of foretold) {
    const found = cases.find((each) => each.relation === relation && each.k === k && each.preprocessing === 'first_mlp');
    assert.equal(found.n_pairs, total);
    const score = sign === 'relation' ? found.score : found.suppression;
    assert.equal(score.hits[layer][head], hits, `${layer}.${head}`);
    assert.ok(Math.abs(hits / total - strength) < 0.02, `${layer}.${head} was planted with ${strength}`);
  }
  assert.equal(groups.name_copying.flat().length, 155);
});

test('the known heads of the planted model are the planted ones', () => {
  const { heads } = json(join(folder, 'planted', 'planted.json'));
  const { groups } = json(path('www/data/known-heads.json')).find(({ model }) => model === 'planted');
  const sort = (list) => list.map(String).sort();
  assert.deepEqual(sort(groups.flatMap((group) => group.heads)), sort(heads.map(({ layer, head }) => [layer, head])));
  for (const { layer, head, expected: told } of heads.filter((each) => each.expected)) {
    const group = groups.find((each) => each.heads.some(([l, h]) => l === layer && h === head));
    assert.deepEqual([group.relation, group.panel], [told.relation, told.sign]);
  }
});
