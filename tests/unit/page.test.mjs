/** The page's own logic: relations from a reader, the session over an analyzer, words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bigText, byteText, leftText, workText } from '../../www/page/format.js';
import { chosenSets, modelKey } from '../../www/page/known-heads.js';
import { meaningOfDrop, modelFiles } from '../../www/page/file-drop.js';
import { checkPlanted, comparePlanted } from '../../www/page/planted.js';
import { progressWords } from '../../www/page/progress.js';
import { comparePublished, publishedFor } from '../../www/page/published.js';
import { cellReading } from '../../www/page/reading.js';
import { parseRelation, readRelationFile } from '../../www/page/relation-file.js';
import { emptyGrid, fillLayer } from '../../www/figure/grid.js';

const refused = (pattern) => (error) => error.name === 'RelationInvalid' && pattern.test(error.message);

test('a relation comes as JSON, CSV or TSV', () => {
  const wanted = [['France', 'Paris'], ['Japan', 'Tokyo']];
  assert.deepEqual(parseRelation(JSON.stringify(wanted), 'a.json').pairs, wanted);
  assert.deepEqual(parseRelation(JSON.stringify({ title: 'Capitals', pairs: wanted }), 'a.json').title, 'Capitals');
  assert.deepEqual(parseRelation('France,Paris\nJapan,Tokyo\n', 'a.csv').pairs, wanted);
  assert.deepEqual(parseRelation('\uFEFFsource,target\r\nFrance, Paris\r\n\r\nJapan ,Tokyo', 'a.csv').pairs, wanted);
  assert.deepEqual(parseRelation('France\tParis\nJapan\tTokyo', 'a.tsv').pairs, wanted);
  assert.deepEqual(parseRelation('France;Paris\nJapan;Tokyo', 'a.csv').pairs, wanted);
  assert.deepEqual(parseRelation('"a, b","say ""x"""', 'a.csv').pairs, [['a, b', 'say "x"']]);
  assert.equal(parseRelation('a,b', 'first_letter.csv').title, 'first letter');
  assert.deepEqual(['a,b', 'a,a\nb,b', 'a,a\nb,c'].map((text) => parseRelation(text, 'a.csv').k), [10, 1, 10]);
});

test('a relation that cannot be used is refused with its place', () => {
  assert.throws(() => parseRelation('', 'a.csv'), refused(/"a\.csv" holds no pairs/));
  assert.throws(() => parseRelation('[["a","b"]', 'a.json'), refused(/not valid JSON/));
  assert.throws(() => parseRelation('{"x":1}', 'a.json'), refused(/no list of pairs/));
  assert.throws(() => parseRelation('[["a"]]', 'a.json'), refused(/pair 1: a pair is two texts/));
  assert.throws(() => parseRelation('[["a", 3]]', 'a.json'), refused(/two texts/));
  assert.throws(() => parseRelation('a,b\nc', 'a.csv'), refused(/line 2.*only one column/));
  assert.throws(() => parseRelation('a,b,c', 'a.csv'), refused(/3 columns/));
  assert.throws(() => parseRelation('a,"b', 'a.csv'), refused(/never closed/));
  assert.throws(() => parseRelation('a, ', 'a.csv'), refused(/one side is empty/));
  assert.throws(() => parseRelation(`a,${'é'.repeat(101)}`, 'a.csv'), refused(/200 bytes/));
  assert.equal(parseRelation(`a,${'é'.repeat(100)}`, 'a.csv').pairs.length, 1);
  assert.throws(() => parseRelation('a,b\n'.repeat(20001), 'a.csv'), refused(/20,001 pairs/));
  assert.equal(parseRelation('a,b\n'.repeat(20000), 'a.csv').pairs.length, 20000);
});

test('a file that is too large or not text is refused before it is read as one', async () => {
  const file = (bytes, name = 'a.csv') => new File([bytes], name);
  await assert.rejects(readRelationFile(file(new Uint8Array(2_000_001))), refused(/2 MB/));
  await assert.rejects(readRelationFile(file(new Uint8Array([0xff, 0xfe, 0x80]))), refused(/UTF-8/));
  assert.equal((await readRelationFile(file('a,b'))).pairs.length, 1);
});

test('a cell is read as the page promises', () => {
  const grid = emptyGrid(12, 12, 132);
  fillLayer(grid, 9, Array.from({ length: 12 }, (_, head) => (head === 6 ? 115 : 0)), [{ head: 1, reason: 'its values are not finite' }]);
  const marks = { groups: [{ name: 'Name-Mover Heads', heads: [[9, 6]] }] };
  assert.deepEqual(cellReading({ grid, marks }, { layer: 9, head: 6 }), { text: 'layer 9, head 6: 0.87 (115 of 132 pairs)', known: 'Name-Mover Heads' });
  assert.match(cellReading({ grid, marks }, { layer: 9, head: 1 }).text, /no score, the head is invalid \(its values are not finite\)/);
  assert.equal(cellReading({ grid, marks }, { layer: 0, head: 0 }).text, 'layer 0, head 0: not computed');
});

test('numbers are said in words', () => {
  assert.equal(byteText(286_000_000), '286 MB');
  assert.equal(byteText(4_200_000), '4.2 MB');
  assert.equal(bigText(1_234_000_000), '1.2 billion');
  assert.equal(workText(29, 1000), '29 multiply-adds, 2.9\u00a0% of the full projection');
  assert.equal(workText(41, 1000, 35), '41 multiply-adds, 4.1\u00a0% of the full projection (0.6\u00a0% in float32, 3.5\u00a0% in bytes)');
  assert.equal(leftText(null), '');
  assert.equal(leftText(4.2), 'about 5 s left');
  assert.equal(progressWords({ phase: 'scoring', text: 'Scoring layer 5 of 12', done: 5, total: 12, secondsLeft: 4, bytesRead: 1e8, bytesTotal: 2.86e8 }),
    'Scoring layer 5 of 12 · 41\u00a0% · 100 MB of 286 MB read · about 4 s left');
  assert.equal(progressWords({ phase: 'reading', text: '', done: 0, total: 0, secondsLeft: null, bytesRead: 0, bytesTotal: 0 }), 'Reading weights');
});

test('known heads follow the model', () => {
  const sets = [{ id: 'ioi', model: 'gpt2' }, { id: 'ccr', model: 'gpt2-medium' }, { id: 'p', model: 'planted' }];
  const small = { nLayer: 12, nHead: 12, planted: false };
  assert.equal(modelKey(small), 'gpt2');
  sets.push({ id: 'all', model: 'gpt2' });
  sets[0].figure = 'A';
  const ids = (model, chosen) => chosenSets(sets, model, chosen).map(({ id }) => id);
  assert.deepEqual(ids(small, 'auto'), ['ioi']);
  assert.deepEqual(ids({ ...small, planted: true }, 'auto'), ['p']);
  assert.deepEqual(ids(small, 'all'), ['all']);
  assert.deepEqual(ids(small, 'none'), []);
  assert.deepEqual(ids(small, 'ccr'), ['ioi'], 'a set of another model is not marked');
  assert.deepEqual(ids({ nLayer: 6, nHead: 12, planted: false }, 'auto'), []);
});

test('published values are shown for the pinned model only', () => {
  const entry = { repository: 'openai-community/gpt2', revision: 'abc', sha256: 'f'.repeat(64) };
  const published = { gpt2: { figure: 'A' } };
  const real = { source: 'hub', repository: entry.repository, revision: 'abc', sha256: null, planted: false };
  assert.equal(publishedFor(published, [entry], real), published.gpt2);
  assert.equal(publishedFor(published, [entry], { ...real, revision: 'other' }), null);
  assert.equal(publishedFor(published, [entry], { ...real, source: 'mirror' }), null);
  assert.equal(publishedFor(published, [entry], { source: 'file', repository: null, revision: null, sha256: entry.sha256, planted: false }), published.gpt2);
  assert.equal(publishedFor(published, [{ ...entry, sha256: null }], { source: 'file', repository: null, revision: null, sha256: null, planted: false }), null);
});

test('a computed score agrees inside the published range, and the table says when not', () => {
  const grid = emptyGrid(12, 12, 100);
  fillLayer(grid, 9, [100, 0, 0, 0, 0, 0, 84, 0, 0, 50, 0, 0], []);
  const panel = { relation: 'name_copying', sign: 'relation', barName: 'Name Copying score', grid };
  const rows = comparePublished({ panels: [{ relation: 'name_copying', sign: 'relation', values: [[9, 0, 1, 1], [9, 6, 0.8, 0.9], [9, 9, 0.95, 1], [8, 0, 0, 0]] }] }, [panel]);
  assert.deepEqual(rows.map(({ agrees }) => agrees), [true, true, false, null]);
});

test('of a folder only the files of a model are taken', () => {
  const files = ['model.safetensors', 'pytorch_model.bin', 'config.json', 'vocab.json', 'tokenizer.json'].map((name) => ({ name }));
  assert.deepEqual(modelFiles(files).map(({ name }) => name), ['model.safetensors', 'config.json', 'tokenizer.json']);
  assert.deepEqual(modelFiles(files.slice(1, 2)).map(({ name }) => name), ['pytorch_model.bin'], 'so that the refusal can name it');
});

test('what was planted is held against what was computed, where both speak of the same', () => {
  const expected = { relation: 'name_copying', sign: 'relation', k: 1, hits: 5, total: 10 };
  const head = (index, patch) => ({ layer: 0, head: index, kind: 'copies', strength: 0.5, what: 'copies half', expected: { ...expected, ...patch } });
  const planted = checkPlanted({
    heads: [head(0, {}), head(1, {}), head(2, { relation: 'other' }), head(3, { k: 10 }), { ...head(4), expected: null }],
  }, { nLayer: 1, nHead: 5 });
  const grid = emptyGrid(1, 5, 10);
  fillLayer(grid, 0, [5, 4, 5, 5, 5], []);
  const shown = { relations: [{ name: 'name_copying', k: 1, grids: { relation: grid, suppression: grid } }], result: { preprocessing: 'first_mlp' } };
  assert.deepEqual(comparePlanted(planted, shown).map(({ agrees }) => agrees), [true, false, null, null, null]);
  shown.result.preprocessing = 'none';
  assert.equal(comparePlanted(planted, shown)[0].agrees, null);
  assert.throws(() => checkPlanted({ heads: [head(5, {})] }, { nLayer: 1, nHead: 5 }));
});

test('a drop is taken for what it is', async () => {
  const meaning = (name, text = '') => meaningOfDrop([new File([text], name)]);
  assert.equal(await meaning('model.safetensors'), 'model');
  assert.equal(await meaning('pytorch_model.bin'), 'model', 'so that the refusal can say why');
  assert.equal(await meaning('tokenizer.json', '{}'), 'model');
  assert.equal(await meaning('pairs.csv'), 'relation');
  assert.equal(await meaning('pairs.json', '[["a","b"]]'), 'relation');
  assert.equal(await meaning('saved.json', '{"schema":"headmap/result"}'), 'result');
});
