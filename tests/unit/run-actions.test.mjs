/** What the views that run the model do, over a session and an analyzer without an engine. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createSession } from '../../www/page/session.js';
import { createStore, initialState } from '../../www/page/store.js';
import { createActions, defaultLength, patternKey } from '../../www/run/actions.js';
import { initialRuns } from '../../www/run/store.js';
import { fakeEngine, fakeInfo, namedError } from './fake-analyzer.mjs';
import { ablationDocument, dynamicDocument, patternsDocument, promptDocument } from './run-documents.mjs';

const relation = (name, pairs = [['a', 'a'], ['b', 'b']]) => ({ name, title: name.replaceAll('_', ' '), k: 1, pairs });
const names = relation('name_copying');
const capitals = relation('country_to_capital', [['France', 'Paris']]);

/** Session and actions; `answers` are the model's analyses, each called with (ask, options). */
async function opened(answers = {}, options = {}) {
  const engine = fakeEngine({ info: fakeInfo({ nCtx: 64 }), reach: (l, h) => (l === h ? 1 : 0), ...options });
  const asked = [];
  const loadEngine = async () => async (...args) => {
    const analyzer = await engine.createAnalyzer(...args);
    return {
      ...analyzer,
      loadModel: async (...spec) => {
        const model = await analyzer.loadModel(...spec);
        const score = model.scoreRelations;
        const tell = (name, answer) => async (ask, given) => {
          asked.push({ name, ask });
          given.signal?.throwIfAborted();
          return answer(ask, given);
        };
        return {
          ...model,
          ...(options.selectPairs ? { selectPairs: options.selectPairs } : {}),
          scoreRelation: (one, given) => {
            asked.push({ name: 'scoreRelation', ask: one });
            return score([one], given);
          },
          ...Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, tell(name, answer)])),
        };
      },
    };
  };
  const store = createStore(initialState());
  const catalogue = { relations: [names, capitals] };
  const session = createSession({ store, catalogue, loadEngine });
  const runs = createStore(initialRuns());
  const actions = createActions({ store, runs, session, catalogue });
  await session.open({ kind: 'bytes' }, 'fake');
  return { store, runs, session, actions, asked };
}

const errors = ({ store }) => store.state.notices.filter(({ kind }) => kind === 'error').map(({ code, text }) => `${code}: ${text}`);

test('dynamic scores: the templates of the field, and the static scores beside them', async () => {
  const page = await opened({ scoreDynamic: () => dynamicDocument() });
  page.actions.change.inUse({ templates: 'a <X>\n<X> b', multiToken: true });
  assert.equal(await page.actions.dynamic(), true);
  const { ask } = page.asked.find(({ name }) => name === 'scoreDynamic');
  assert.deepEqual(ask, { name: 'name_copying', pairs: names.pairs, k: 1, templates: ['a <X>', '<X> b'], multiToken: true });
  const { document } = page.runs.state.inUse;
  assert.deepEqual(document.static.hits, [[2, 0, 0], [0, 2, 0], [0, 0, 2], [0, 0, 0]]);
  assert.equal(page.store.state.status, 'ready');
});

test('dynamic scores: the figure’s own static scores are taken when it shows them', async () => {
  const page = await opened({ scoreDynamic: () => dynamicDocument() });
  await page.session.run();
  await page.actions.dynamic();
  assert.deepEqual(page.asked.map(({ name }) => name), ['scoreDynamic']);
  page.store.set({ ks: { name_copying: 3 } });
  await page.actions.dynamic();
  assert.deepEqual(page.asked.map(({ name }) => name), ['scoreDynamic', 'scoreRelation', 'scoreDynamic'], 'another k is another score');
});

test('without single tokens there is no static score, and only sources of several tokens go on', async () => {
  const fail = () => { throw namedError('RelationEmpty', 'No pair is kept.'); };
  const page = await opened({ scoreDynamic: () => dynamicDocument() }, { fail: (when) => when === 'layer' && fail() });
  assert.equal(await page.actions.dynamic(), false);
  assert.deepEqual(errors(page), ['RelationEmpty: No pair is kept.']);
  page.actions.change.inUse({ multiToken: true });
  assert.equal(await page.actions.dynamic(), true);
  assert.equal(page.runs.state.inUse.document.static, null);
});

test('a wrong template: a sentence, and the model is not asked', async () => {
  const page = await opened({ scoreDynamic: () => dynamicDocument() });
  page.actions.change.inUse({ templates: 'none' });
  assert.equal(await page.actions.dynamic(), false);
  assert.match(errors(page)[0], /^TemplateInvalid: .*has no <X>/);
  assert.deepEqual(page.asked, []);
});

test('a cancelled run leaves what was there, and the next one is right', async () => {
  let waiting;
  const page = await opened({
    attentionScores: (_, { signal }) => (waiting ? new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      waiting();
    }) : patternsDocument()),
  });
  await page.actions.patterns();
  const { document } = page.runs.state.patterns;
  const started = new Promise((resolve) => { waiting = resolve; });
  const run = page.actions.patterns();
  await started;
  assert.equal(page.store.state.status, 'running');
  page.session.cancel();
  assert.equal(await run, false);
  assert.equal(page.runs.state.patterns.document, document);
  assert.deepEqual([page.store.state.status, page.store.state.progress, errors(page)], ['ready', null, []]);
  waiting = null;
  assert.equal(await page.actions.patterns(), true);
  assert.notEqual(page.runs.state.patterns.document, document);
});

test('what comes after Cancel is thrown away', async () => {
  const page = await opened({ attentionScores: async () => { page.session.cancel(); return patternsDocument(); } });
  assert.equal(await page.actions.patterns(), false);
  assert.equal(page.runs.state.patterns.document, null);
});

