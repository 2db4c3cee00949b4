/**
 * The inks and grounds of a figure, light and dark. The colours of the data are not here: they are
 * viridis on every ground, so that a saved figure and the page never disagree.
 *
 * @typedef {object} Theme
 * @property {string} ground        behind everything
 * @property {string} ink           titles and axis names
 * @property {string} muted         tick labels
 * @property {string} rule          tick marks and the frames of plot and colour bar
 * @property {string} empty         a cell that is not computed yet
 * @property {string} emptyMark     the small sign in such a cell
 * @property {string} hatchGround   an invalid head
 * @property {string} hatch         the strokes on it
 * @property {string} legendGround
 * @property {string} legendInk
 * @property {string} font          family list of all text
 */

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';

/** @type {Theme} */
export const lightTheme = Object.freeze({
  ground: '#ffffff',
  ink: '#1f2328',
  muted: '#50565e',
  rule: '#8b9098',
  empty: '#f4f4f2',
  emptyMark: '#c9cac6',
  hatchGround: '#ffffff',
  hatch: '#a1453a',
  legendGround: '#ececea',
  legendInk: '#24282d',
  font,
});

/** @type {Theme} */
export const darkTheme = Object.freeze({
  ground: '#1a1c20',
  ink: '#eceae4',
  muted: '#b3b5b8',
  rule: '#7d8187',
  empty: '#24272c',
  emptyMark: '#4d5259',
  hatchGround: '#1a1c20',
  hatch: '#e58a7b',
  legendGround: '#d9d9d6',
  legendInk: '#1f2328',
  font,
});
