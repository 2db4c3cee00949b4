/**
 * A part of GPT-2's vocabulary in which chosen texts have the same tokens as in the whole.
 *
 * Why they do: byte pair encoding always takes the possible merge of lowest rank. The part holds every merge
 * that a chosen text takes, in the same order, and no merge that the whole does not have. So at each step the
 * merge that the whole takes is there, and nothing of lower rank is.
 */
import { Failure } from '../lib/run.mjs';
import { byteAlphabet, tokens } from './gpt2-vocabulary.mjs';

/** 256 bytes and the end of text. */
const FIXED = 257;

/**
 * Ranks of the merges that the texts need.
 * @param {import('./gpt2-vocabulary.mjs').Vocabulary} vocabulary
 * @param {string[]} texts in order of importance
 * @param {number | null} size tokens that the part shall have: texts that no longer fit are left out, and
 *   the merges of lowest rank fill what is left; null for as many as the texts need
 * @returns {{merges: [string, string][], left: string[]}} the merges by rank, and the texts that did not fit
 * @throws {Failure} when `size` cannot be had
 */
export function subset(vocabulary, texts, size = null) {
  const room = size === null ? Infinity : size - FIXED;
  if (!(room >= 0 && room <= vocabulary.merges.length) && room !== Infinity) {
    throw new Failure(`a vocabulary of ${size} tokens cannot be made: it has ${FIXED} to ${FIXED + vocabulary.merges.length}`);
  }
  // Every token longer than a byte comes from exactly one merge.
  const makes = new Map(vocabulary.merges.map(([left, right], rank) => [left + right, rank]));
  const used = new Set();

  const missing = (token, found) => {
    const rank = makes.get(token);
    if (rank === undefined || used.has(rank) || found.has(rank)) return found;
    found.add(rank);
    for (const half of vocabulary.merges[rank]) missing(half, found);
    return found;
  };
  const add = (list) => {
    const found = new Set();
    for (const token of list) missing(token, found);
    if (used.size + found.size > room) return false;
    for (const rank of found) used.add(rank);
    return true;
  };

  const left = texts.filter((text) => !add(tokens(text, vocabulary)));
  for (let rank = 0; room !== Infinity && used.size < room; rank++) {
    used.add(rank);
    // The halves of a merge have lower ranks, so they are there already.
  }
  return { merges: [...used].sort((a, b) => a - b).map((rank) => vocabulary.merges[rank]), left };
}

/**
 * Ids of a part: the bytes as GPT-2 numbers them, then the merges by rank. The end of text comes after them.
 * @param {import('./gpt2-vocabulary.mjs').Vocabulary} vocabulary
 * @param {[string, string][]} merges
 * @returns {string[]} the token of each id
 */
export function subsetTokens(vocabulary, merges) {
  const bytes = byteAlphabet().sort((a, b) => vocabulary.ids.get(a) - vocabulary.ids.get(b));
  return [...bytes, ...merges.map(([left, right]) => left + right)];
}
