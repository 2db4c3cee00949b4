/**
 * The scatter plot on the page. What is read is a head: pointing at it here rings it in the heat maps, and the other way round.
 */
import { scoreText } from '../figure/colour.js';
import { classesOf } from '../figure/presets.js';
import { drawScatter, layoutScatter, movePoint, pointsAt, samePlace } from '../figure/scatter.js';
import { createPlotView } from './plot-view.js';

/** More heads at one place are counted, not named. */
const MOST_NAMED = 6;

/**
 * @param {{name: string, onRead: (cell: {layer: number, head: number} | null) => void}} options
 * @returns {{node: HTMLElement, render: (plot: object | null, cell: object | null) => void}}
 */
export function createScatterView({ name, onRead }) {
  // Which of the head's points is read; a head that was read in a heat map has its first.
  let index = null;
  const indexOf = (plot, cell) => {
    const there = plot.points[index];
    if (there && there.layer === cell.layer && there.head === cell.head) return index;
    const found = plot.points.findIndex(({ layer, head }) => layer === cell.layer && head === cell.head);
    return found < 0 ? null : found;
  };
  let layout = null;
  const cellOf = (plot, at) => {
    index = at;
    const { layer, head } = plot.points[at];
    return { layer, head, point: at };
  };
  const view = createPlotView({
    name,
    role: 'scatter plot',
    layout: (plot, width) => (layout = layoutScatter({ width, marks: plot.marks })),
    draw: (context, made, plot, theme) => drawScatter(context, made, plot, theme),
    find(made, plot, x, y) {
      const [at] = pointsAt(made, plot.points, x, y);
      return at === undefined ? null : cellOf(plot, at);
    },
    move(plot, cell, { key }) {
      const next = movePoint(plot.points, cell ? indexOf(plot, cell) : null, key);
      return next === null ? null : cellOf(plot, next);
    },
    ring(made, plot, cell) {
      const at = indexOf(plot, cell);
      if (at === null) return null;
      const { x, y } = plot.points[at];
      return { x: made.toX(x) - 9, y: made.toY(y) - 9, width: 18, height: 18 };
    },
    read(plot, cell) {
      const at = indexOf(plot, cell);
      return at === null ? `layer ${cell.layer}, head ${cell.head}: no point, the head is invalid` : pointText(plot, layout, at);
    },
    label: (plot) => `${plot.title}. Scatter plot of ${plot.points.length} points, ${plot.yName} against ${plot.xName}. `
      + 'Left and right arrow keys go through the points in order of the static score, up and down in order of the score in use.',
    hint: 'Point at a dot to see which head it is.',
    onRead,
  });
  return view;
}

/**
 * @param {object} plot
 * @param {object} layout of layoutScatter
 * @param {number} at which point
 * @returns {string}
 */
export function pointText(plot, layout, at) {
  const { x, y, layer, head, series } = plot.points[at];
  const known = classesOf(plot.marks, { layer, head }).join(', ');
  const others = [...new Set(samePlace(layout, plot.points, at).slice(1)
    .map((each) => `${plot.points[each].layer}.${plot.points[each].head}`))].filter((each) => each !== `${layer}.${head}`);
  const named = others.length > MOST_NAMED ? `${others.length} other heads` : others.join(', ');
  return [
    `layer ${layer}, head ${head}: static ${scoreText(x)}, in use ${scoreText(y)}`,
    plot.templates.length > 1 ? `in “${plot.templates[series]}”` : '',
    known,
    others.length ? `at the same place: ${named}` : '',
  ].filter(Boolean).join(' · ');
}
