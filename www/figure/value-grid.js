/**
 * The numbers of a panel whose cells are not counts: what a head adds to a logit, or a share of attention. Drawn by the
 * same code as a grid of counts; the colours come from its scale.
 *
 * @typedef {object} ValueGrid
 * @property {number} nLayer
 * @property {number} nHead
 * @property {Float64Array} values  [layer * nHead + head]
 * @property {Uint8Array} state     as in grid.js: a value that is not finite makes its head invalid
 * @property {number} total         1: there is something to draw
 * @property {Map<number, string>} reasons
 * @property {import('./colour.js').ValueScale} scale
 */
import { CELL_INVALID, CELL_SCORED } from './grid.js';

/**
 * @param {ArrayLike<number>[]} rows [layer][head]
 * @param {import('./colour.js').ValueScale} scale
 * @returns {ValueGrid}
 */
export function valueGrid(rows, scale) {
  const [nLayer, nHead] = [rows.length, rows[0].length];
  const grid = {
    nLayer, nHead, scale, total: 1, reasons: new Map(),
    values: new Float64Array(nLayer * nHead),
    state: new Uint8Array(nLayer * nHead).fill(CELL_SCORED),
  };
  rows.forEach((row, layer) => {
    for (let head = 0; head < nHead; head += 1) {
      const at = layer * nHead + head;
      if (Number.isFinite(row[head])) grid.values[at] = row[head];
      else {
        grid.state[at] = CELL_INVALID;
        grid.reasons.set(at, 'its number is not finite');
      }
    }
  });
  return grid;
}

/**
 * @param {ValueGrid} grid
 * @param {number} layer
 * @param {number} head
 * @returns {number | null} null for an invalid head
 */
export function valueAt(grid, layer, head) {
  const at = layer * grid.nHead + head;
  return grid.state[at] === CELL_SCORED ? grid.values[at] : null;
}

/**
 * @param {ArrayLike<number>[]} rows
 * @returns {number} the largest amount, signs left out; 0 when nothing is finite
 */
export function largestAmount(rows) {
  let largest = 0;
  for (const row of rows) {
    for (let at = 0; at < row.length; at += 1) {
      if (Number.isFinite(row[at])) largest = Math.max(largest, Math.abs(row[at]));
    }
  }
  return largest;
}
