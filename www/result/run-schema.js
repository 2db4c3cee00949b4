/**
 * The documents of the analyses that run the model, version 1, checked from the outside in as result.js's are: what a
 * stranger's file says is copied field by field. docs/result.md describes them.
 */
import { amount, flag, integer, invalid, list, number, object, oneOf, text, textOrNull } from './check.js';
import { MOST_PAIRS, checkCounts, checkEngine, checkInvalid, checkKept, checkModel } from './schema.js';

export const RUN_VERSION = 1;
const MOST_TEMPLATES = 32;
const MOST_TASKS = 16;
const MOST_DRAWS = 100;
const MOST_TOKENS = 4096;
const LONGEST_TEMPLATE = 4000;
/** Numbers of all patterns of a file together: four of 1,024 tokens. */
const MOST_PATTERN_CELLS = 4 * 1024 * 1024;

const CHECKS = Object.freeze({
  'headmap/dynamic': checkDynamic,
  'headmap/ablation': checkAblation,
  'headmap/prompt': checkPrompt,
  'headmap/patterns': checkPatterns,
});
export const RUN_SCHEMAS = Object.freeze(Object.keys(CHECKS));

/**
 * @param {string} json
 * @returns {object} the checked document
 * @throws {Error} `ResultInvalid`, with a sentence
 */
export function parseRun(json) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid('This file is not JSON. Choose a file that was saved with "Save JSON".');
  }
  return validateRun(value);
}

/**
 * @param {unknown} value
 * @returns {object} a copy with the known fields only; `schema` says which kind it is
 * @throws {Error} `ResultInvalid`, with a sentence that names the field
 */
export function validateRun(value) {
  const document = object(value, 'the file');
  if (!Object.hasOwn(CHECKS, document.schema)) {
    throw invalid(`This file is not a result of a run: its "schema" is none of ${RUN_SCHEMAS.join(', ')}. Choose a file that was saved with "Save JSON".`);
  }
  if (document.version !== RUN_VERSION) {
    throw invalid(`This result has version ${String(document.version).slice(0, 20)}; this page reads version ${RUN_VERSION}.`);
  }
  const model = checkModel(document.model);
  return {
    schema: document.schema,
    version: RUN_VERSION,
    created: textOrNull(document.created, 'created', 64),
    model,
    engine: checkEngine(document.engine),
    seconds: amount(document.seconds, 'seconds'),
    multiply_adds: amount(document.multiply_adds, 'multiply_adds'),
    ...CHECKS[document.schema](document, model),
  };
}

function checkDynamic(value, model) {
  return {
    relation: text(value.relation, 'relation', 300),
    k: integer(value.k, 'k', 1, model.n_vocab),
    multi_token: flag(value.multi_token, 'multi_token'),
    pairs_given: integer(value.pairs_given, 'pairs_given', 1, MOST_PAIRS),
    templates: list(value.templates, 'templates', { min: 1, max: MOST_TEMPLATES })
      .map((template, index) => checkTemplate(template, `templates[${index}]`, model)),
    invalid: checkInvalid(value.invalid, 'invalid', model),
    static: value.static === null || value.static === undefined ? null : checkStatic(value.static, model),
  };
}

function checkTemplate(value, where, model) {
  const template = object(value, where);
  const total = integer(template.total, `${where}.total`, 1, MOST_PAIRS);
  const kept = list(template.kept, `${where}.kept`, { min: 1, max: MOST_PAIRS })
    .map((pair, index) => checkKept(pair, `${where}.kept[${index}]`, model.n_vocab));
  if (kept.length !== total) {
    throw invalid(`This result contradicts itself: ${where}.total is ${total}, but ${kept.length} pairs were kept.`);
  }
  const length = list(template.length, `${where}.length`, { min: 2, max: 2 }).map((tokens, index) => integer(tokens, `${where}.length[${index}]`, 1, MOST_TOKENS));
  return {
    template: text(template.template, `${where}.template`, LONGEST_TEMPLATE),
    length,
    total,
    kept,
    dropped: checkDropped(template.dropped, `${where}.dropped`),
    with_context: checkCondition(template.with_context, `${where}.with_context`, model, total),
    without_context: checkCondition(template.without_context, `${where}.without_context`, model, total),
  };
}

function checkCondition(value, where, model, total) {
  const condition = object(value, where);
  return {
    hits: checkCounts(condition.hits, `${where}.hits`, model, total),
    suppression_hits: checkCounts(condition.suppression_hits, `${where}.suppression_hits`, model, total),
  };
}

function checkStatic(value, model) {
  const scores = object(value, 'static');
  const total = integer(scores.total, 'static.total', 1, MOST_PAIRS);
  return {
    preprocessing: oneOf(scores.preprocessing, 'static.preprocessing', ['first_mlp', 'none']),
    total,
    ...checkCondition(scores, 'static', model, total),
    invalid: checkInvalid(scores.invalid, 'static.invalid', model),
  };
}

function checkDropped(value, where) {
  return list(value, where, { max: MOST_PAIRS }).map((pair, index) => (
    list(pair, `${where}[${index}]`, { min: 3, max: 3 }).map((part) => text(part, `${where}[${index}]`))));
}

