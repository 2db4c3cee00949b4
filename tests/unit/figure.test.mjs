/** Layout, colours, ticks, hit-testing and marks of the figure, without a canvas. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { interpolateViridis } from 'd3-scale-chromatic';
import { fitted } from '../../www/figure/axes.js';
import { barTicks, scoreColour, tickText } from '../../www/figure/colour.js';
import { arrange, layoutPanels, layoutPicture } from '../../www/figure/figure.js';
import { emptyGrid } from '../../www/figure/grid.js';
import { cellAt, cellBox, layoutPanel, tickStep } from '../../www/figure/layout.js';
import { moveCell } from '../../www/figure/navigation.js';
import { classesOf, marksFor, modelTitle, panelPlans } from '../../www/figure/presets.js';

const shapes = [[1, 1], [2, 2], [6, 12], [12, 12], [24, 16], [36, 20], [48, 25]];

test('colours are viridis from 0 to 1, and only numbers have one', () => {
  for (const score of [0, 0.25, 0.5, 1]) {
    const channels = (colour) => colour.match(/[0-9a-f]{2}/gi)?.map((part) => parseInt(part, 16)) ?? colour.match(/\d+/g).map(Number);
    assert.deepEqual(channels(scoreColour(score)), channels(interpolateViridis(score)));
  }
  assert.equal(scoreColour(-1), scoreColour(0));
  assert.throws(() => scoreColour(NaN), RangeError);
  assert.deepEqual(barTicks.map(tickText), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
});

test('a panel of every shape stays inside its width, with square-ish cells', () => {
  for (const [nLayer, nHead] of shapes) {
    for (const width of [340, 560, 720]) {
      const layout = layoutPanel({ width, nLayer, nHead });
      const { plot, bar, cell } = layout;
      assert.ok(bar.x + bar.width + 48 <= width, `${nLayer}x${nHead} in ${width}: colour bar at ${bar.x}`);
      assert.ok(plot.y + plot.height < layout.height);
      const aspect = cell.width / cell.height;
      assert.ok(aspect > 0.6 && aspect < 1.65, `${nLayer}x${nHead} in ${width}: cells ${cell.width} x ${cell.height}`);
    }
  }
});

test('layers have a tick each for 12 and every second for 24', () => {
  const at = (nLayer, nHead) => layoutPanel({ width: 560, nLayer, nHead }).tickSteps;
  assert.equal(at(12, 12).layer, 1);
  assert.equal(at(24, 16).layer, 2);
  assert.equal(at(12, 12).head, 1);
  assert.equal(at(24, 16).head, 1);
  assert.ok(at(48, 25).layer >= 4);
  assert.equal(tickStep(12, 5, 19), 4, 'small cells have fewer labels');
});

test('a point finds its cell and nothing outside the plot', () => {
  for (const [nLayer, nHead] of shapes) {
    const layout = layoutPanel({ width: 400, nLayer, nHead, legendTop: 40 });
    for (const cell of [{ layer: 0, head: 0 }, { layer: nLayer - 1, head: nHead - 1 }]) {
      const box = cellBox(layout, cell);
      assert.deepEqual(cellAt(layout, box.x + box.width / 2, box.y + box.height / 2), cell);
    }
    assert.equal(cellAt(layout, layout.plot.x - 1, layout.plot.y + 1), null);
    assert.equal(cellAt(layout, layout.plot.x + layout.plot.width + 1, layout.plot.y + 1), null);
    assert.equal(cellAt(layout, layout.plot.x + 1, layout.plot.y + layout.plot.height + 1), null);
  }
});

const panel = (marks, shape = [12, 12]) => ({ grid: emptyGrid(...shape, 10), marks });
const legend = (count, corner = 'top') => ({ corner, title: 't', groups: Array.from({ length: count }, () => ({ name: 'n', marker: 'x', heads: [] })) });

test('panels stand side by side on a wide page and are stacked on a phone', () => {
  const two = [panel(null), panel(null)];
  assert.equal(arrange(two, 1100).columns, 2);
  assert.equal(arrange(two, 390).columns, 1);
  assert.equal(arrange([panel(null)], 1100).columns, 1);
  const picture = layoutPicture(two, 1180, ['a line']);
  assert.equal(picture.places[0].y, picture.places[1].y);
  assert.ok(picture.places[1].x > picture.places[0].x + 500);
  const last = picture.places[1];
  assert.ok(last.x + last.layout.width <= picture.width && last.y + last.layout.height <= picture.height);
});

test('plots side by side stand on one line though their legends differ', () => {
  const [left, right] = layoutPanels([panel(legend(2)), panel(legend(1))], 500, 2);
  assert.equal(left.plot.y, right.plot.y);
  const [first, second] = layoutPanels([panel(legend(2)), panel(null)], 350, 1);
  assert.ok(first.plot.y > second.plot.y, 'stacked, a panel without a legend keeps no room for one');
  const [below] = layoutPanels([panel(legend(1, 'bottom'))], 500, 2);
  assert.ok(below.legendBottom.y > below.plot.y + below.plot.height);
});

test('the keyboard moves within the panel and never out of it', () => {
  const shape = { nLayer: 12, nHead: 4 };
  assert.deepEqual(moveCell(null, 'ArrowRight', shape), { layer: 0, head: 0 });
  assert.deepEqual(moveCell({ layer: 3, head: 1 }, 'ArrowRight', shape), { layer: 4, head: 1 });
  assert.deepEqual(moveCell({ layer: 3, head: 1 }, 'ArrowUp', shape), { layer: 3, head: 0 });
  assert.deepEqual(moveCell({ layer: 11, head: 3 }, 'ArrowRight', shape), { layer: 11, head: 3 });
  assert.deepEqual(moveCell({ layer: 0, head: 3 }, 'ArrowDown', shape), { layer: 0, head: 3 });
  assert.deepEqual(moveCell({ layer: 5, head: 2 }, 'Home', shape), { layer: 0, head: 2 });
  assert.deepEqual(moveCell({ layer: 5, head: 2 }, 'End', shape), { layer: 11, head: 2 });
  assert.deepEqual(moveCell({ layer: 5, head: 2 }, 'End', { ...shape, ctrl: true }), { layer: 11, head: 3 });
  assert.deepEqual(moveCell({ layer: 5, head: 2 }, 'PageUp', shape), { layer: 5, head: 0 });
  assert.equal(moveCell({ layer: 5, head: 2 }, 'toString', shape), null);
  assert.equal(moveCell({ layer: 5, head: 2 }, 'a', shape), null);
});

test('titles and colour bars are worded as published', () => {
  const title = (name, repository) => modelTitle({ name, repository });
  assert.equal(title('anything', 'openai-community/gpt2'), 'GPT-2');
  assert.equal(title('gpt2-medium', null), 'GPT-2 medium');
  assert.equal(title('mine', null), 'mine');
  assert.deepEqual(panelPlans('A').map((plan) => [plan.title, plan.barName]), [
    ['Name-Copying heads', 'Name Copying score'],
    ['(Suppression) Name-Copying heads', '(Suppression) Name Copying score'],
  ]);
  assert.deepEqual(panelPlans('B').map((plan) => [plan.title, plan.barName]), [
    ['Name Copying heads', 'Name Copying score'],
    ['Country to capital heads', 'Country to capital score'],
  ]);
  const [single] = panelPlans('single', [{ name: 'x', title: 'Colour of fruit' }], 'suppression');
  assert.equal(single.title, '(Suppression) Colour of fruit heads');
});

test('marks go to the panels they belong to, and heads outside the model are left out', () => {
  const set = {
    title: 'Set',
    groups: [
      { name: 'Movers', marker: 'x', panel: 'relation', heads: [[9, 9], [40, 1]] },
      { name: 'Negative', marker: 'x', panel: 'suppression', heads: [[10, 7]] },
      { name: 'Capital', marker: 'x', panel: 'relation', relation: 'country_to_capital', heads: [[1, 1]] },
      { name: 'Far', marker: 'dot', panel: 'any', heads: [[99, 99]] },
    ],
  };
  const shape = { nLayer: 12, nHead: 12 };
  const [left, right] = panelPlans('A').map((plan) => marksFor([set], plan, shape));
  assert.deepEqual(left.groups.map(({ name, heads }) => [name, heads]), [['Movers', [[9, 9]]]]);
  assert.deepEqual(right.groups.map(({ name }) => name), ['Negative']);
  assert.deepEqual(classesOf(left, { layer: 9, head: 9 }), ['Movers']);
  assert.deepEqual(classesOf(left, { layer: 9, head: 8 }), []);
  const capital = marksFor([set], panelPlans('B')[1], { nLayer: 12, nHead: 12 });
  assert.deepEqual(capital.groups.map(({ name }) => name), ['Movers', 'Capital']);
  const own = { title: 'Own', groups: [{ name: 'Own', marker: 'x', panel: 'relation', relation: 'country_to_capital', heads: [[2, 2]] }] };
  const general = { title: 'General', groups: [{ name: 'General', marker: 'x', panel: 'relation', heads: [[3, 3]] }] };
  assert.equal(marksFor([general, own], panelPlans('B')[1], shape).title, 'Own', 'a set for the relation goes first');
  assert.equal(marksFor([general, own], panelPlans('B')[0], shape).title, 'General');
  assert.equal(marksFor([], panelPlans('A')[0], shape), null);
});

test('a text that is too long is cut in its middle', () => {
  const context = { measureText: (text) => ({ width: Array.from(text).length * 10 }) };
  assert.equal(fitted(context, 'short', 50), 'short');
  const cut = fitted(context, 'abcdefghijklmnop', 70);
  assert.ok(cut.startsWith('abc') && cut.endsWith('nop') && Array.from(cut).length === 7, cut);
});