test('one thing at a time', async () => {
  let release;
  const page = await opened({ attentionScores: () => new Promise((resolve) => { release = () => resolve(patternsDocument()); }), runPrompt: () => promptDocument() });
  const first = page.actions.patterns();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(await page.actions.prompt(), false);
  await page.session.run();
  release();
  assert.equal(await first, true);
  assert.deepEqual(page.asked.map(({ name }) => name), ['attentionScores']);
});

test('ablation: heads in order of the static score, the paper’s prompts, a control', async () => {
  const page = await opened({ ablate: () => ablationDocument() });
  assert.equal(await page.actions.ablate(), true);
  const { ask } = page.asked.find(({ name }) => name === 'ablate');
  assert.deepEqual(ask.order, [[0, 0], [1, 1], [2, 2]]);
  assert.deepEqual(ask.tasks.map(({ id, template }) => [id, template]), [
    ['name_copying', ' John-> John; Donna-> Donna; <X>->'], ['country_to_capital', 'The capital of <X> is']]);
  assert.deepEqual([ask.draws, ask.seed], [5, 1]);
  page.actions.change.ablation({ control: 'none', most: 1, template: 'say <X>' });
  await page.actions.ablate();
  const last = page.asked.at(-1).ask;
  assert.deepEqual([last.order, last.tasks.map(({ template }) => template)], [[[0, 0]], ['say <X>']]);
});

test('ablation: no head scores, nothing to remove', async () => {
  const page = await opened({ ablate: () => ablationDocument() }, { reach: () => 0 });
  assert.equal(await page.actions.ablate(), false);
  assert.match(errors(page)[0], /No head scores above 0 on “name copying”/);
});

test('prompt: every pattern of a short text is asked for, one of a long text', async () => {
  const page = await opened({ runPrompt: () => promptDocument() });
  await page.actions.prompt();
  assert.equal(page.asked[0].ask.attention.length, 4 * (3 + 1));
  page.actions.change.prompt({ text: 'a'.repeat(2000) });
  await page.actions.prompt({ head: [1, 2] });
  assert.deepEqual(page.asked[1].ask.attention, [[1, 2]]);
  page.actions.change.prompt({ text: '' });
  assert.equal(await page.actions.prompt(), false);
  assert.match(errors(page)[0], /^PromptInvalid/);
});

test('prompt: patterns of the same text stay, those of another go', async () => {
  const shape = (head) => ({ ...promptDocument(), attention: [{ layer: 0, head, pattern: new Array(9).fill(head) }] });
  let head = 0;
  const page = await opened({ runPrompt: () => shape(head) });
  const keys = () => [...page.runs.state.prompt.patterns.keys()];
  await page.actions.prompt();
  head = 1;
  await page.actions.prompt({ head: [0, 1] });
  assert.deepEqual(keys(), ['0.0', '0.1']);
  assert.deepEqual(page.runs.state.prompt.head, { layer: 0, head: 1 });
  page.actions.change.prompt({ text: 'other' });
  await page.actions.prompt();
  assert.deepEqual(keys(), ['0.1']);
  assert.equal(patternKey(3, null), '3.mean');
});

test('prompt: a word becomes the id of its token; one that is several is refused', async () => {
  const selectPairs = async ([[word]]) => (word === 'Mary' ? { kept: [[word, word, 5335, 5335]], dropped: [] } : { kept: [], dropped: [[word, word, 'the source is 3 tokens']] });
  const page = await opened({ runPrompt: () => promptDocument() }, { selectPairs });
  assert.equal(await page.actions.choose('Mary'), true);
  assert.equal(page.asked.at(-1).ask.target, 5335);
  assert.equal(await page.actions.choose('Marypoppins'), false);
  assert.match(errors(page)[0], /^TokenUnknown: “Marypoppins” is not one token of this model \(the source is 3 tokens\)/);
  assert.equal(page.runs.state.prompt.target, 5335);
  assert.equal(page.asked.length, 1);
});

test('another model: what the former gave is gone, what came from a file stays', async () => {
  const page = await opened({ attentionScores: () => patternsDocument(), runPrompt: () => promptDocument() });
  await page.actions.patterns();
  await page.actions.prompt();
  await page.actions.load(new File([JSON.stringify(ablationDocument())], 'saved.json'));
  assert.equal(page.store.state.view, 'ablation');
  page.actions.forget();
  const { patterns, prompt, ablation } = page.runs.state;
  assert.deepEqual([patterns.document, prompt.document, prompt.patterns.size, ablation.fromFile], [null, null, 0, true]);
  assert.ok(ablation.document);
});

test('files: each kind opens its view; what is wrong is refused and nothing changes', async () => {
  const page = await opened();
  const load = (document) => page.actions.load(new File([typeof document === 'string' ? document : JSON.stringify(document)], 'f.json'));
  assert.equal(await load(dynamicDocument()), 'inUse');
  assert.equal(await load(promptDocument()), 'prompt');
  assert.equal(page.store.state.view, 'prompt');
  assert.deepEqual([...page.runs.state.prompt.patterns.keys()], ['2.3', '2.mean']);
  assert.equal(page.runs.state.prompt.text, ' w0 w1 w2');
  const before = page.runs.state;
  for (const bad of ['', '{}', '[]', 'null', JSON.stringify({ ...promptDocument(), top: [] })]) assert.equal(await load(bad), null);
  assert.equal(page.runs.state, before);
  assert.ok(errors(page).length > 0 && errors(page).every((text) => text.startsWith('ResultInvalid: ')));
});

test('random tokens: 100, or what half of the context holds', () => {
  assert.equal(defaultLength({ nCtx: 64 }), 32);
  assert.equal(defaultLength({ nCtx: 1024 }), 100);
  assert.equal(defaultLength({ nCtx: null }), 100);
});
