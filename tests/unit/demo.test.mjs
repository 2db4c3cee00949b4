/** The models that come with the page, and the demonstration model's files. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import test from 'node:test';
import { checkTraining } from '../../www/demo/training.js';
import { bundledId, bundledModels, chosenAtStart } from '../../www/page/bundled.js';
import { modelKey } from '../../www/page/known-heads.js';

const file = (name) => new URL(`../../models/demo/${name}`, import.meta.url);
const sha256 = (name) => createHash('sha256').update(readFileSync(file(name))).digest('hex');

test('the trained model is opened first, another when the address asks for it', () => {
  const list = bundledModels('https://example.org/site/');
  assert.equal(chosenAtStart(list, '').id, 'demo');
  assert.equal(chosenAtStart(list, '?model=planted').id, 'planted');
  assert.equal(chosenAtStart(list, '?model=gpt5').id, 'demo');
  assert.ok(list.every(({ spec }) => spec.base.startsWith('https://example.org/site/models/')));
});

test('only the bundled file is the demonstration model, whatever its name', () => {
  assert.equal(bundledId({ source: 'bundled', name: 'Demonstration model' }), 'demo');
  assert.equal(bundledId({ source: 'file', name: 'Demonstration model' }), null);
  assert.equal(modelKey({ source: 'bundled', name: 'Demonstration model', nLayer: 5, nHead: 6 }), 'demo');
  assert.equal(modelKey({ source: 'file', name: 'Demonstration model', nLayer: 4, nHead: 4 }), null);
});

test('the weights that are shipped are those of the log, and few enough to be fetched', () => {
  const { sha256: pinned, recipe_sha256: recipe } = JSON.parse(readFileSync(file('training.json')));
  for (const name of ['model.safetensors', 'config.json', 'tokenizer.json']) assert.equal(sha256(name), pinned[name], name);
  assert.match(recipe, /^[0-9a-f]{64}$/);
  assert.ok(statSync(file('model.safetensors')).size <= 6e6);
});

test('a log that is none is refused', () => {
  const good = JSON.parse(readFileSync(file('training.json')));
  assert.equal(checkTraining(good).shape.n_head, good.recipe.shape.n_head);
  for (const bad of [null, {}, { ...good, steps: [] }, { ...good, measured: [...good.measured].reverse() }, { ...good, recipe: {} }]) {
    assert.throws(() => checkTraining(bad), /not the log of a training/);
  }
});
