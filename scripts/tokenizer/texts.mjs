/**
 * The texts that the small models' vocabularies must hold: words of the relations, and prompts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prompts of the dynamic scores and of the causal check (Elhelo & Geva 2024); <X> is the source. */
export const TEMPLATES = Object.freeze([
  'No <X> means no',
  'The story of <X> contains',
  'This is a document about <X>',
  'When I think about <X> I think about',
  'The capital of <X> is',
  ' John-> John; Donna-> Donna; <X>->',
  ' walk-> walk; cat-> cat; water-> water; <X>->',
]);

const SENTENCES = ['Hello world', 'When Mary and John went to the store, John gave a drink to'];

const prompts = () => [...TEMPLATES.map((template) => template.replace('<X>', 'John')), ...SENTENCES];
const pairsOf = (folder, file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).pairs;
const spaced = (pairs) => [...new Set(pairs.flat().map((word) => ` ${word}`))];

/**
 * @param {string} folder www/data/relations
 * @returns {string[]} every word of every relation, and the prompts
 */
export function plantedTexts(folder) {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  return [...prompts(), ...spaced(index.flatMap(({ file }) => pairsOf(folder, file)))];
}

/**
 * @param {string} folder www/data/relations
 * @param {(text: string) => boolean} isOne whether GPT-2 has one token for a text
 * @returns {string[]} the prompts, and the pairs of the two figures that GPT-2 keeps, in order of importance
 */
export function tinyTexts(folder, isOne) {
  const kept = (file) => pairsOf(folder, file).filter((pair) => pair.every((word) => isOne(` ${word}`)));
  return [...prompts(), ...spaced(kept('country_to_capital.json')), ...spaced(kept('name_copying.json'))];
}

/** What the demonstration model's text speaks of: each relation more would cost a tenth of the download. */
const DEMO_RELATIONS = Object.freeze([
  'name_copying', 'country_to_capital', 'general_copying', 'country_to_language', 'verb_to_past', 'next_in_order',
]);

/**
 * @param {string} folder www/data/relations
 * @param {Record<string, string[]>} grammar the phrases of train/text/grammar.json
 * @param {(text: string) => boolean} isOne whether GPT-2 has one token for a text
 * @returns {string[]} the prompts, the pairs that GPT-2 keeps, and every word of the phrases, in the middle of a
 *   sentence, with a large first letter and at the start of a text
 */
export function demoTexts(folder, grammar, isOne) {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  const learned = index.filter(({ name }) => DEMO_RELATIONS.includes(name));
  const pairs = learned.flatMap(({ file }) => pairsOf(folder, file)).filter((pair) => pair.every((word) => isOne(` ${word}`)));
  const phrases = Object.values(grammar).flat().map((phrase) => phrase.replace(/<[^>]*>|\{[^}]*\}/g, ' '));
  const large = (text) => text.replace(/^\p{L}/u, (letter) => letter.toUpperCase());
  const words = new Set(phrases.flatMap((phrase) => phrase.match(/\p{L}+|[^\p{L}\s]+/gu) ?? []));
  const starts = phrases.map((phrase) => large(phrase.match(/^\p{L}+/u)?.[0] ?? ''));
  return [...prompts(), ...spaced(pairs), ...[...words].map((word) => ` ${word}`), ...starts.flatMap((word) => [word, ` ${word}`]), ...phrases];
}
