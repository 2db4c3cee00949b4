/** The scatter plot and the ablation curve: where things stand, what is under the pointer, what is drawn. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { interpolateRdBu } from 'd3-scale-chromatic';
import { divergingScale } from '../../www/figure/colour.js';
import { curveRows, drawCurve, layoutCurve } from '../../www/figure/curve.js';
import { drawScatter, layoutScatter, movePoint, pointsAt, samePlace } from '../../www/figure/scatter.js';
import { darkTheme, lightTheme } from '../../www/figure/theme.js';
import { largestAmount, valueAt, valueGrid } from '../../www/figure/value-grid.js';
import { seeded } from './random.mjs';
import { recorder } from './recorder.mjs';

const point = (x, y, layer = 0, head = 0) => ({ x, y, layer, head, series: 0 });

test('scatter: 0 and 1 lie inside the axes, and up is more', () => {
  const layout = layoutScatter({ width: 600, marks: null });
  assert.ok(layout.toX(0) > layout.plot.x && layout.toX(1) < layout.plot.x + layout.plot.width);
  assert.ok(layout.toY(1) < layout.toY(0) && layout.toY(0) < layout.plot.y + layout.plot.height);
});

test('scatter: the nearest point within reach, and every other at its place', () => {
  const layout = layoutScatter({ width: 600, marks: null });
  const points = [point(0, 0, 0, 0), point(0.5, 0.5, 1, 2), point(0, 0, 2, 3), point(1, 0.9, 3, 1)];
  const at = (index, dx = 0) => pointsAt(layout, points, layout.toX(points[index].x) + dx, layout.toY(points[index].y));
  assert.deepEqual(at(0, 3), [0, 2]);
  assert.deepEqual(at(1, -5), [1]);
  assert.deepEqual(at(1, 40), []);
  assert.deepEqual(samePlace(layout, points, 2), [2, 0]);
  assert.deepEqual(pointsAt(layout, [], 1, 1), []);
});

test('scatter: what is found is what lies nearest, on random points', () => {
  const random = seeded(5);
  const layout = layoutScatter({ width: 500, marks: null });
  const points = Array.from({ length: 300 }, (_, index) => point(Math.round(random() * 20) / 20, random(), index, 0));
  const distance = ({ x, y }, px, py) => Math.hypot(layout.toX(x) - px, layout.toY(y) - py);
  for (let round = 0; round < 300; round += 1) {
    const [px, py] = [random() * layout.width, random() * layout.height];
    const [found] = pointsAt(layout, points, px, py);
    const least = Math.min(...points.map((each) => distance(each, px, py)));
    if (found === undefined) assert.ok(least >= 14);
    else assert.equal(distance(points[found], px, py), least);
  }
});

test('scatter: the arrow keys visit every point once, in order', () => {
  const random = seeded(9);
  const points = Array.from({ length: 40 }, () => point(Math.round(random() * 4) / 4, Math.round(random() * 4) / 4));
  for (const [first, next, value] of [['Home', 'ArrowRight', 'x'], [null, 'ArrowDown', 'y']]) {
    let index = first ? movePoint(points, null, first) : movePoint(points, null, next);
    const seen = [index];
    for (let step = 1; step < points.length; step += 1) seen.push(index = movePoint(points, index, next));
    assert.equal(new Set(seen).size, points.length);
    const values = seen.map((each) => points[each][value]);
    const sorted = values.slice().sort((a, b) => (next === 'ArrowDown' ? b - a : a - b));
    assert.deepEqual(values, sorted);
    assert.equal(movePoint(points, index, next), index);
  }
  assert.equal(movePoint(points, 3, 'Tab'), null);
  assert.equal(movePoint([], null, 'Home'), null);
});

test('scatter: every point is drawn where it is hit, known heads with their mark', () => {
  const marks = { title: 'Known', corner: 'top', groups: [{ name: 'Movers', marker: 'x', heads: [[1, 2]] }] };
  const points = [point(0, 0, 0, 0), point(0.5, 0.25, 1, 2)];
  for (const theme of [lightTheme, darkTheme]) {
    const { context, calls } = recorder();
    const layout = layoutScatter({ width: 600, marks });
    drawScatter(context, layout, { title: 'T', xName: 'Static', yName: 'In use', points, marks }, theme);
    const arcs = calls.filter(({ name, fill }) => name === 'arc' && fill === theme.point).map(({ args }) => args.slice(0, 2));
    assert.deepEqual(arcs, points.map(({ x, y }) => [layout.toX(x), layout.toY(y)]));
    const crosses = calls.filter(({ name, stroke }) => name === 'stroke' && stroke === '#000000');
    assert.equal(crosses.length, 2, 'the mark of one head, and the one in the legend');
    const texts = calls.filter(({ name }) => name === 'fillText').map(({ args }) => args[0]);
    for (const text of ['T', 'Static', 'In use', 'Known', 'Movers', '0.0', '1.0']) assert.ok(texts.includes(text), text);
  }
});

const curve = {
  title: 'Accuracy', xName: 'Heads removed', yName: 'Accuracy',
  ranked: { name: 'ranked', values: [1, 0.5, 0] },
  random: { name: 'random', low: [1, 0.9, 0.8], high: [1, 1, 0.95], mean: [1, 0.95, 0.9] },
  controls: [{ name: 'control', values: [1, 1, 0.9] }],
};

test('curve: places are numbers of heads', () => {
  const layout = layoutCurve({ width: 700, steps: 30, rows: curveRows(curve) });
  for (const step of [0, 1, 15, 30]) assert.equal(layout.stepAt(layout.toX(step) + 2), step);
  assert.equal(layout.stepAt(-100), 0);
  assert.equal(layout.stepAt(9999), 30);
  assert.ok(layout.ticksX.every(Number.isInteger));
  assert.ok(layoutCurve({ width: 700, steps: 1, rows: 1 }).ticksX.every(Number.isInteger));
});

test('curve: the band goes along the highest and back along the lowest, the line through its values', () => {
  const { context, calls } = recorder();
  const layout = layoutCurve({ width: 700, steps: 2, rows: curveRows(curve) });
  drawCurve(context, layout, curve, lightTheme, 1);
  const end = calls.findIndex(({ name, fill }) => name === 'fill' && fill === lightTheme.band);
  const begin = calls.slice(0, end).findLastIndex(({ name }) => name === 'beginPath');
  const path = calls.slice(begin, end).filter(({ name }) => name === 'lineTo').map(({ args }) => args);
  const { high, low } = curve.random;
  assert.deepEqual(path, [
    ...high.map((value, at) => [layout.toX(at), layout.toY(value)]),
    ...low.map((value, at) => [layout.toX(at), layout.toY(value)]).reverse(),
  ]);
  const strokes = calls.filter(({ name }) => name === 'stroke').map(({ stroke }) => stroke);
  for (const colour of [lightTheme.line, lightTheme.bandLine, lightTheme.others[0]]) assert.ok(strokes.includes(colour), colour);
  const texts = calls.filter(({ name }) => name === 'fillText').map(({ args }) => args[0]);
  for (const text of ['ranked', 'random', 'control', 'Accuracy']) assert.ok(texts.includes(text), text);
});

test('a signed scale is white at 0 and as far on both sides', () => {
  const scale = divergingScale(2.5);
  assert.equal(scale.colour(0), interpolateRdBu(0.5));
  assert.notEqual(scale.colour(1), scale.colour(-1));
  assert.equal(scale.colour(99), scale.colour(2.5));
  assert.deepEqual([scale.low, scale.high], [-2.5, 2.5]);
  assert.ok(scale.ticks.includes(0) && scale.ticks.every((tick) => tick >= -2.5 && tick <= 2.5));
  assert.throws(() => scale.colour(NaN), RangeError);
  for (const nothing of [0, NaN, -1, undefined]) assert.equal(divergingScale(nothing).high, 1);
});

test('a grid of values: what is not finite is invalid, never 0', () => {
  const rows = [[0.5, -2], [NaN, Infinity]];
  const grid = valueGrid(rows, divergingScale(largestAmount(rows)));
  assert.equal(largestAmount(rows), 2);
  assert.deepEqual([valueAt(grid, 0, 0), valueAt(grid, 0, 1), valueAt(grid, 1, 0), valueAt(grid, 1, 1)], [0.5, -2, null, null]);
  assert.equal(largestAmount([[NaN]]), 0);
});
