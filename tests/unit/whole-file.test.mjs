/** Whether a whole file is the one that it passes for: the verdict, the masks that nobody fetches, the workers' room. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { headerOf, SHAPES } from '../e2e/weights-xl.mjs';
import { maskBytes, masksIn } from '../../www/source/masks.js';
import { judge } from '../../www/source/verdict.js';

const models = JSON.parse(readFileSync(new URL('../../www/data/models.json', import.meta.url), 'utf8'));
const [small] = models;
const OTHER = 'ab'.repeat(32);
const local = { name: 'model.safetensors', bytes: 1000, provenance: { source: 'file', repository: null, revision: null } };
const fromHub = ({ repository, revision, bytes }) => ({ ...local, bytes, provenance: { source: 'hub', repository, revision } });

test('a published file is known again, wherever it comes from', () => {
  for (const entry of models.filter(({ sha256 }) => sha256)) {
    for (const file of [local, fromHub(entry), { ...local, promised: entry.sha256 }]) {
      assert.deepEqual(judge(entry.sha256, file, models), { checked: 'published', problem: null });
    }
  }
});

test('a file that passes for a published one and is not is refused in words', () => {
  const changed = judge(OTHER, { ...local, bytes: small.bytes }, models);
  assert.equal(changed.checked, 'differs');
  assert.match(changed.problem, /has the size of the published GPT-2 small.*was changed, by training or by damage, or what is written down is wrong/);
  const hub = judge(OTHER, fromHub(small), models);
  assert.equal(hub.checked, 'differs');
  assert.match(hub.problem, /either another file came or what is written down is wrong/);
  for (const { problem } of [changed, hub]) {
    assert.ok(problem.includes(OTHER.slice(0, 12)) && problem.includes(small.sha256.slice(0, 12)), 'both hashes');
    assert.match(problem, /[.]$/);
  }
});

test('where there is nothing to hold it against, nothing is claimed', () => {
  assert.deepEqual(judge(OTHER, local, models), { checked: null, problem: null });
  const medium = models.find(({ sha256 }) => !sha256);
  assert.deepEqual(judge(OTHER, fromHub(medium), models), { checked: null, problem: null }, 'a model without a known hash');
  const xl = models.find(({ sha256, bytes_approximate: about }) => sha256 && about);
  assert.equal(judge(OTHER, { ...local, bytes: xl.bytes }, models).checked, null, 'a size that is only about right says nothing');
  assert.equal(judge(OTHER, { ...fromHub(small), provenance: { ...fromHub(small).provenance, revision: 'main' } }, models).checked, 'differs', 'the size still says it');
});

test('a manifest is held to its word', () => {
  assert.equal(judge(OTHER, { ...local, promised: OTHER }, models).checked, 'manifest');
  const lie = judge(OTHER, { ...local, promised: 'cd'.repeat(32) }, models);
  assert.equal(lie.checked, 'differs');
  assert.match(lie.problem, /manifest contradicts itself/);
});

test('masks are 1 on and below the diagonal, in every piece of them', () => {
  const { head } = headerOf(SHAPES.small);
  const masks = masksIn(head);
  assert.equal(masks.length, 12);
  assert.ok(masks.every(({ n, from, to }) => n === 1024 && to - from === 4 << 20));
  const mask = { from: 100, to: 100 + 4 * 9, n: 3 };
  const whole = new Uint8Array(Float32Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1).buffer);
  for (let from = 0; from < whole.length; from += 5) {
    for (const to of [from + 1, from + 6, whole.length].filter((end) => end <= whole.length)) {
      assert.deepEqual(maskBytes(mask, 100 + from, 100 + to), whole.slice(from, to), `${from} to ${to}`);
    }
  }
});

test('only tensors that are masks pass for masks', () => {
  const header = (entry) => {
    const text = Buffer.from(JSON.stringify({ 'h.0.attn.bias': entry }));
    const head = Buffer.alloc(8 + text.length);
    head.writeBigUInt64LE(BigInt(text.length));
    text.copy(head, 8);
    return head;
  };
  const good = { dtype: 'F32', shape: [1, 1, 4, 4], data_offsets: [0, 64] };
  assert.equal(masksIn(header(good)).length, 1);
  for (const lie of [{ dtype: 'U8' }, { shape: [4, 4] }, { shape: [1, 1, 4, 5] }, { data_offsets: [0, 60] }, { shape: [1, 1, 1e9, 1e9] }, { data_offsets: null }]) {
    assert.deepEqual(masksIn(header({ ...good, ...lie })), [], JSON.stringify(lie));
  }
  assert.deepEqual(masksIn(new Uint8Array(20)), []);
});
