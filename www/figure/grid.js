/**
 * The numbers of one panel, head by head, as integers. A grid grows column by column while a score
 * runs and is complete when a result is read back.
 *
 * @typedef {object} Grid
 * @property {number} nLayer
 * @property {number} nHead
 * @property {number} total           kept pairs; every count is out of this many
 * @property {Uint32Array} hits       [layer * nHead + head]
 * @property {Uint8Array} state       [layer * nHead + head], one of the CELL_ values
 * @property {Map<number, string>} reasons  why a head is invalid, by the same index
 */

/** Not computed yet. */
export const CELL_EMPTY = 0;
/** `hits` holds this head's count. */
export const CELL_SCORED = 1;
/** The head has no score (it holds NaN or infinity); its count means nothing. */
export const CELL_INVALID = 2;

/**
 * @param {number} nLayer
 * @param {number} nHead
 * @param {number} total kept pairs
 * @returns {Grid} with every cell empty
 */
export function emptyGrid(nLayer, nHead, total) {
  return {
    nLayer,
    nHead,
    total,
    hits: new Uint32Array(nLayer * nHead),
    state: new Uint8Array(nLayer * nHead),
    reasons: new Map(),
  };
}

/**
 * Fill one layer's column.
 * @param {Grid} grid
 * @param {number} layer
 * @param {ArrayLike<number>} hits one count for each head
 * @param {{head: number, reason: string}[]} invalid
 */
export function fillLayer(grid, layer, hits, invalid = []) {
  const start = layer * grid.nHead;
  for (let head = 0; head < grid.nHead; head += 1) {
    grid.hits[start + head] = hits[head];
    grid.state[start + head] = CELL_SCORED;
  }
  for (const { head, reason } of invalid) {
    grid.hits[start + head] = 0;
    grid.state[start + head] = CELL_INVALID;
    grid.reasons.set(start + head, reason);
  }
}

/**
 * The grid of one relation and sign of a result object.
 * @param {object} result a valid result
 * @param {number} index which of its relations
 * @param {'relation' | 'suppression'} sign
 * @returns {Grid}
 */
export function gridFromResult(result, index, sign) {
  const relation = result.relations[index];
  const { n_layer: nLayer, n_head: nHead } = result.model;
  const grid = emptyGrid(nLayer, nHead, relation.total);
  const counts = sign === 'suppression' ? relation.suppression_hits : relation.hits;
  for (let layer = 0; layer < nLayer; layer += 1) {
    fillLayer(grid, layer, counts[layer], relation.invalid.filter((entry) => entry.layer === layer));
  }
  return grid;
}

/**
 * @param {Grid} grid
 * @param {number} layer
 * @param {number} head
 * @returns {{state: number, hits: number, total: number, score: number | null, reason: string | null}}
 */
export function readCell(grid, layer, head) {
  const at = layer * grid.nHead + head;
  const state = grid.state[at];
  const scored = state === CELL_SCORED && grid.total > 0;
  return {
    state,
    hits: grid.hits[at],
    total: grid.total,
    score: scored ? grid.hits[at] / grid.total : null,
    reason: grid.reasons.get(at) ?? null,
  };
}

/**
 * @param {Grid} grid
 * @returns {number} layers of which every head is scored or known to be invalid
 */
export function layersDone(grid) {
  let done = 0;
  for (let layer = 0; layer < grid.nLayer; layer += 1) {
    const column = grid.state.subarray(layer * grid.nHead, (layer + 1) * grid.nHead);
    if (column.every((state) => state !== CELL_EMPTY)) done += 1;
  }
  return done;
}
