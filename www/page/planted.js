/**
 * What was planted in a planted model: planted.json beside its weights, the truth that a class can check
 * the figure against.
 *
 * @typedef {object} PlantedHead
 * @property {number} layer
 * @property {number} head
 * @property {string} kind
 * @property {number} strength  share of the pairs that it was made for
 * @property {string} what      in words
 * @property {{relation: string, sign: string, k: number, hits: number, total: number} | null} expected the hits
 *   that follow from what was planted, with the first MLP
 */
import { readCell } from '../figure/grid.js';

const LARGEST = 1_000_000;

/**
 * @param {object} spec the model's specification
 * @param {{planted: boolean, nLayer: number, nHead: number}} info
 * @returns {Promise<{heads: PlantedHead[]} | null>}
 *   null when the model is not planted or does not say what was planted
 */
export async function readPlanted(spec, info) {
  if (!info.planted) return null;
  try {
    return checkPlanted(JSON.parse(await plantedText(spec)), info);
  } catch {
    return null;
  }
}

async function plantedText(spec) {
  if (spec.kind === 'url') {
    const answer = await fetch(new URL('planted.json', spec.base));
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }
  const file = spec.files?.find(({ name }) => name === 'planted.json');
  if (!file || file.size > LARGEST) throw new Error('There is no planted.json.');
  return file.text();
}

/**
 * @param {unknown} value
 * @param {{nLayer: number, nHead: number}} shape
 * @returns {{heads: PlantedHead[]}}
 * @throws {Error} when it is not a list of planted heads of this shape
 */
export function checkPlanted(value, { nLayer, nHead }) {
  const heads = value.heads.map(({ layer, head, kind, strength, what, expected }) => {
    if (!isIndex(layer, nLayer) || !isIndex(head, nHead) || typeof kind !== 'string' || !Number.isFinite(strength)) {
      throw new Error('A planted head is not one.');
    }
    return { layer, head, kind, strength, what: typeof what === 'string' ? what : kind, expected: checkExpected(expected) };
  });
  return { heads };
}

const isIndex = (value, count) => Number.isInteger(value) && value >= 0 && value < count;

function checkExpected(expected) {
  if (!expected) return null;
  const { relation, sign, k, hits, total } = expected;
  if (typeof relation !== 'string' || !['relation', 'suppression'].includes(sign) || ![k, hits, total].every(Number.isInteger)) {
    throw new Error('What is expected of a planted head cannot be read.');
  }
  return { relation, sign, k, hits, total };
}

/**
 * What was planted beside what was computed.
 * @param {{heads: PlantedHead[]}} planted
 * @param {import('./shown.js').Shown} shown
 * @returns {{head: PlantedHead, computed: {hits: number, total: number} | null, agrees: boolean | null}[]}
 *   `agrees` is null where nothing can be said: the figure does not have the relation, or it was computed with
 *   another k or without the first MLP
 */
export function comparePlanted(planted, shown) {
  return planted.heads.map((head) => {
    const { expected } = head;
    const relation = expected && shown.relations.find(({ name }) => name === expected.relation);
    const cell = relation && readCell(relation.grids[expected.sign], head.layer, head.head);
    if (!cell || cell.score === null) return { head, computed: null, agrees: null };
    const same = relation.k === expected.k && shown.result?.preprocessing === 'first_mlp' && cell.total === expected.total;
    return { head, computed: { hits: cell.hits, total: cell.total }, agrees: same ? cell.hits === expected.hits : null };
  });
}
