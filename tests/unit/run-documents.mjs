/** Documents of runs that are valid, with the goldens' numbers where there are any. */
import { readFileSync } from 'node:fs';

const golden = (name) => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));
const [dynamic, causal, statics] = ['dynamic-planted', 'causal-planted', 'static-planted'].map(golden);

const grid = (make) => Array.from({ length: 4 }, (_, layer) => Array.from({ length: 4 }, (__, head) => make(layer, head)));
const head = (schema) => ({
  schema, version: 1, created: '2026-01-02T03:04:05.000Z',
  model: {
    name: 'Planted', source: 'bundled', repository: null, revision: null, sha256: null,
    n_layer: 4, n_head: 4, d_model: 128, d_head: 32, n_vocab: 3482, dtype: 'F32', planted: true,
  },
  engine: { backend: 'cpu', adapter: null, fallback_adapter: false, note: null },
  seconds: 1.5, multiply_adds: 1e9,
});
const keptOf = (pairs) => pairs.map(([source, target], index) => [`s${index}`, `t${index}`, source, target]);
const conditions = ({ score, suppression }) => ({ hits: score.hits, suppression_hits: suppression.hits });

/** A fresh one each time: tests spoil them. */
const fresh = (make) => (...args) => structuredClone(make(...args));

/** Name copying on the four templates, the static scores beside it. */
export const dynamicDocument = fresh((relation = 'name_copying') => {
  const cases = dynamic.cases.filter((each) => each.relation === relation);
  const fixed = statics.cases.find((each) => each.relation === relation && each.k === cases[0].k && each.preprocessing === 'first_mlp');
  return {
    ...head('headmap/dynamic'), relation, k: cases[0].k, multi_token: false, pairs_given: 200, invalid: [],
    templates: cases.map((each) => ({
      template: each.template, length: [each.prompt_ids.length, each.prompt_ids.length], total: each.n_pairs,
      kept: keptOf(dynamic.relations[relation]), dropped: [['a', 'b', 'the source is 2 tokens']],
      with_context: conditions({ score: each.with_context_score, suppression: each.with_context_suppression }),
      without_context: conditions({ score: each.without_context_score, suppression: each.without_context_suppression }),
    })),
    static: { preprocessing: 'first_mlp', total: fixed.n_pairs, ...conditions(fixed), invalid: [] },
  };
});

/** Name copying without its heads, the capitals as control. */
export const ablationDocument = fresh(() => {
  const [names, random, , control] = causal.cases;
  const task = (id, { template, n_pairs: total, right_after_each: [clean, ...ranked] }, draws) => ({
    id, title: id.replaceAll('_', ' '), template, total, dropped: [], clean, ranked, random: draws,
  });
  return {
    ...head('headmap/ablation'), forward_passes_multiply_adds: 4e10, order: names.ablated_in_order, seed: 1,
    random_heads: [random.ablated_in_order, random.ablated_in_order.slice().reverse()],
    tasks: [
      task('name_copying', names, [random.right_after_each.slice(1), [150, 149, 148, 147, 100]]),
      task('country_to_capital', control, [[43, 43, 43, 43, 43], [43, 43, 42, 42, 42]]),
    ],
  };
});

export function promptDocument(length = 3) {
  const guess = (id, probability) => ({ id, text: ` t${id}`, logit: id - 5.5, probability });
  return {
    ...head('headmap/prompt'),
    tokens: Array.from({ length }, (_, at) => ({ id: at, text: ` w${at}` })),
    top: [guess(7, 0.5), guess(3, 0.25)], target: guess(7, 0.5),
    attribution: grid((layer, each) => layer - each / 2), attribution_rest: -0.5, ablated: [[1, 2]],
    ablated_top: [guess(3, 0.4), guess(7, 0.2)], ablated_target: guess(7, 0.2),
    attention: [
      { layer: 2, head: 3, pattern: Array.from({ length: length * length }, (_, at) => (at % length <= at / length ? 1 / (1 + Math.floor(at / length)) : 0)) },
      { layer: 2, head: null, pattern: new Array(length * length).fill(0) },
    ],
  };
}

export function patternsDocument() {
  return {
    ...head('headmap/patterns'), length: 32, sequences: 1, seed: 1,
    previous_token: grid((layer, each) => (layer + each) / 8), duplicate_token: grid(() => 0), induction: grid((layer) => layer / 3),
  };
}

export const everyDocument = () => [dynamicDocument(), ablationDocument(), promptDocument(), patternsDocument()];
export { causal, dynamic, statics };
