/**
 * A scatter plot of heads: one score to the right, another upwards, both from 0 to 1. Many heads lie at one place, most of
 * them at (0, 0); hit-testing says how many.
 *
 * @typedef {object} ScatterPoint
 * @property {number} x      0 to 1
 * @property {number} y      0 to 1
 * @property {number} layer
 * @property {number} head
 * @property {number} series which of several measurements of the head, from 0
 */
import { drawFrame, layoutFrame } from './frame.js';
import { legendHeight } from './layout.js';
import { drawLegend } from './legend.js';
import { drawMarker } from './markers.js';

const RADIUS = 4;
/** Points as close as this look like one. */
const SAME_PLACE = 1;
/** How far from a point the pointer or a finger may be, CSS pixels. */
export const REACH = 14;

/**
 * @param {{width: number, marks: {groups: object[]} | null}} options CSS pixels
 * @returns {object} see layoutFrame, and the legend's box
 */
export function layoutScatter({ width, marks }) {
  const legend = marks ? legendHeight(marks.groups.length) : 0;
  const wide = Math.min(width, 620);
  // A margin inside the axes: whole points at 0 and 1.
  const frame = layoutFrame({
    width: wide, height: Math.round(Math.min(420, (wide - 76) * 0.86)), x: [-0.03, 1.03], y: [-0.03, 1.03], under: legend && legend + 8,
  });
  return { ...frame, legend: { x: frame.plot.x, y: frame.underY + 4, width: wide - frame.plot.x, height: legend } };
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {ReturnType<typeof layoutScatter>} layout
 * @param {{title: string, xName: string, yName: string, points: ScatterPoint[], marks: object | null}} plot
 * @param {import('./theme.js').Theme} theme
 */
export function drawScatter(context, layout, { points, marks, ...words }, theme) {
  drawFrame(context, layout, words, theme);
  context.save();
  context.setLineDash([4, 4]);
  context.strokeStyle = theme.rule;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(layout.toX(0), layout.toY(0));
  context.lineTo(layout.toX(1), layout.toY(1));
  context.stroke();
  context.restore();
  context.fillStyle = theme.point;
  for (const { x, y } of points) {
    context.beginPath();
    context.arc(layout.toX(x), layout.toY(y), RADIUS, 0, 2 * Math.PI);
    context.fill();
  }
  if (!marks) return;
  for (const { marker, heads } of marks.groups) {
    const known = new Set(heads.map(([layer, head]) => `${layer}.${head}`));
    for (const { x, y, layer, head } of points) {
      if (known.has(`${layer}.${head}`)) drawMarker(context, marker, layout.toX(x), layout.toY(y), 22);
    }
  }
  drawLegend(context, layout.legend, marks, theme, layout.legend.height);
}

/**
 * The point nearest to a place, and all that look like the same one.
 * @param {object} layout of layoutScatter
 * @param {ScatterPoint[]} points
 * @param {number} x CSS pixels
 * @param {number} y CSS pixels
 * @param {number} [reach]
 * @returns {number[]} indices, the nearest first; empty when nothing is within reach
 */
export function pointsAt(layout, points, x, y, reach = REACH) {
  let nearest = -1;
  let least = reach;
  points.forEach((point, index) => {
    const distance = Math.hypot(layout.toX(point.x) - x, layout.toY(point.y) - y);
    if (distance < least) [nearest, least] = [index, distance];
  });
  return nearest < 0 ? [] : samePlace(layout, points, nearest);
}

/**
 * @param {object} layout of layoutScatter
 * @param {ScatterPoint[]} points
 * @param {number} index
 * @returns {number[]} the point and every other that looks like it
 */
export function samePlace(layout, points, index) {
  const place = points[index];
  const near = (point) => Math.hypot(layout.toX(point.x) - layout.toX(place.x), layout.toY(point.y) - layout.toY(place.y)) <= SAME_PLACE;
  return [index, ...points.keys()].filter((at, position) => position === 0 || (at !== index && near(points[at])));
}

/**
 * Moving through the points with the keyboard: left and right in order of x, up and down in order of y.
 * @param {ScatterPoint[]} points
 * @param {number | null} index null before the first key
 * @param {string} key as KeyboardEvent.key
 * @returns {number | null} null when the key means nothing here
 */
export function movePoint(points, index, key) {
  if (points.length === 0) return null;
  const upwards = key === 'ArrowUp' || key === 'ArrowDown';
  if (!upwards && !['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) return null;
  const order = [...points.keys()].sort((a, b) => (
    upwards ? points[a].y - points[b].y || points[a].x - points[b].x : points[a].x - points[b].x || points[a].y - points[b].y) || a - b);
  if (key === 'Home') return order[0];
  if (key === 'End' || index === null) return order.at(-1);
  const step = key === 'ArrowRight' || key === 'ArrowUp' ? 1 : -1;
  return order[Math.min(order.length - 1, Math.max(0, order.indexOf(index) + step))];
}
