/**
 * What an ablation asks: which heads go in which order, and the prompts that the model answers without them (Elhelo & Geva 2024).
 */

/** The paper's prompts, by relation. */
export const ABLATION_TEMPLATES = Object.freeze({
  country_to_capital: 'The capital of <X> is',
  name_copying: ' John-> John; Donna-> Donna; <X>->',
  general_copying: ' walk-> walk; cat-> cat; water-> water; <X>->',
});
export const DRAWS = 5;
export const SEED = 1;

/**
 * @param {{name: string, pairs: [string, string][]}} relation
 * @returns {string} the paper's template, or for another relation two of its pairs as examples
 */
export function ablationTemplate({ name, pairs }) {
  if (Object.hasOwn(ABLATION_TEMPLATES, name)) return ABLATION_TEMPLATES[name];
  const examples = pairs.slice(0, 2).map(([source, target]) => ` ${source}-> ${target};`).join('');
  return `${examples} <X>->`;
}

/** The relation that a control asks for, unless the reader chooses: one that other heads should serve. */
export const controlOf = (name) => (name === 'country_to_capital' ? 'name_copying' : 'country_to_capital');

/**
 * How many heads go at most: the paper's 30 for GPT-2 small, 50 for medium, 100 for large, 150 for XL.
 * @param {{nLayer: number, nHead: number}} model
 * @returns {number}
 */
export function mostHeads({ nLayer, nHead }) {
  const heads = nLayer * nHead;
  const [, most] = [[144, 30], [384, 50], [720, 100], [Infinity, 150]].find(([upTo]) => heads <= upTo);
  return Math.min(most, heads);
}

/**
 * Heads in order of their static score, the highest first; heads that score 0 or are invalid never go. Equal scores go in order
 * of layer and head.
 * @param {{hits: number[][], invalid: {layer: number, head: number}[]}} scores of a relation in a result
 * @param {number} most
 * @returns {[number, number][]} [layer, head]
 */
export function rankHeads({ hits, invalid }, most) {
  const dead = new Set(invalid.map(({ layer, head }) => `${layer}.${head}`));
  return hits
    .flatMap((row, layer) => row.map((count, head) => ({ layer, head, count })))
    .filter(({ layer, head, count }) => count > 0 && !dead.has(`${layer}.${head}`))
    .sort((a, b) => b.count - a.count || a.layer - b.layer || a.head - b.head)
    .slice(0, most)
    .map(({ layer, head }) => [layer, head]);
}

/**
 * The curves of one task as accuracies after 0, 1, 2 ... heads.
 * @param {{total: number, clean: number, ranked: number[], random: number[][]}} task
 * @returns {{ranked: number[], random: {low: number[], high: number[], mean: number[]} | null}} random: over the draws, as far as all go
 */
export function accuracies({ total, clean, ranked, random }) {
  const draws = random.map((draw) => [clean, ...draw]);
  const steps = draws.length ? Math.min(...draws.map((draw) => draw.length)) : 0;
  const over = (take) => Array.from({ length: steps }, (_, step) => take(draws.map((draw) => draw[step])) / total);
  return {
    ranked: [clean, ...ranked].map((count) => count / total),
    random: draws.length === 0 ? null : {
      low: over((counts) => Math.min(...counts)),
      high: over((counts) => Math.max(...counts)),
      mean: over((counts) => counts.reduce((sum, count) => sum + count, 0) / counts.length),
    },
  };
}
