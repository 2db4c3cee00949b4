/** Known heads, published values and the hub's models: sources, places inside the model, and agreement with the papers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const read = (name) => JSON.parse(readFileSync(new URL(`../../www/data/${name}`, import.meta.url), 'utf8'));
const sets = read('known-heads.json');
const SHAPES = { gpt2: [12, 12], 'gpt2-medium': [24, 16], planted: [4, 4], demo: [5, 6] };
const inside = (model) => ([layer, head]) => layer >= 0 && layer < SHAPES[model][0] && head >= 0 && head < SHAPES[model][1];
const text = (heads) => heads.map((head) => head.join('.')).join(' ');

test('every set says where it comes from, and its heads are heads of its model, none twice in a group', () => {
  assert.equal(new Set(sets.map(({ id }) => id)).size, sets.length);
  for (const { id, model, title, source, status, groups } of sets) {
    assert.ok(title && source, id);
    assert.ok(["stated in the paper's text", 'read off a figure', 'planted', 'measured by this project'].includes(status), id);
    for (const { name, marker, panel, heads } of groups) {
      assert.ok(name && ['x', 'dot'].includes(marker) && ['relation', 'suppression', 'any'].includes(panel), id);
      assert.ok(heads.length > 0 && heads.every(inside(model)), `${id}: ${name}`);
      assert.equal(new Set(heads.map(String)).size, heads.length);
    }
  }
});

test('the circuit of Wang et al. has 26 heads', () => {
  const { groups } = sets.find(({ id }) => id === 'gpt2-wild');
  assert.equal(new Set(groups.flatMap(({ heads }) => heads.map(String))).size, 26);
});

test('figure A marks name movers on the left and negative ones on the right', () => {
  const { groups } = sets.find(({ model, figure }) => model === 'gpt2' && figure === 'A');
  const marks = groups.map(({ name, marker, panel, heads }) => [name, marker, panel, text(heads)]);
  assert.deepEqual(marks, [
    ['Name-Mover Heads', 'x', 'relation', '9.9 9.6 10.0'],
    ['Backup Name-Mover Heads', 'dot', 'relation', '9.0 10.1 10.2 10.6 10.10 11.2 11.9'],
    ['(Negative) Name-Mover Heads', 'x', 'suppression', '10.7 11.10'],
    ['Backup (Negative) Name-Mover Heads', 'dot', 'suppression', '9.7'],
  ]);
});

test('capital heads are said to be read off a figure wherever they stand', () => {
  const standing = sets.filter(({ model, groups }) => model === 'gpt2-medium' && groups.some(({ name }) => /capital/i.test(name)));
  assert.equal(standing.length, 1);
  assert.equal(standing[0].status, 'read off a figure');
  assert.equal(standing[0].figure, 'B');
});

test('published values are ranges between 0 and 1 at heads of the model', () => {
  const published = read('published.json');
  for (const [model, { figure, source, panels }] of Object.entries(published)) {
    assert.ok(['A', 'B'].includes(figure) && source.includes('by eye'));
    for (const { values, sign } of panels) {
      assert.ok(['relation', 'suppression'].includes(sign));
      for (const [layer, head, low, high] of values) {
        assert.ok(inside(model)([layer, head]) && low >= 0 && low <= high && high <= 1, `${model} ${layer}.${head}`);
      }
    }
  }
});

test('models are pinned to a revision; a hash is a sha256 or not known', () => {
  const models = read('models.json');
  assert.equal(models.length, 5);
  for (const { repository, revision, bytes, sha256, label } of models) {
    assert.match(repository, /^[\w-]+\/[\w-]+$/);
    assert.match(revision, /^[0-9a-f]{40}$/);
    assert.ok(bytes > 300e6 && bytes < 7e9 && label);
    assert.ok(sha256 === null || /^[0-9a-f]{64}$/.test(sha256));
  }
});
