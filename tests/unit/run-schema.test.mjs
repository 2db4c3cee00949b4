/** Saved documents of runs: what is whole is taken as it is, what is hostile is refused with a sentence. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseRun, validateRun } from '../../www/result/run-schema.js';
import { runCsv } from '../../www/result/run-csv.js';
import { seeded } from './random.mjs';
import { ablationDocument, dynamicDocument, everyDocument, patternsDocument, promptDocument } from './run-documents.mjs';

/** As it goes to a file and comes back. */
const reread = (document) => JSON.parse(JSON.stringify(document, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));
const refuses = (document, pattern) => assert.throws(() => validateRun(document), { name: 'ResultInvalid', message: pattern });

test('a whole document comes back as it was', () => {
  for (const document of everyDocument()) {
    const checked = reread(validateRun(document));
    const close = (a, b) => (typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) < 1e-6 : null);
    compare(checked, document, close, document.schema);
  }
});

function compare(a, b, close, where) {
  if (close(a, b) !== null) return assert.ok(close(a, b), `${where}: ${a} is not ${b}`);
  if (a === null || typeof a !== 'object') return assert.equal(a, b, where);
  assert.deepEqual(Object.keys(a).sort(), Object.keys(b).sort(), where);
  for (const key of Object.keys(a)) compare(a[key], b[key], close, `${where}.${key}`);
  return undefined;
}

test('nothing unknown gets through', () => {
  for (const document of everyDocument()) {
    document.surprise = '<img>';
    document.model.surprise = 1;
    const text = JSON.stringify(validateRun(document));
    assert.ok(!text.includes('surprise'), document.schema);
  }
});

test('other kinds, versions and texts are refused', () => {
  refuses({ schema: 'headmap/result' }, /is none of headmap\/dynamic/);
  refuses({ schema: '__proto__' }, /is none of/);
  refuses({ schema: 'toString' }, /is none of/);
  refuses({ ...patternsDocument(), version: 2 }, /has version 2; this page reads version 1/);
  refuses(null, /must be an object/);
  refuses([], /must be an object/);
  assert.throws(() => parseRun('{'), { name: 'ResultInvalid', message: /not JSON/ });
});

const contradictions = {
  'hits over the total': [dynamicDocument, (d) => { d.templates[0].with_context.hits[1][1] = 156; }, /with_context\.hits\[1\]\[1\]/],
  'pairs that are not the total': [dynamicDocument, (d) => { d.templates[2].kept.pop(); }, /total is 155, but 154 pairs/],
  'a layer too few': [dynamicDocument, (d) => { d.templates[0].without_context.hits.pop(); }, /without_context\.hits has 3 entries/],
  'a token outside the vocabulary': [dynamicDocument, (d) => { d.templates[0].kept[0][3] = 3482; }, /kept\[0\]\[3\]/],
  'static scores over their total': [dynamicDocument, (d) => { d.static.hits[0][0] = 999; }, /static\.hits/],
  'no template': [dynamicDocument, (d) => { d.templates = []; }, /templates has 0 entries/],
  'a head twice': [ablationDocument, (d) => { d.order[1] = d.order[0]; }, /order\[1\] names a head twice/],
  'a head that is not there': [ablationDocument, (d) => { d.order[0] = [4, 0]; }, /order\[0\]\[0\]/],
  'a curve too short': [ablationDocument, (d) => { d.tasks[0].ranked.pop(); }, /ranked has 4 entries, 5 are allowed/],
  'a draw without its heads': [ablationDocument, (d) => { d.random_heads.pop(); }, /random has 2 entries, 1 are allowed/],
  'more right answers than prompts': [ablationDocument, (d) => { d.tasks[1].clean = 44; }, /tasks\[1\]\.clean/],
  'a pattern of another size': [promptDocument, (d) => { d.attention[0].pattern.push(0); }, /pattern has 10 entries, 9 are allowed/],
  'attention over 1': [promptDocument, (d) => { d.attention[0].pattern[0] = 1.5; }, /number from 0 to 1/],
  'a probability under 0': [promptDocument, (d) => { d.top[0].probability = -0.1; }, /top\[0\]\.probability/],
  'an attribution that is no number': [promptDocument, (d) => { d.attribution[0][0] = null; }, /attribution\[0\]\[0\]/],
  'patterns too large for a page': [() => promptDocument(1400), (d) => { d.attention.push(d.attention[0]); }, /patterns are too large/],
  'a share over 1': [patternsDocument, (d) => { d.induction[3][3] = 2; }, /induction\[3\]\[3\]/],
};
for (const [what, [make, spoil, sentence]] of Object.entries(contradictions)) {
  test(`refused: ${what}`, () => {
    const document = make();
    validateRun(document);
    spoil(document);
    refuses(document, sentence);
  });
}

