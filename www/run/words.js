/**
 * What the page says about heads and tokens where it is not a count of pairs.
 */
import { scoreText } from '../figure/colour.js';
import { CELL_INVALID, readCell } from '../figure/grid.js';
import { classesOf } from '../figure/presets.js';
import { valueAt } from '../figure/value-grid.js';

/** @type {(value: number, digits?: number) => string} with a real minus sign */
export const signed = (value, digits = 2) => `${value > 0 ? '+' : ''}${value.toFixed(digits).replace('-', '−')}`;

/** @type {(probability: number) => string} "12.3 %" */
export function percentText(probability) {
  const percent = probability * 100;
  if (percent > 0 && percent < 0.05) return 'under 0.1\u00a0%';
  return `${percent.toFixed(1)}\u00a0%`;
}

const arrows = 'The arrow keys move from cell to cell';
const placed = (panel, cell, brief, known) => ({ text: `layer ${cell.layer}, head ${cell.head}: ${brief}`, brief: `${panel.short} ${brief}`, known });

/** Words of panels whose cells are counts of pairs. */
export const countWords = Object.freeze({
  reading(panel, cell) {
    const { state, hits, total, score } = readCell(panel.grid, cell.layer, cell.head);
    const known = classesOf(panel.marks, cell).join(', ');
    if (state === CELL_INVALID) return placed(panel, cell, 'no score, the head is invalid', known);
    if (score === null) return placed(panel, cell, 'not computed', known);
    return placed(panel, cell, `${scoreText(score)} (${hits} of ${total})`, known);
  },
  label: (panel) => `${panel.title}. Heat map of ${panel.barName}, ${panel.grid.nLayer} layers by ${panel.grid.nHead} heads. ${arrows}.`,
});

/** Words of panels whose cells are values, see value-grid.js. */
export const valueWords = Object.freeze({
  reading(panel, cell) {
    const value = valueAt(panel.grid, cell.layer, cell.head);
    const known = classesOf(panel.marks, cell).join(', ');
    if (value === null) return placed(panel, cell, 'not a number', known);
    return placed(panel, cell, panel.grid.scale.low < 0 ? signed(value) : scoreText(value), known);
  },
  label: (panel) => `${panel.title}. Heat map of ${panel.barName}, ${panel.grid.nLayer} layers by ${panel.grid.nHead} heads. ${arrows}${panel.does ? `, Enter ${panel.does}` : ''}.`,
});
