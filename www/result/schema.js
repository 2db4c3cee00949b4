/**
 * The result object, version 1, checked from the outside in. What a stranger's file says is copied field
 * by field: nothing unknown, and nothing that contradicts itself, reaches the page.
 */
import { bit, countBits, decodeBits } from './bits.js';
import { amount, flag, integer, invalid, list, number, object, oneOf, text, textOrNull } from './check.js';

export const SCHEMA = 'headmap/result';
export const VERSION = 1;

/** A saved result of the largest model and relation stays far below this. */
export const LARGEST_FILE = 64 * 1024 * 1024;
const MOST_LAYERS = 256;
const MOST_HEADS = 256;
const MOST_RELATIONS = 64;
export const MOST_PAIRS = 20000;
const LARGEST_TOKEN = 10_000_000;
const SOURCES = ['hub', 'mirror', 'file', 'bytes', 'bundled', 'directory'];

/**
 * @param {string} json
 * @returns {object} the checked result
 * @throws {Error} `ResultInvalid`, with a sentence
 */
export function parseResult(json) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid('This file is not JSON. Choose a result that was saved with "Save JSON".');
  }
  return validateResult(value);
}

/**
 * @param {unknown} value
 * @returns {object} a copy with the known fields only
 * @throws {Error} `ResultInvalid`, with a sentence that names the field
 */
export function validateResult(value) {
  const result = object(value, 'the file');
  if (result.schema !== SCHEMA) {
    throw invalid(`This file is not a Headmap result: its "schema" is not "${SCHEMA}". Choose a result that was saved with "Save JSON".`);
  }
  if (result.version !== VERSION) {
    throw invalid(`This result has version ${String(result.version).slice(0, 20)}; this page reads version ${VERSION}.`);
  }
  if (!flag(result.complete, 'complete')) {
    throw invalid('This result is of a run that was stopped: heads that were never scored cannot be told from heads that score 0. Load a finished one.');
  }
  const model = checkModel(result.model);
  return {
    schema: SCHEMA,
    version: VERSION,
    created: textOrNull(result.created, 'created', 64),
    complete: true,
    model,
    preprocessing: oneOf(result.preprocessing, 'preprocessing', ['first_mlp', 'none']),
    engine: checkEngine(result.engine),
    seconds: amount(result.seconds, 'seconds'),
    multiply_adds: amount(result.multiply_adds, 'multiply_adds'),
    // Files of before have none.
    int8_multiply_adds: number(result.int8_multiply_adds ?? 0, 'int8_multiply_adds', 0, result.multiply_adds),
    full_projection_multiply_adds: amount(result.full_projection_multiply_adds, 'full_projection_multiply_adds'),
    bytes_read: amount(result.bytes_read, 'bytes_read'),
    relations: list(result.relations, 'relations', { min: 1, max: MOST_RELATIONS })
      .map((relation, index) => checkRelation(relation, `relations[${index}]`, model)),
  };
}

export function checkModel(value) {
  const model = object(value, 'model');
  const sha256 = textOrNull(model.sha256, 'model.sha256', 64);
  if (sha256 !== null && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalid('This result cannot be read: model.sha256 must be 64 hexadecimal digits.');
  }
  return {
    name: text(model.name, 'model.name', 300),
    source: oneOf(model.source, 'model.source', SOURCES),
    repository: textOrNull(model.repository, 'model.repository', 300),
    revision: textOrNull(model.revision, 'model.revision', 300),
    sha256,
    ...(model.checked === undefined ? {} : { checked: checkChecked(model.checked, sha256) }),
    n_layer: integer(model.n_layer, 'model.n_layer', 1, MOST_LAYERS),
    n_head: integer(model.n_head, 'model.n_head', 1, MOST_HEADS),
    d_model: integer(model.d_model, 'model.d_model', 1, 1_000_000),
    d_head: integer(model.d_head, 'model.d_head', 1, 1_000_000),
    n_vocab: integer(model.n_vocab, 'model.n_vocab', 1, LARGEST_TOKEN),
    dtype: oneOf(model.dtype, 'model.dtype', ['F32', 'F16', 'BF16']),
    planted: flag(model.planted, 'model.planted'),
  };
}

/** What the hash of the whole file was held against; results of models that were not hashed have none. */
function checkChecked(value, sha256) {
  if (value === null) return null;
  const checked = oneOf(value, 'model.checked', ['published', 'manifest', 'differs']);
  if (sha256 === null) throw invalid('This result contradicts itself: model.checked without model.sha256.');
  return checked;
}

export function checkEngine(value) {
  const engine = object(value, 'engine');
  return {
    backend: oneOf(engine.backend, 'engine.backend', ['cpu', 'webgpu']),
    adapter: textOrNull(engine.adapter, 'engine.adapter', 300),
    fallback_adapter: flag(engine.fallback_adapter, 'engine.fallback_adapter'),
    note: textOrNull(engine.note, 'engine.note', 2000),
  };
}

