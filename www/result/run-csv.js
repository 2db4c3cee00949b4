/**
 * The documents of the analyses that run the model as CSV (RFC 4180), one table each.
 */
import { field } from './csv.js';

const TABLES = Object.freeze({
  'headmap/dynamic': dynamicLines,
  'headmap/ablation': ablationLines,
  'headmap/prompt': promptLines,
  'headmap/patterns': patternsLines,
});

/**
 * @param {object} document valid, see run-schema.js
 * @returns {string} lines end with CR LF; a field is empty where a head has no number
 */
export function runCsv(document) {
  const lines = TABLES[document.schema](document);
  return lines.map((line) => line.map(field).join(',')).join('\r\n').concat('\r\n');
}

/** [layer, head] of every head, layer by layer. */
const headsOf = ({ n_layer: layers, n_head: heads }) => (
  Array.from({ length: layers * heads }, (_, at) => [Math.floor(at / heads), at % heads]));

function dynamicLines({ model, relation, k, templates, invalid, static: beside }) {
  const dead = new Set([...invalid, ...(beside?.invalid ?? [])].map(({ layer, head }) => `${layer}.${head}`));
  const header = ['model', 'relation', 'k', 'template', 'layer', 'head', 'pairs', 'with_context_hits', 'with_context_suppression_hits',
    'without_context_hits', 'without_context_suppression_hits', 'static_pairs', 'static_hits', 'static_suppression_hits', 'status'];
  const lines = templates.flatMap(({ template, total, with_context: within, without_context: without }) => (
    headsOf(model).map(([layer, head]) => {
      const invalidHead = dead.has(`${layer}.${head}`);
      const of = ({ hits, suppression_hits: suppressed }) => (invalidHead ? ['', ''] : [hits[layer][head], suppressed[layer][head]]);
      return [model.name, relation, k, template, layer, head, total, ...of(within), ...of(without),
        beside ? beside.total : '', ...(beside ? of(beside) : ['', '']), invalidHead ? 'invalid' : 'scored'];
    })));
  return [header, ...lines];
}

function ablationLines({ model, order, random_heads: random, tasks }) {
  const header = ['model', 'task', 'template', 'heads', 'removed', 'layer', 'head', 'right', 'prompts', 'accuracy'];
  const lines = tasks.flatMap((task) => [
    { name: 'ranked', heads: order, right: task.ranked },
    ...random.map((heads, draw) => ({ name: `random draw ${draw + 1}`, heads, right: task.random[draw] })),
  ].flatMap(({ name, heads, right }) => [task.clean, ...right].map((count, removed) => [
    model.name, task.title, task.template, name, removed, ...(removed === 0 ? ['', ''] : heads[removed - 1]), count, task.total, count / task.total,
  ])));
  return [header, ...lines];
}

function promptLines({ model, tokens, top, ablated_top: ablatedTop, target, ablated_target: ablatedTarget, attribution, ablated }) {
  const off = new Set(ablated.map(([layer, head]) => `${layer}.${head}`));
  const guess = (what) => ({ id, text, logit, probability }) => [what, '', '', id, text, logit, probability, ''];
  return [
    ['what', 'layer', 'head', 'token_id', 'token', 'logit', 'probability', 'switched_off'],
    ...tokens.map(({ id, text }) => ['prompt', '', '', id, text, '', '', '']),
    ...top.map(guess('next')),
    guess('target')(target),
    ...(ablatedTop ?? []).map(guess('next without the heads')),
    ...(ablatedTarget ? [guess('target without the heads')(ablatedTarget)] : []),
    ...headsOf(model).map(([layer, head]) => [
      'added to the logit of the target', layer, head, target.id, target.text, attribution[layer][head], '', off.has(`${layer}.${head}`) ? 'yes' : 'no']),
  ];
}

function patternsLines({ model, length, previous_token: previous, duplicate_token: duplicate, induction }) {
  return [
    ['model', 'length', 'layer', 'head', 'previous_token', 'duplicate_token', 'induction'],
    ...headsOf(model).map(([layer, head]) => [model.name, length, layer, head, previous[layer][head], duplicate[layer][head], induction[layer][head]]),
  ];
}
