/**
 * A line chart as SVG: lines over training steps, each named at its end. Text is set through textContent.
 */
import { format } from 'd3-format';
import { scaleLinear } from 'd3-scale';

const SIZE = Object.freeze({ width: 560, height: 300, left: 46, right: 150, top: 34, bottom: 40 });
/** Lines differ in dash as well as in colour. */
const STROKES = Object.freeze([
  { colour: 'var(--curve-a)', dash: '' },
  { colour: 'var(--curve-b)', dash: '7 4' },
  { colour: 'var(--curve-c)', dash: '2 3' },
]);
/** Names of lines keep this distance. */
const NAME_HEIGHT = 16;

function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function words(text, attributes) {
  const node = svg('text', { fill: 'var(--muted)', 'font-size': 12, ...attributes });
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
  const { width, height, left, right } = SIZE;
  const points = series.flatMap((each) => each.points);
  const x = scaleLinear([0, Math.max(...points.map(([step]) => step))], [left, width - right]);
  const y = scaleLinear([0, top ?? Math.max(...points.map(([, value]) => value))], [height - SIZE.bottom, SIZE.top]).nice();
  const ends = series.map(({ name, points: of }) => `${name} ${format('.2f')(of.at(-1)[1])}`);
  const node = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}; at the end: ${ends.join(', ')}`, class: 'curve' });
  node.append(words(title, { x: left, y: 16, fill: 'var(--ink)', 'font-weight': 600 }));
  for (const value of y.ticks(5)) {
    node.append(svg('line', { x1: left, x2: width - right, y1: y(value), y2: y(value), stroke: 'var(--line)' }));
    node.append(words(format('~r')(value), { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }));
  }
  for (const value of x.ticks(5)) node.append(words(format(',')(value), { x: x(value), y: height - SIZE.bottom + 18, 'text-anchor': 'middle' }));
  node.append(words('step', { x: width - right, y: height - 6, 'text-anchor': 'end' }));
  const places = spread(series.map(({ points: of }) => y(of.at(-1)[1])));
  series.forEach(({ points: of }, i) => {
    const { colour, dash } = STROKES[i];
    const path = of.map(([step, value], n) => `${n ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join('');
    node.append(svg('path', { d: path, fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash }));
    node.append(words(ends[i], { x: width - right + 8, y: places[i] + 4, fill: colour }));
  });
  return node;
}

/** Moves names apart that would overlap, downwards in their order. */
function spread(wanted) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  order.forEach((i, n) => {
    if (n > 0) places[i] = Math.max(places[i], places[order[n - 1]] + NAME_HEIGHT);
  });
  return places;
}
