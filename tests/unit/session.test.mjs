/** The page's session over an analyzer without an engine: open, run, cancel, fail, recover, load. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createSession } from '../../www/page/session.js';
import { layersShown, panelsOf } from '../../www/page/shown.js';
import { createStore, initialState } from '../../www/page/store.js';
import { fakeEngine, fakeInfo, fakeResult, namedError } from './fake-analyzer.mjs';

const pairs = Array.from({ length: 40 }, (_, index) => [`s${index}`, `t${index}`]);
const catalogue = {
  relations: [
    { name: 'name_copying', title: 'Name copying', k: 1, pairs },
    { name: 'country_to_capital', title: 'Country to capital', k: 10, pairs: pairs.slice(0, 8) },
  ],
};
const reach = (layer, head, sign) => (sign === 'relation' ? layer / 4 : head / 4);

function setUp(options = {}) {
  const engine = fakeEngine({ reach, ...options });
  const store = createStore(initialState());
  const session = createSession({ store, catalogue, loadEngine: async () => engine.createAnalyzer });
  return { store, session, log: engine.log, notices: engine.notice };
}

const spec = { kind: 'bytes', model: new ArrayBuffer(0) };

test('a run fills the figure layer by layer and ends with the result', async () => {
  const { store, session } = setUp();
  const grown = [];
  store.subscribe(({ shown, status }) => { if (status === 'running') grown.push(layersShown(shown)); });
  assert.equal(await session.open(spec, 'x'), true);
  assert.equal(store.state.shown.progress, 'empty');
  assert.equal(store.state.selections.name_copying.kept.length, 40);
  await session.run();
  assert.deepEqual([...new Set(grown)], [0, 1, 2, 3, 4]);
  const { shown } = store.state;
  assert.equal(shown.progress, 'complete');
  assert.equal(shown.result.relations[0].total, 40);
  const [left, right] = panelsOf(shown, { sign: 'relation', knownSets: [] });
  assert.equal(left.grid.hits[2 * 3], 20);
  assert.equal(right.grid.hits[2], 20);
});

test('figure B scores two relations, each with its own k', async () => {
  const { store, session } = setUp();
  await session.open(spec, 'x');
  store.set({ figure: 'B', ks: { country_to_capital: 5 } });
  await session.run();
  assert.deepEqual(store.state.shown.relations.map(({ name, k }) => [name, k]), [['name_copying', 1], ['country_to_capital', 5]]);
  assert.deepEqual(panelsOf(store.state.shown, { sign: 'relation', knownSets: [] }).map(({ relation }) => relation), ['name_copying', 'country_to_capital']);
});

test('cancel keeps what was computed, marked incomplete, and the next run is whole', async () => {
  const { store, session } = setUp({ layerMs: 20 });
  await session.open(spec, 'x');
  const run = session.run();
  await new Promise((resolve) => {
    const stop = store.subscribe(({ shown }) => { if (shown && layersShown(shown) === 2) { stop(); resolve(); } });
  });
  session.cancel();
  assert.equal(store.state.shown.progress, 'stopped', 'at once, before the engine answers');
  await run;
  assert.equal(store.state.status, 'ready');
  assert.equal(store.state.shown.result, null);
  assert.equal(layersShown(store.state.shown), 2);
  assert.deepEqual(store.state.notices, []);
  await session.run();
  assert.equal(store.state.shown.progress, 'complete');
});

test('a model that cannot be opened leaves the former one', async () => {
  let broken = false;
  const { store, session } = setUp({ fail: (where) => { if (broken && where === 'load') throw namedError('CheckpointCorrupt', 'The file is cut short.'); } });
  await session.open(spec, 'x');
  broken = true;
  assert.equal(await session.open({ ...spec, name: 'y' }, 'y'), false);
  assert.equal(store.state.status, 'ready');
  assert.equal(store.state.model.name, 'Fake');
  assert.deepEqual(store.state.notices.map(({ kind, text, code }) => [kind, text, code]), [['error', 'The file is cut short.', 'CheckpointCorrupt']]);
  session.dismiss(store.state.notices[0].id);
  assert.deepEqual(store.state.notices, []);
});

test('a worker that dies in a run leaves what was computed, one sentence, and the next run is whole', async () => {
  let dying = true;
  const { store, session, notices } = setUp({
    fail: (where, layer) => {
      if (!dying || where !== 'layer' || layer !== 2) return;
      notices('The engine stopped. It was started again; press Run once more.');
      throw namedError('WorkerDied', 'The engine stopped.');
    },
  });
  await session.open(spec, 'x');
  await session.run();
  assert.equal(store.state.status, 'ready');
  assert.equal(layersShown(store.state.shown), 2);
  assert.deepEqual(store.state.notices.map(({ kind, text, code }) => [kind, text, code]), [
    ['error', 'The engine stopped. It was started again; press Run once more.', 'WorkerDied']]);
  dying = false;
  await session.run();
  assert.equal(store.state.shown.progress, 'complete');
});

test('waiting for a model can be given up', async () => {
  const { store, session } = setUp({ loadMs: 10_000 });
  const opened = session.open(spec, 'x');
  while (store.state.status !== 'opening') await new Promise((resolve) => setTimeout(resolve));
  session.cancel();
  assert.equal(await opened, false);
  assert.equal(store.state.status, 'ready');
  assert.deepEqual(store.state.notices, []);
});

test('an engine that does not start leaves a sentence', async () => {
  const store = createStore(initialState());
  const session = createSession({ store, catalogue, loadEngine: async () => { throw namedError('WebGpuUnavailable', 'This browser has no WebGPU.'); } });
  assert.equal(await session.open(spec, 'x'), false);
  assert.equal(store.state.status, 'stuck');
  assert.equal(store.state.notices[0].text, 'This browser has no WebGPU.');
});

test('a saved result is drawn without a model, a forged one is refused', async () => {
  const { store, session } = setUp();
  const result = fakeResult(fakeInfo({ name: 'theirs' }), catalogue.relations, { reach });
  const file = (text, name = 'r.json') => new File([text], name);
  assert.equal(await session.loadResult(file(JSON.stringify(result))), true);
  assert.equal(store.state.shown.figure, 'B');
  assert.equal(store.state.shown.fromFile, true);
  assert.equal(store.state.shown.progress, 'complete');
  const before = store.state.shown;
  result.relations[0].hits[0][0] = 41;
  assert.equal(await session.loadResult(file(JSON.stringify(result))), false);
  assert.equal(store.state.shown, before);
  assert.equal(store.state.notices[0].code, 'ResultInvalid');
});

test('changing the engine opens the same model again and keeps the figure', async () => {
  const { store, session, log } = setUp();
  await session.open(spec, 'x');
  await session.run();
  const { shown } = store.state;
  await session.useEngine('cpu');
  assert.equal(store.state.shown, shown);
  assert.equal(store.state.model.name, 'Fake');
  assert.ok(log.includes('create cpu') && log.includes('close'));
});

test('an error that nobody foresaw is said as one', () => {
  const { store, session } = setUp();
  session.fail(new TypeError('x is undefined'));
  assert.match(store.state.notices[0].text, /^Something in this page went wrong \(x is undefined\)\. /);
});

test('what is kept is looked up after opening and after deleting', async () => {
  let kept = [{ key: 'a', name: 'GPT-2 small', bytes: 5, complete: true }];
  const { store, session } = setUp({ kept: () => kept, forget: (key) => { kept = kept.filter((one) => one.key !== key); } });
  await session.open(spec, 'x');
  assert.equal(store.state.kept.length, 1);
  assert.deepEqual(store.state.plan, { bytes: 10, here: 4 });
  await session.forgetKept('a');
  assert.deepEqual(store.state.kept, []);
});
