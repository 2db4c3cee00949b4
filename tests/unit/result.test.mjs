/** Reading a result back: what is valid is kept, what lies is refused with a sentence. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CELL_EMPTY, CELL_INVALID, emptyGrid, fillLayer, gridFromResult, readCell } from '../../www/figure/grid.js';
import { bit, countBits, decodeBits } from '../../www/result/bits.js';
import { field, figureCsv } from '../../www/result/csv.js';
import { fileName } from '../../www/result/download.js';
import { pairsOfHead, parseResult, validateResult } from '../../www/result/schema.js';
import { fakeInfo, fakeResult } from './fake-analyzer.mjs';

const pairs = Array.from({ length: 11 }, (_, index) => [`s${index}`, `t${index}`]);
const reach = (layer, head, sign) => (sign === 'relation' ? layer / 4 : head / 4);
const good = (options) => fakeResult(fakeInfo(), [{ name: 'name_copying', pairs, k: 1 }], { reach, ...options });

test('a good result comes back equal, through JSON too', () => {
  assert.deepEqual(validateResult(good()), good());
  assert.deepEqual(parseResult(JSON.stringify(good())), good());
});

test('unknown fields do not come through', () => {
  const copy = validateResult({ ...good(), extra: 1, relations: [{ ...good().relations[0], __proto__: { evil: 1 }, more: 2 }] });
  assert.equal('extra' in copy, false);
  assert.equal('more' in copy.relations[0], false);
});

const lies = {
  'not an object': () => [],
  'another schema': (r) => ({ ...r, schema: 'other' }),
  'a later version': (r) => ({ ...r, version: 2 }),
  'no layers': (r) => { r.model.n_layer = 0; return r; },
  'giant shape': (r) => { r.model.n_layer = 1e9; return r; },
  'a name that is no text': (r) => { r.model.name = { toString: 'x' }; return r; },
  'a hash that is none': (r) => { r.model.sha256 = 'zz'; return r; },
  'an unknown backend': (r) => { r.engine.backend = 'abacus'; return r; },
  'negative seconds': (r) => { r.seconds = -1; return r; },
  'endless work': (r) => { r.multiply_adds = Infinity; return r; },
  'a first look larger than all work': (r) => { r.int8_multiply_adds = r.multiply_adds + 1; return r; },
  'no relation': (r) => { r.relations = []; return r; },
  'a missing layer': (r) => { r.relations[0].hits.pop(); return r; },
  'a missing head': (r) => { r.relations[0].hits[1].pop(); return r; },
  'more hits than pairs': (r) => { r.relations[0].hits[0][0] = 12; return r; },
  'half a hit': (r) => { r.relations[0].hits[0][0] = 0.5; return r; },
  'a total that is not kept': (r) => { r.relations[0].total = 10; return r; },
  'fewer given than kept': (r) => { r.relations[0].pairs_given = 3; return r; },
  'a token outside the vocabulary': (r) => { r.relations[0].kept[0][2] = 100; return r; },
  'a pair of three': (r) => { r.relations[0].kept[0].pop(); return r; },
  'bits that are not base64': (r) => { r.relations[0].pair_hits[0][0] = '***'; return r; },
  'too few bits': (r) => { r.relations[0].pair_hits[0][0] = ''; return r; },
  'bits past the pairs': (r) => { r.relations[0].pair_hits[0][0] = Buffer.from([0, 0x80]).toString('base64'); return r; },
  'bits against the count': (r) => { r.relations[0].pair_hits[0][0] = Buffer.from([1, 0]).toString('base64'); return r; },
  'an invalid head outside': (r) => { r.relations[0].invalid = [{ layer: 4, head: 0, reason: 'x' }]; return r; },
  'an invalid head twice': (r) => { r.relations[0].invalid = [{ layer: 1, head: 0, reason: 'x' }, { layer: 1, head: 0, reason: 'x' }]; return r; },
  'a run that was stopped': (r) => ({ ...r, complete: false }),
  'no word on completeness': (r) => { delete r.complete; return r; },
};

for (const [what, change] of Object.entries(lies)) {
  test(`refused with a sentence: ${what}`, () => {
    assert.throws(() => validateResult(change(structuredClone(good()))), (error) => {
      assert.equal(error.name, 'ResultInvalid');
      assert.match(error.message, /^[A-Z].+[.)]$/s);
      return true;
    });
  });
}

test('text that is not JSON is refused', () => {
  assert.throws(() => parseResult('PK\u0003'), { name: 'ResultInvalid' });
});

test('bits are read from the lowest on', () => {
  const bytes = decodeBits(Buffer.from([0b00000101, 0b1]).toString('base64'), 9);
  assert.deepEqual(Array.from({ length: 9 }, (_, index) => bit(bytes, index)), [true, false, true, false, false, false, false, false, true]);
  assert.equal(countBits(bytes), 3);
});

test('the pairs of a head say hit or miss in the order of the list', () => {
  const list = pairsOfHead(good().relations[0], 'relation', { layer: 2, head: 1 });
  assert.equal(list.length, 11);
  assert.equal(list.filter(({ hit }) => hit).length, Math.round(11 / 2));
  assert.deepEqual(list[0], { source: 's0', target: 't0', hit: true });
});

test('a grid tells empty, scored and invalid apart', () => {
  const result = good({ invalid: [{ layer: 3, head: 2, reason: 'not finite' }] });
  const grid = gridFromResult(result, 0, 'relation');
  assert.deepEqual(readCell(grid, 2, 0), { state: 1, hits: 6, total: 11, score: 6 / 11, reason: null });
  assert.deepEqual(readCell(grid, 3, 2), { state: CELL_INVALID, hits: 0, total: 11, score: null, reason: 'not finite' });
  const growing = emptyGrid(4, 3, 11);
  fillLayer(growing, 1, [1, 2, 3], []);
  assert.equal(readCell(growing, 0, 0).state, CELL_EMPTY);
  assert.equal(readCell(growing, 0, 0).score, null);
});

test('CSV has a line for each head, and no formula', () => {
  const result = good({ invalid: [{ layer: 3, head: 2, reason: 'not finite' }] });
  const marks = { groups: [{ name: 'Movers, "strong"', heads: [[2, 0]] }] };
  const csv = figureCsv({ model: '=evil()', panels: [{ relation: 'name_copying', sign: 'relation', k: 1, grid: gridFromResult(result, 0, 'relation'), marks }] });
  const lines = csv.trimEnd().split('\r\n');
  assert.equal(lines.length, 1 + 12);
  assert.equal(lines[1 + 2 * 3], `'=evil(),name_copying,relation,1,2,0,6,11,${6 / 11},scored,"Movers, ""strong"""`);
  assert.equal(lines.at(-1), "'=evil(),name_copying,relation,1,3,2,,11,,invalid,");
  assert.equal(field('a\nb'), '"a\nb"');
});

test('file names hold no path', () => {
  assert.equal(fileName(['GPT-2 medium', '../../etc', 'naïve'], 'png'), 'headmap_gpt-2-medium_etc_nai-ve.png');
});
