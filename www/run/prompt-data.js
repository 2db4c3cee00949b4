/**
 * From a prompt's document to what the view draws: what each head adds to a logit, and the pattern that is looked at.
 */
import { divergingScale } from '../figure/colour.js';
import { tokenText } from '../figure/pattern.js';
import { wholeWindow } from '../figure/raster.js';
import { largestAmount, valueGrid } from '../figure/value-grid.js';
import { titleOfModel } from './in-use-data.js';

/**
 * @param {object} document valid
 * @param {[number, number][]} off heads that the reader has switched off, whether or not the model has run without them
 * @param {string} does what Enter does with a cell
 * @returns {object} a panel of figure.js, with words
 */
export function attributionPanel(document, off, does) {
  return {
    title: `${titleOfModel(document)}: what each head adds to “${tokenText(document.target.text)}”`,
    barName: `Added to the logit of “${tokenText(document.target.text)}”`,
    short: 'adds', does,
    grid: valueGrid(document.attribution, divergingScale(largestAmount(document.attribution))),
    marks: off.length ? { title: 'Your choice', corner: 'bottom', groups: [{ name: 'Switched off', marker: 'x', heads: off }] } : null,
  };
}

/**
 * @param {object} own the view's state
 * @param {ArrayLike<number>} pattern
 * @returns {object} what figure/pattern.js draws
 */
export function patternPicture({ document, head, mean, window }, pattern) {
  return {
    title: mean ? `Attention in layer ${head.layer}, mean over its heads` : `Attention of layer ${head.layer}, head ${head.head}`,
    pattern,
    tokens: document.tokens.map(({ text }) => text),
    window: window ?? wholeWindow(document.tokens.length),
  };
}

/** The same heads, in whatever order. */
export const sameHeads = (a, b) => a.length === b.length && a.every(([layer, head]) => b.some(([l, h]) => l === layer && h === head));

/** `heads` with one more, or one less. */
export function toggled(heads, { layer, head }) {
  const rest = heads.filter(([l, h]) => l !== layer || h !== head);
  return rest.length < heads.length ? rest : [...rest, [layer, head]];
}
