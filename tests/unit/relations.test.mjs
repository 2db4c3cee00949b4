/** The relations that come with the page: their form, their limits, and what GPT-2 keeps of them. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';

// Another implementation of the tokenizer than the one under test.
const { encode } = createRequire(import.meta.url)('gpt-3-encoder');

const at = (name) => new URL(`../../www/data/relations/${name}`, import.meta.url);
const read = (name) => JSON.parse(readFileSync(at(name), 'utf8'));
const index = read('index.json');
const one = (word) => encode(` ${word}`).length === 1;
const kept = ({ pairs }) => pairs.filter((pair) => pair.every(one)).length;

test('the index names every file, with the title and k that the file has', () => {
  assert.deepEqual(index.map(({ file }) => file).sort(), readdirSync(at('')).filter((name) => name !== 'index.json').sort());
  for (const { file, name, title, k } of index) {
    const relation = read(file);
    assert.deepEqual({ file, name, title, k }, { file: `${relation.name}.json`, name: relation.name, title: relation.title, k: relation.k });
  }
});

for (const { file } of index) {
  test(`${file}: form, limits, no pair twice, at least 30 kept`, () => {
    const relation = read(file);
    assert.deepEqual(Object.keys(relation), ['name', 'title', 'k', 'source', 'pairs']);
    assert.ok(statSync(at(file)).size < 2_000_000);
    assert.ok(relation.pairs.length <= 20_000);
    assert.ok(relation.source.length > 20);
    for (const pair of relation.pairs) {
      assert.equal(pair.length, 2);
      for (const word of pair) {
        assert.equal(typeof word, 'string');
        assert.equal(word, word.trim().normalize('NFC'));
        assert.ok(Buffer.byteLength(word) >= 1 && Buffer.byteLength(word) <= 200, word);
      }
    }
    assert.equal(new Set(relation.pairs.map(([source]) => source)).size, relation.pairs.length, 'a source stands twice');
    assert.ok(kept(relation) >= 30);
  });
}

test('name copying: over 200 names, of which over 130 are one token; each is its own target; k is 1', () => {
  const names = read('name_copying.json');
  assert.ok(names.pairs.length >= 200);
  assert.ok(names.pairs.every(([source, target]) => source === target));
  assert.equal(kept(names), 155);
  assert.equal(names.k, 1);
});

test('country to capital: 193 members and 2 observers of the United Nations; 43 pairs kept; k is 10', () => {
  const capitals = read('country_to_capital.json');
  assert.equal(capitals.pairs.length, 195);
  assert.equal(kept(capitals), 43);
  assert.equal(capitals.k, 10);
});

test('general copying copies, with k 1; the others do not copy everything, and have k 10', () => {
  for (const { name, k, pairs } of index.map(({ file }) => read(file))) {
    const copies = pairs.every(([source, target]) => source === target);
    assert.equal(copies, ['name_copying', 'general_copying'].includes(name), name);
    assert.equal(k, copies ? 1 : 10, name);
  }
});
