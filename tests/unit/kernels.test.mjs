/** What is remembered of the adapters' kernels, in a Cache API of this file's own. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { rememberKernel, rememberedKernels } from '../../www/kernels.js';

let kept;
beforeEach(() => {
  kept = new Map();
  globalThis.caches = { open: async () => ({ match: async (key) => kept.get(key)?.clone(), put: async (key, answer) => { kept.set(key, answer); } }) };
});
afterEach(() => {
  delete globalThis.caches;
});

test('each adapter keeps its own kernel, the newest eight of them', async () => {
  assert.deepEqual(await rememberedKernels(), {});
  for (let i = 0; i < 10; i++) await rememberKernel(`adapter ${i}`, 'tile');
  await rememberKernel('adapter 5', 'registers');
  const all = await rememberedKernels();
  assert.equal(Object.keys(all).length, 8);
  assert.equal(all['adapter 5'], 'registers');
  assert.equal(all['adapter 9'], 'tile');
  assert.equal(all['adapter 1'], undefined);
});

test('what is not sound is not believed, and nothing is kept of nothing', async () => {
  const [key] = await rememberKernel('a', 'tile').then(() => kept.keys());
  for (const text of ['{', '{"a": "tile"}', '[["a"]]', '[["a", 3]]', `[["${'a'.repeat(300)}", "tile"]]`, 'null']) {
    kept.set(key, new Response(text));
    assert.deepEqual(await rememberedKernels(), {}, text);
  }
  kept.clear();
  await rememberKernel(null, 'tile');
  await rememberKernel('a', undefined);
  await rememberKernel('a'.repeat(300), 'tile');
  assert.equal(kept.size, 0);
});

test('without a Cache API nothing is remembered and nothing fails', async () => {
  delete globalThis.caches;
  await rememberKernel('a', 'tile');
  assert.deepEqual(await rememberedKernels(), {});
});
