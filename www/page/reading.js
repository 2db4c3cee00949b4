/**
 * What the page says about one cell, in words.
 */
import { CELL_EMPTY, CELL_INVALID, readCell } from '../figure/grid.js';
import { scoreText } from '../figure/colour.js';
import { classesOf } from '../figure/presets.js';
import { secondsText } from './format.js';
import { layersShown } from './shown.js';

/**
 * @param {object} panel of panelsOf
 * @param {{layer: number, head: number}} cell
 * @returns {{text: string, known: string}} "layer 9, head 6: 0.87 (115 of 132 pairs)" and the classes of a
 *   known head, or an empty text
 */
export function cellReading(panel, cell) {
  const { state, hits, total, score, reason } = readCell(panel.grid, cell.layer, cell.head);
  const place = `layer ${cell.layer}, head ${cell.head}`;
  const known = classesOf(panel.marks, cell).join(', ');
  if (state === CELL_INVALID) return { text: `${place}: no score, the head is invalid${reason ? ` (${reason})` : ''}`, known };
  if (state === CELL_EMPTY || score === null) return { text: `${place}: not computed`, known };
  return { text: `${place}: ${scoreText(score)} (${hits} of ${total} pairs)`, known };
}

/**
 * What the canvas of a panel is, for those who do not see it.
 * @param {object} panel of panelsOf
 * @returns {string}
 */
export function panelLabel(panel) {
  const { nLayer, nHead } = panel.grid;
  return `${panel.title}. Heat map of ${panel.barName}, ${nLayer} layers by ${nHead} heads. ${strongest(panel)}`
    + ' The arrow keys move from cell to cell, Enter lists the pairs.';
}

/** The three highest scores in words. */
function strongest({ grid }) {
  const heads = [];
  for (let layer = 0; layer < grid.nLayer; layer += 1) {
    for (let head = 0; head < grid.nHead; head += 1) {
      const { score } = readCell(grid, layer, head);
      if (score !== null && score > 0) heads.push({ layer, head, score });
    }
  }
  if (heads.length === 0) return '';
  const first = heads.sort((a, b) => b.score - a.score).slice(0, 3)
    .map(({ layer, head, score }) => `layer ${layer}, head ${head} with ${scoreText(score)}`);
  return `Highest: ${first.join('; ')}.`;
}

/**
 * @param {object | null} shown
 * @returns {string} how far the figure is, in words
 */
export function figureState(shown) {
  if (!shown) return '';
  const { nLayer } = shown.model;
  switch (shown.progress) {
    case 'empty': return 'Nothing is computed for this model yet.';
    case 'running': return `${layersShown(shown)} of ${nLayer} layers`;
    case 'stopped': return `Incomplete: ${layersShown(shown)} of ${nLayer} layers were computed before the run stopped.`;
    default: return shown.fromFile ? 'Drawn from a saved result, without a model.' : `Complete: all ${nLayer} layers in ${secondsText(shown.result.seconds)}.`;
  }
}