function checkAblation(value, model) {
  const heads = model.n_layer * model.n_head;
  const order = checkHeads(value.order, 'order', model, { min: 1, max: heads });
  const random = list(value.random_heads, 'random_heads', { max: MOST_DRAWS })
    .map((draw, index) => checkHeads(draw, `random_heads[${index}]`, model, { max: heads }));
  return {
    forward_passes_multiply_adds: amount(value.forward_passes_multiply_adds, 'forward_passes_multiply_adds'),
    order,
    seed: integer(value.seed, 'seed', 0, Number.MAX_SAFE_INTEGER),
    random_heads: random,
    tasks: list(value.tasks, 'tasks', { min: 1, max: MOST_TASKS }).map((task, index) => checkTask(task, `tasks[${index}]`, order.length, random)),
  };
}

function checkTask(value, where, steps, random) {
  const task = object(value, where);
  const total = integer(task.total, `${where}.total`, 1, MOST_PAIRS);
  const curve = (counts, here, length) => list(counts, here, { min: length, max: length })
    .map((count, step) => integer(count, `${here}[${step}]`, 0, total));
  return {
    id: text(task.id, `${where}.id`, 300),
    title: text(task.title, `${where}.title`, 300),
    template: text(task.template, `${where}.template`, LONGEST_TEMPLATE),
    total,
    dropped: checkDropped(task.dropped, `${where}.dropped`),
    clean: integer(task.clean, `${where}.clean`, 0, total),
    ranked: curve(task.ranked, `${where}.ranked`, steps),
    random: list(task.random, `${where}.random`, { min: random.length, max: random.length })
      .map((draw, index) => curve(draw, `${where}.random[${index}]`, random[index].length)),
  };
}

function checkHeads(value, where, model, length) {
  const seen = new Set();
  return list(value, where, { min: 0, ...length }).map((entry, index) => {
    const here = `${where}[${index}]`;
    const [layer, head] = list(entry, here, { min: 2, max: 2 });
    integer(layer, `${here}[0]`, 0, model.n_layer - 1);
    integer(head, `${here}[1]`, 0, model.n_head - 1);
    if (seen.has(layer * model.n_head + head)) throw invalid(`This result contradicts itself: ${here} names a head twice.`);
    seen.add(layer * model.n_head + head);
    return [layer, head];
  });
}

function checkPrompt(value, model) {
  const tokens = list(value.tokens, 'tokens', { min: 1, max: MOST_TOKENS }).map((token, index) => {
    const { id, text: letters } = object(token, `tokens[${index}]`);
    return { id: integer(id, `tokens[${index}].id`, 0, model.n_vocab - 1), text: text(letters, `tokens[${index}].text`) };
  });
  const guesses = (given, where) => list(given, where, { min: 1, max: 100 }).map((guess, index) => checkGuess(guess, `${where}[${index}]`, model));
  const orNone = (given, check) => (given === null || given === undefined ? null : check(given));
  let cells = 0;
  return {
    tokens,
    top: guesses(value.top, 'top'),
    target: checkGuess(value.target, 'target', model),
    attribution: checkNumbers(value.attribution, 'attribution', model),
    attribution_rest: number(value.attribution_rest, 'attribution_rest'),
    ablated: checkHeads(value.ablated, 'ablated', model, { max: model.n_layer * model.n_head }),
    ablated_top: orNone(value.ablated_top, (given) => guesses(given, 'ablated_top')),
    ablated_target: orNone(value.ablated_target, (given) => checkGuess(given, 'ablated_target', model)),
    attention: list(value.attention, 'attention', { max: (model.n_head + 1) * model.n_layer }).map((given, index) => {
      cells += tokens.length ** 2;
      if (cells > MOST_PATTERN_CELLS) throw invalid('This result cannot be read: its attention patterns are too large.');
      return checkAttention(given, `attention[${index}]`, model, tokens.length);
    }),
  };
}

function checkGuess(value, where, model) {
  const guess = object(value, where);
  return {
    id: integer(guess.id, `${where}.id`, 0, model.n_vocab - 1),
    text: text(guess.text, `${where}.text`),
    logit: number(guess.logit, `${where}.logit`),
    probability: number(guess.probability, `${where}.probability`, 0, 1.000001),
  };
}

function checkAttention(value, where, model, length) {
  const { layer, head, pattern } = object(value, where);
  const cells = length * length;
  return {
    layer: integer(layer, `${where}.layer`, 0, model.n_layer - 1),
    head: head === null || head === undefined ? null : integer(head, `${where}.head`, 0, model.n_head - 1),
    pattern: Float32Array.from(list(pattern, `${where}.pattern`, { min: cells, max: cells }), (share, at) => number(share, `${where}.pattern[${at}]`, 0, 1.001)),
  };
}

function checkNumbers(value, where, model, low, high) {
  return list(value, where, { min: model.n_layer, max: model.n_layer }).map((row, layer) => (
    list(row, `${where}[${layer}]`, { min: model.n_head, max: model.n_head })
      .map((entry, head) => number(entry, `${where}[${layer}][${head}]`, low, high))));
}

function checkPatterns(value, model) {
  const shares = (name) => checkNumbers(value[name], name, model, 0, 1.001);
  return {
    length: integer(value.length, 'length', 2, MOST_TOKENS),
    sequences: integer(value.sequences, 'sequences', 1, 10_000),
    seed: integer(value.seed, 'seed', 0, Number.MAX_SAFE_INTEGER),
    previous_token: shares('previous_token'),
    duplicate_token: shares('duplicate_token'),
    induction: shares('induction'),
  };
}
