/** Cancelling a job of a model: answered at once, and the next job waits until the worker has stopped. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Model } from '../../www/model.js';

const INFO = { name: 'm', n_layer: 1, n_head: 1 };

/** A worker whose jobs end when they are told to. */
function worker() {
  const log = [];
  const jobs = [];
  const call = (method, ...args) => {
    log.push(method);
    if (method === 'open') return Promise.resolve({ id: 1, info: INFO, nCtx: 8, sizes: {}, notes: [] });
    if (method !== 'run') return Promise.resolve();
    return new Promise((resolve, reject) => jobs.push({ ask: args[2], resolve, reject }));
  };
  return { log, jobs, analyzer: { worker: async () => ({ call, generation: 1 }) } };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test('an abort is answered before the worker has stopped; the next job waits for it', async () => {
  const { log, jobs, analyzer } = worker();
  const model = new Model(analyzer, {}, '', {});
  const abort = new AbortController();
  const first = model.runPrompt({ text: 'one' }, { signal: abort.signal });
  await turn();
  abort.abort();
  await assert.rejects(first, { name: 'AbortError' });
  const second = model.runPrompt({ text: 'two' }, {});
  await turn();
  assert.deepEqual(log, ['open', 'run', 'cancel'], 'the second has not begun');
  jobs[0].reject(new Error('stopped'));
  await turn();
  assert.deepEqual(log, ['open', 'run', 'cancel', 'run']);
  jobs[1].resolve({ answer: 2 });
  assert.equal((await second).answer, 2);
});

test('what came after the abort is not given; a job that waits can be cancelled too', async () => {
  const { log, jobs, analyzer } = worker();
  const model = new Model(analyzer, {}, '', {});
  const [one, two] = [new AbortController(), new AbortController()];
  const first = model.runPrompt({ text: 'one' }, { signal: one.signal });
  await turn();
  one.abort();
  await assert.rejects(first, { name: 'AbortError' });
  const waiting = model.runPrompt({ text: 'two' }, { signal: two.signal });
  two.abort();
  jobs[0].resolve({ answer: 'late' });
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(log.filter((method) => method === 'run').length, 1);
});

test('progress after an abort is not told', async () => {
  const { jobs, analyzer } = worker();
  const model = new Model(analyzer, {}, '', {});
  const abort = new AbortController();
  const told = [];
  const first = model.attentionScores({}, { signal: abort.signal, onProgress: (p) => told.push(p) });
  await turn();
  assert.deepEqual(jobs[0].ask, { length: 100, sequences: 1, seed: 1 });
  abort.abort();
  await assert.rejects(first, { name: 'AbortError' });
  assert.deepEqual(told, []);
});