function checkRelation(value, where, model) {
  const relation = object(value, where);
  const kept = list(relation.kept, `${where}.kept`, { min: 1, max: MOST_PAIRS })
    .map((pair, index) => checkKept(pair, `${where}.kept[${index}]`, model.n_vocab));
  const dropped = list(relation.dropped, `${where}.dropped`, { max: MOST_PAIRS })
    .map((pair, index) => list(pair, `${where}.dropped[${index}]`, { min: 3, max: 3 })
      .map((part) => text(part, `${where}.dropped[${index}]`)));
  const total = integer(relation.total, `${where}.total`, 1, MOST_PAIRS);
  if (total !== kept.length) {
    throw invalid(`This result contradicts itself: ${where}.total is ${total}, but ${kept.length} pairs were kept.`);
  }
  const given = integer(relation.pairs_given, `${where}.pairs_given`, kept.length, MOST_PAIRS);
  const matrix = (name) => checkCounts(relation[name], `${where}.${name}`, model, total);
  const checked = {
    name: text(relation.name, `${where}.name`, 300),
    k: integer(relation.k, `${where}.k`, 1, model.n_vocab),
    pairs_given: given,
    kept,
    dropped,
    total,
    hits: matrix('hits'),
    suppression_hits: matrix('suppression_hits'),
    invalid: checkInvalid(relation.invalid, `${where}.invalid`, model),
  };
  checked.pair_hits = checkBits(relation.pair_hits, `${where}.pair_hits`, checked.hits, checked);
  checked.pair_suppression_hits = checkBits(
    relation.pair_suppression_hits, `${where}.pair_suppression_hits`, checked.suppression_hits, checked);
  return checked;
}

export function checkKept(value, where, vocabulary) {
  const pair = list(value, where, { min: 4, max: 4 });
  return [
    text(pair[0], `${where}[0]`),
    text(pair[1], `${where}[1]`),
    integer(pair[2], `${where}[2]`, 0, vocabulary - 1),
    integer(pair[3], `${where}[3]`, 0, vocabulary - 1),
  ];
}

export function checkCounts(value, where, model, total) {
  return list(value, where, { min: model.n_layer, max: model.n_layer }).map((row, layer) => (
    list(row, `${where}[${layer}]`, { min: model.n_head, max: model.n_head })
      .map((count, head) => integer(count, `${where}[${layer}][${head}]`, 0, total))));
}

export function checkInvalid(value, where, model) {
  const seen = new Set();
  return list(value, where, { max: model.n_layer * model.n_head }).map((entry, index) => {
    const here = `${where}[${index}]`;
    const { layer, head, reason } = object(entry, here);
    integer(layer, `${here}.layer`, 0, model.n_layer - 1);
    integer(head, `${here}.head`, 0, model.n_head - 1);
    if (seen.has(layer * model.n_head + head)) throw invalid(`This result contradicts itself: ${here} names a head twice.`);
    seen.add(layer * model.n_head + head);
    return { layer, head, reason: text(reason, `${here}.reason`) };
  });
}

function checkBits(value, where, counts, relation) {
  const skip = new Set(relation.invalid.map(({ layer, head }) => `${layer}.${head}`));
  return list(value, where, { min: counts.length, max: counts.length }).map((row, layer) => (
    list(row, `${where}[${layer}]`, { min: counts[0].length, max: counts[0].length }).map((encoded, head) => {
      const here = `${where}[${layer}][${head}]`;
      const base64 = text(encoded, here, Math.ceil(MOST_PAIRS / 6) + 8);
      let set;
      try {
        set = decodeBits(base64, relation.total);
      } catch (error) {
        throw invalid(`This result cannot be read: ${here}: ${error.message}`);
      }
      if (!skip.has(`${layer}.${head}`) && countBits(set) !== counts[layer][head]) {
        throw invalid(`This result contradicts itself: ${here} marks ${countBits(set)} pairs, the count says ${counts[layer][head]}.`);
      }
      return base64;
    })));
}

/**
 * The kept pairs of one head, each with hit or miss.
 * @param {object} relation of a valid result
 * @param {'relation' | 'suppression'} sign
 * @param {{layer: number, head: number}} cell
 * @returns {{source: string, target: string, hit: boolean}[]}
 */
export function pairsOfHead(relation, sign, { layer, head }) {
  const sets = sign === 'suppression' ? relation.pair_suppression_hits : relation.pair_hits;
  const set = decodeBits(sets[layer][head], relation.total);
  return relation.kept.map(([source, target], index) => ({ source, target, hit: bit(set, index) }));
}
