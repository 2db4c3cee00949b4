/** What is drawn, on a context that only writes down what it is told. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { scoreColour } from '../../www/figure/colour.js';
import { drawPanel, drawPicture, layoutPanels, layoutPicture } from '../../www/figure/figure.js';
import { emptyGrid, fillLayer } from '../../www/figure/grid.js';
import { drawMarker } from '../../www/figure/markers.js';
import { darkTheme, lightTheme } from '../../www/figure/theme.js';
import { recorder } from './recorder.mjs';

function scored() {
  const grid = emptyGrid(3, 2, 10);
  fillLayer(grid, 0, [10, 0], []);
  fillLayer(grid, 1, [5, 0], [{ head: 1, reason: 'not finite' }]);
  return { title: 'GPT-2: Name-Copying heads', barName: 'Name Copying score', grid, marks: null };
}

function draw(panel, theme = lightTheme) {
  const { context, calls } = recorder();
  const [layout] = layoutPanels([panel], 500, 1);
  drawPanel(context, layout, panel, theme, 2);
  const fillAt = (layer, head) => calls
    .filter(({ name, args }) => name === 'fillRect'
      && args[0] === layout.plot.x + layer * layout.cell.width && args[1] === layout.plot.y + head * layout.cell.height
      && args[2] === layout.cell.width)
    .map(({ fill }) => fill);
  return { calls, layout, fillAt, texts: calls.filter(({ name }) => name === 'fillText').map(({ args }) => args[0]) };
}

test('a scored cell has its colour, an empty one none, an invalid one is hatched', () => {
  const { fillAt, calls } = draw(scored());
  assert.deepEqual(fillAt(0, 0), [scoreColour(1)]);
  assert.deepEqual(fillAt(0, 1), [scoreColour(0)]);
  assert.deepEqual(fillAt(1, 0), [scoreColour(0.5)]);
  assert.deepEqual(fillAt(1, 1), [lightTheme.hatchGround]);
  assert.deepEqual(fillAt(2, 0), [lightTheme.empty]);
  assert.ok(calls.some(({ name, stroke }) => name === 'stroke' && stroke === lightTheme.hatch));
});

test('words, axis names and ticks are there', () => {
  const { texts } = draw(scored());
  for (const text of ['GPT-2: Name-Copying heads', 'Layer', 'Head', 'Name Copying score', '0.0', '1.0', '2']) {
    assert.ok(texts.includes(text), `"${text}" is not drawn`);
  }
  assert.ok(!texts.includes("'Interp. in the Wild' classifications"));
});

test('the legend has its heading and groups, on the grey ground, in both themes', () => {
  const marks = { title: "'Interp. in the Wild' classifications", corner: 'top', groups: [{ name: 'Name-Mover Heads', marker: 'x', heads: [[0, 0]] }] };
  for (const theme of [lightTheme, darkTheme]) {
    const { texts, calls } = draw({ ...scored(), marks }, theme);
    assert.ok(texts.includes(marks.title) && texts.includes('Name-Mover Heads'));
    const ground = calls.find(({ name }) => name === 'roundRect');
    assert.ok(ground && calls.some(({ name, fill }) => name === 'fill' && fill === theme.legendGround));
  }
});

test('a mark is drawn dark and wider first, then light', () => {
  const { context, calls } = recorder();
  drawMarker(context, 'x', 10, 10, 30);
  const strokes = calls.filter(({ name }) => name === 'stroke');
  assert.deepEqual(strokes.map(({ stroke }) => stroke), ['#000000', '#ffffff']);
  assert.ok(strokes[0].width > strokes[1].width + 1);
  const dot = recorder();
  drawMarker(dot.context, 'dot', 10, 10, 30);
  const arcs = dot.calls.filter(({ name }) => name === 'arc');
  assert.ok(arcs[0].args[2] > arcs[1].args[2]);
});

test('a saved picture holds every panel and its footnotes', () => {
  const { context, calls } = recorder();
  const panels = [scored(), { ...scored(), title: 'second' }];
  const picture = layoutPicture(panels, 1180, ['made of this', 'and that']);
  drawPicture(context, picture, panels, ['made of this', 'and that'], lightTheme, 2);
  const texts = calls.filter(({ name }) => name === 'fillText').map(({ args }) => args[0]);
  for (const text of ['GPT-2: Name-Copying heads', 'second', 'made of this', 'and that']) assert.ok(texts.includes(text), text);
});
