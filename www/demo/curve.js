/**
 * A line chart as SVG: lines over training steps, with what each stands for and its last value below. Text is set
 * through textContent.
 */
import { format } from 'd3-format';
import { scaleLinear } from 'd3-scale';

/** Narrow, so that its letters stay readable on a phone. */
const SIZE = Object.freeze({ width: 440, left: 40, right: 24, top: 34, plot: 190, legend: 20 });
/** Lines differ in dash as well as in colour. */
const STROKES = Object.freeze([
  { colour: 'var(--curve-a)', dash: '' },
  { colour: 'var(--curve-b)', dash: '7 4' },
  { colour: 'var(--curve-c)', dash: '2 3' },
]);

function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function words(text, attributes) {
  const node = svg('text', { fill: 'var(--muted)', 'font-size': 13, ...attributes });
  node.textContent = text;
  return node;
}

/**
 * @param {object} options
 * @param {string} options.title
 * @param {{name: string, points: [number, number][]}[]} options.series up to three; points are [step, value]
 * @param {number} [options.top] of the vertical axis; from the data without it
 * @returns {SVGElement}
 */
export function curve({ title, series, top }) {
  const { width, left, right, plot, legend } = SIZE;
  const bottom = SIZE.top + plot;
  const height = bottom + 44 + legend * series.length;
  const points = series.flatMap((each) => each.points);
  const x = scaleLinear([0, Math.max(...points.map(([step]) => step))], [left, width - right]);
  const y = scaleLinear([0, top ?? Math.max(...points.map(([, value]) => value))], [bottom, SIZE.top]).nice();
  const ends = series.map(({ name, points: of }) => `${name}: ${format('.3f')(of.at(-1)[1])}`);
  const node = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}. At the end: ${ends.join(', ')}.`, class: 'curve' });
  node.append(words(title, { x: 0, y: 16, fill: 'var(--ink)', 'font-weight': 600 }));
  for (const value of y.ticks(5)) {
    node.append(svg('line', { x1: left, x2: width - right, y1: y(value), y2: y(value), stroke: 'var(--line)' }));
    node.append(words(format('~r')(value), { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }));
  }
  for (const value of x.ticks(4)) node.append(words(format(',')(value), { x: x(value), y: bottom + 18, 'text-anchor': 'middle' }));
  node.append(words('step', { x: width - right, y: bottom + 34, 'text-anchor': 'end' }));
  series.forEach(({ points: of }, i) => {
    const { colour, dash } = STROKES[i];
    const stroke = { fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash };
    const path = of.map(([step, value], n) => `${n ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join('');
    const row = bottom + 44 + legend * i;
    node.append(svg('path', { d: path, ...stroke }));
    node.append(svg('line', { x1: left, x2: left + 30, y1: row, y2: row, ...stroke }));
    node.append(words(ends[i], { x: left + 38, y: row + 4, fill: 'var(--ink)' }));
  });
  return node;
}
