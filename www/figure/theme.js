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
 * @property {string} point         a head in a scatter plot, see-through: heads at one place add up
 * @property {string} line          the line that a plot is about
 * @property {string} band          the ground between the lowest and the highest of several draws
 * @property {string} bandLine      their mean
 * @property {readonly string[]} others  lines of other tasks
 * @property {string} guide         faint lines behind the data
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
  point: 'rgb(49 104 142 / 45%)',
  line: '#20645f',
  band: 'rgb(120 124 130 / 26%)',
  bandLine: '#6a6f77',
  others: Object.freeze(['#9a4f12', '#6a3d8f', '#2b5fa8']),
  guide: '#e7e5df',
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
  point: 'rgb(110 196 214 / 50%)',
  line: '#6fc7bb',
  band: 'rgb(160 164 170 / 24%)',
  bandLine: '#a9acb0',
  others: Object.freeze(['#e0a063', '#c39be0', '#8db4ee']),
  guide: '#2c2f35',
  font,
});
