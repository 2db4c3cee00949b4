/**
 * What was planted in a planted model: planted.json beside its weights, the truth that a class can check
 * the figure against.
 */

const LARGEST = 1_000_000;

/**
 * @param {object} spec the model's specification
 * @param {{planted: boolean, nLayer: number, nHead: number}} info
 * @returns {Promise<{heads: {layer: number, head: number, kind: string, strength: number, what: string}[]} | null>}
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
 * @returns {object}
 * @throws {Error} when it is not a list of planted heads of this shape
 */
export function checkPlanted(value, { nLayer, nHead }) {
  const heads = value.heads.map(({ layer, head, kind, strength, what }) => {
    const fits = Number.isInteger(layer) && layer >= 0 && layer < nLayer && Number.isInteger(head) && head >= 0 && head < nHead;
    if (!fits || typeof kind !== 'string' || !Number.isFinite(strength)) throw new Error('A planted head is not one.');
    return { layer, head, kind, strength, what: typeof what === 'string' ? what : kind };
  });
  return { heads };
}
