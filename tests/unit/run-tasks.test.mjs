/** Templates, the order of heads, and the numbers that the views draw, against the goldens. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { curveOf, drawsAt, stepText } from '../../www/run/ablation-data.js';
import { correlations, inUseGrid, pointsOf, staticGrid } from '../../www/run/in-use-data.js';
import { sameHeads, toggled } from '../../www/run/prompt-data.js';
import { pearson } from '../../www/run/statistics.js';
import { ABLATION_TEMPLATES, ablationTemplate, accuracies, controlOf, mostHeads, rankHeads } from '../../www/run/tasks.js';
import { MOST_TEMPLATES, PAPER_TEMPLATES, parseTemplates } from '../../www/run/templates.js';
import { viewOf } from '../../www/run/views.js';
import { ablationDocument, causal, dynamicDocument, statics } from './run-documents.mjs';

const invalid = (pattern) => ({ name: 'TemplateInvalid', message: pattern });

test('templates: one a line, spaces in front belong to it', () => {
  assert.deepEqual(parseTemplates(PAPER_TEMPLATES.join('\n')), [...PAPER_TEMPLATES]);
  assert.deepEqual(parseTemplates('\r\n a <X> \r\n\n<X>'), [' a <X>', '<X>']);
});

test('templates: what is wrong is said with the line', () => {
  assert.throws(() => parseTemplates(' \n'), invalid(/at least one template/));
  assert.throws(() => parseTemplates('a <X>\nno source here'), invalid(/Template 2 \("no source here"\) has no <X>/));
  assert.throws(() => parseTemplates('no <x>'), invalid(/The template .* has no <X>/));
  assert.throws(() => parseTemplates('<X> and <X>'), invalid(/2 times <X>/));
  assert.throws(() => parseTemplates(`<X>${'é'.repeat(1000)}`), invalid(/longer than 2,000 bytes/));
  assert.throws(() => parseTemplates(Array(MOST_TEMPLATES + 1).fill('<X>').join('\n')), invalid(/There are 33 templates/));
});

test('heads go in order of their static score, ties by layer and head, none that scores 0 or is invalid', () => {
  const { score } = statics.cases.find(({ relation, k, preprocessing }) => relation === 'name_copying' && k === 1 && preprocessing === 'first_mlp');
  assert.deepEqual(rankHeads({ hits: score.hits, invalid: [] }, 30), causal.cases[0].ablated_in_order);
  assert.deepEqual(rankHeads({ hits: score.hits, invalid: [] }, 2), causal.cases[0].ablated_in_order.slice(0, 2));
  assert.deepEqual(rankHeads({ hits: [[3, 0], [3, 5]], invalid: [{ layer: 1, head: 1 }] }, 9), [[0, 0], [1, 0]]);
  assert.deepEqual(rankHeads({ hits: [[0, 0]], invalid: [] }, 9), []);
});

test('as many heads as the paper takes, by size', () => {
  const sizes = [[[12, 12], 30], [[24, 16], 50], [[36, 20], 100], [[48, 25], 150], [[4, 4], 16]];
  for (const [[nLayer, nHead], most] of sizes) assert.equal(mostHeads({ nLayer, nHead }), most);
});

test('every relation of the page has a prompt, and a control that is another', () => {
  const folder = new URL('../../www/data/relations/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name !== 'index.json')) {
    const relation = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    assert.deepEqual(parseTemplates(ablationTemplate(relation)), [ablationTemplate(relation)]);
    assert.notEqual(controlOf(relation.name), relation.name);
  }
  assert.equal(ablationTemplate({ name: 'name_copying', pairs: [] }), ABLATION_TEMPLATES.name_copying);
});

test('accuracies begin with every head there; the band holds every draw', () => {
  const [task] = ablationDocument().tasks;
  const { ranked, random } = accuracies(task);
  assert.deepEqual(ranked, causal.cases[0].right_after_each.map((count) => count / 155));
  assert.deepEqual(random.low, [155, 150, 149, 148, 147, 100].map((count) => count / 155));
  assert.deepEqual(random.high, Array(6).fill(1));
  assert.equal(random.mean[5], (155 + 100) / 2 / 155);
  assert.equal(accuracies({ ...task, random: [] }).random, null);
  assert.equal(accuracies({ ...task, random: [[1, 2], [3]] }).random.low.length, 2, 'as far as all draws go');
});

test('the curve in words', () => {
  const document = ablationDocument();
  assert.match(stepText(document, 0), /^No head removed: 155 of 155 \(1\.00\) right · country to capital 43 of 43/);
  assert.match(stepText(document, 2), /^2 heads removed, the last one layer 2, head 3: 20 of 155 \(0\.13\) right · at random 152\.0 \(149 to 155\)/);
  assert.equal(drawsAt({ ...document, tasks: [{ ...document.tasks[0], random: [[1]] }] }, 2), null);
  assert.equal(curveOf(document).controls.length, 1);
});

test('in use: all templates together are hits out of all prompts', () => {
  const document = dynamicDocument();
  const view = { template: 'all', context: 'without', sign: 'hits' };
  const grid = inUseGrid(document, view);
  assert.equal(grid.total, 4 * 155);
  assert.equal(grid.hits[2 * 4 + 1], document.templates.reduce((sum, each) => sum + each.without_context.hits[2][1], 0));
  const [one] = [inUseGrid(document, { ...view, template: 1, context: 'with', sign: 'suppression_hits' })];
  assert.equal(one.hits[3 * 4], document.templates[1].with_context.suppression_hits[3][0]);
  assert.equal(staticGrid(document, 'hits').hits[1], 155);
});

test('in use: a point for each head and template; r is over what is drawn', () => {
  const document = dynamicDocument();
  const points = pointsOf(document, { template: 'all', context: 'with', sign: 'hits' });
  assert.equal(points.length, 64);
  const at = (context) => pointsOf(document, { template: 0, context, sign: 'hits' }).find(({ layer, head }) => layer === 3 && head === 2);
  assert.deepEqual([at('with').y, at('without').y], [1 / 155, 0], 'the golden’s one head that differs');
  const all = correlations(document, 'all');
  assert.deepEqual(all.map(({ n }) => n), [64, 64, 64, 64]);
  const mine = all.find(({ sign, context }) => sign === 'hits' && context === 'with');
  assert.equal(mine.r, pearson(points.map(({ x }) => x), points.map(({ y }) => y)).r);
  assert.ok(mine.r > 0.99 && mine.r <= 1, String(mine.r));
  assert.equal(correlations(document, 2)[0].n, 16);
});

test('in use: an invalid head has no point and no score, and without static scores there are no points', () => {
  const document = dynamicDocument();
  document.static.invalid = [{ layer: 0, head: 1, reason: 'x' }];
  document.invalid = [{ layer: 3, head: 3, reason: 'y' }];
  const points = pointsOf(document, { template: 0, context: 'with', sign: 'hits' });
  assert.equal(points.length, 14);
  assert.ok(points.every(({ layer, head }) => `${layer}.${head}` !== '0.1' && `${layer}.${head}` !== '3.3'));
  assert.deepEqual(pointsOf({ ...document, static: null }, { template: 0, context: 'with', sign: 'hits' }), []);
});

test('heads are switched off and on', () => {
  assert.deepEqual(toggled([], { layer: 1, head: 2 }), [[1, 2]]);
  assert.deepEqual(toggled([[1, 2], [0, 0]], { layer: 1, head: 2 }), [[0, 0]]);
  assert.ok(sameHeads([[1, 2], [0, 0]], [[0, 0], [1, 2]]));
  assert.ok(!sameHeads([[1, 2]], [[2, 1]]));
});

test('an address names a view, anything else the first', () => {
  assert.equal(viewOf('#prompt'), 'prompt');
  for (const other of ['', '#', '#nothing', '#__proto__', 'prompt']) assert.equal(viewOf(other), 'weights');
});
