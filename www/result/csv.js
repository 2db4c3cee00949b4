/**
 * The scores of a figure as CSV (RFC 4180), one line for each head of each panel.
 */
import { CELL_EMPTY, CELL_INVALID, readCell } from '../figure/grid.js';
import { classesOf } from '../figure/presets.js';

const HEADER = ['model', 'relation', 'sign', 'k', 'layer', 'head', 'hits', 'pairs', 'score', 'status', 'known_as'];

/**
 * @param {object} figure
 * @param {string} figure.model name
 * @param {{relation: string, sign: string, k: number, grid: import('../figure/grid.js').Grid, marks: object | null}[]} figure.panels
 * @returns {string} lines end with CR LF; hits and score are empty where a head has none
 */
export function figureCsv({ model, panels }) {
  const lines = [HEADER];
  for (const { relation, sign, k, grid, marks } of panels) {
    for (let layer = 0; layer < grid.nLayer; layer += 1) {
      for (let head = 0; head < grid.nHead; head += 1) {
        const { state, hits, total, score } = readCell(grid, layer, head);
        const status = state === CELL_EMPTY ? 'not computed' : state === CELL_INVALID ? 'invalid' : 'scored';
        const known = classesOf(marks, { layer, head }).join('; ');
        lines.push([model, relation, sign, k, layer, head, score === null ? '' : hits, total, score ?? '', status, known]);
      }
    }
  }
  return lines.map((line) => line.map(field).join(',')).join('\r\n').concat('\r\n');
}

/**
 * One CSV field. A text that a spreadsheet would take for a formula gets an apostrophe in front.
 * @param {string | number} value
 * @returns {string}
 */
export function field(value) {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
