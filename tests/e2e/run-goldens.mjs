/** Documents of the views that run the model, held against the reference's numbers for the planted model: each throws where they differ. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** @param {'dynamic'|'causal'|'run'} name @param {'planted'|'graded-small'} [model] */
export const golden = (name, model = 'planted') => JSON.parse(readFileSync(new URL(`../golden/${name}-${model}.json`, import.meta.url), 'utf8'));

const goldenHits = (each) => [each.with_context_score, each.with_context_suppression, each.without_context_score, each.without_context_suppression]
  .map(({ hits }) => hits);
const savedHits = ({ with_context: within, without_context: without }) => [within.hits, within.suppression_hits, without.hits, without.suppression_hits];

/** Name copying over the four templates that the view begins with. */
export function assertGoldenDynamic(document) {
  const cases = golden('dynamic').cases.filter(({ relation }) => relation === 'name_copying');
  assert.deepEqual(document.templates.map(({ template }) => template), cases.map(({ template }) => template));
  cases.forEach((each, index) => assert.deepEqual(savedHits(document.templates[index]), goldenHits(each), each.template));
}

/** The curve that the view begins with: without the planted heads no name is copied, random heads and the control stay. */
export function assertGoldenAblation(document) {
  const [names, , , control] = golden('causal').cases;
  const [task, beside] = document.tasks;
  assert.deepEqual(document.order, names.ablated_in_order);
  assert.deepEqual([task.clean, ...task.ranked], names.right_after_each);
  assert.equal(task.ranked.at(-1), 0, 'without its heads no name is copied');
  assert.equal(task.random.length, 5);
  for (const draw of task.random) assert.ok(draw.at(-1) > 0.9 * task.total, `a random draw: ${draw.at(-1)} of ${task.total}`);
  assert.deepEqual([beside.id, beside.clean], ['country_to_capital', control.right_after_each[0]]);
  assert.ok(beside.ranked.every((right) => right === 43), String(beside.ranked));
}

/** A prompt, the one that the view begins with unless another is given: logits within 2e-4 of the largest, shares of attention within 1e-4. */
export function assertGoldenPrompt(document, run = golden('run').texts[0]) {
  assert.deepEqual(document.tokens.map(({ id }) => id), run.ids);
  assert.deepEqual(document.top.map(({ id }) => id), run.top_logits.at(-1).map(([id]) => id));
  const largest = run.top_logits.at(-1)[0][1];
  run.top_logits.at(-1).forEach(([, logit], at) => assert.ok(Math.abs(document.top[at].logit - logit) < 2e-4 * largest));
  const sum = document.attribution.flat().reduce((total, part) => total + part, document.attribution_rest);
  assert.ok(Math.abs(sum - document.target.logit) < 1e-3, `${sum} is not ${document.target.logit}`);
  assert.ok(document.attention.length > 0);
  for (const { layer, head, pattern } of document.attention) {
    run.pattern[layer][head].forEach((row, query) => row.forEach((share, key) => (
      assert.ok(Math.abs(pattern[query * run.ids.length + key] - share) < 1e-4, `${layer}.${head}: ${query}, ${key}`))));
  }
}