const HOSTILE = [
  null, undefined, NaN, Infinity, -1, 0, 1.5, 1e308, 2 ** 53, '', '<script>', '=1+1', 'x'.repeat(5000), true, [], {}, [[]], [null], { length: 1e9 },
  JSON.parse('{"__proto__":{"total":1}}'), Symbol.iterator, () => 1, -0,
];

test('whatever stands anywhere: a checked document or a ResultInvalid sentence', () => {
  const random = seeded(17);
  const pick = (list) => list[Math.floor(random() * list.length)];
  let [taken, refused] = [0, 0];
  for (let round = 0; round < 6000; round += 1) {
    const document = pick(everyDocument());
    // Down to a random place, and something hostile instead of what is there.
    let place = document;
    let key = pick(Object.keys(place));
    while (place[key] !== null && typeof place[key] === 'object' && random() < 0.85 && Object.keys(place[key]).length) {
      place = place[key];
      key = pick(Object.keys(place));
    }
    if (random() < 0.15 && !Array.isArray(place)) delete place[key];
    else place[key] = pick(HOSTILE);
    let checked;
    try {
      checked = validateRun(document);
    } catch (error) {
      assert.equal(error.name, 'ResultInvalid', `${key}: ${error.stack}`);
      assert.match(error.message, /\.$/);
      refused += 1;
      continue;
    }
    taken += 1;
    // What was taken can be saved, read again and written as CSV.
    validateRun(reread(checked));
    runCsv(checked);
  }
  assert.ok(taken > 50 && refused > 3000, `${taken} taken, ${refused} refused`);
});

const rows = (csv) => csv.trimEnd().split('\r\n').map((line) => line.split(','));

test('CSV: a line for each head and template, with the numbers of the document', () => {
  const document = dynamicDocument();
  const [header, ...lines] = rows(runCsv(validateRun(document)));
  assert.equal(lines.length, 4 * 16);
  const line = lines.find((each) => each[3] === document.templates[1].template && each[4] === '2' && each[5] === '1');
  const value = (name) => line[header.indexOf(name)];
  assert.equal(value('with_context_hits'), String(document.templates[1].with_context.hits[2][1]));
  assert.equal(value('without_context_suppression_hits'), String(document.templates[1].without_context.suppression_hits[2][1]));
  assert.equal(value('static_hits'), '117');
  assert.equal(value('pairs'), '155');
});

test('CSV: invalid heads have no numbers', () => {
  const document = dynamicDocument();
  document.invalid = [{ layer: 0, head: 1, reason: 'not finite' }];
  const line = rows(runCsv(validateRun(document))).find((each) => each[4] === '0' && each[5] === '1');
  assert.deepEqual(line.slice(7, 11), ['', '', '', '']);
  assert.equal(line.at(-1), 'invalid');
});

test('CSV: every point of every curve, and the head that went', () => {
  const lines = rows(runCsv(validateRun(ablationDocument()))).slice(1);
  assert.equal(lines.length, 2 * 3 * 6);
  const [first, , third] = lines;
  assert.deepEqual(first.slice(3), ['ranked', '0', '', '', '155', '155', '1']);
  assert.deepEqual(third.slice(3, 8), ['ranked', '2', '2', '3', '20']);
});

test('CSV: nothing that a spreadsheet would run', () => {
  const document = promptDocument();
  document.tokens[0].text = '=HYPERLINK("x")';
  document.top[1].text = '+1,"\r\n';
  document.model.name = '@cmd';
  const csv = runCsv(validateRun(document));
  assert.ok(csv.includes('"\'=HYPERLINK(""x"")"'));
  assert.ok(csv.includes('"\'+1,""\r\n"'));
  for (const other of [ablationDocument(), patternsDocument(), dynamicDocument()]) {
    other.model.name = '@cmd';
    assert.match(runCsv(validateRun(other)), /\r\n'@cmd,/);
  }
});
