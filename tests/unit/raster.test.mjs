/** Attention patterns made small: block means, colours, and the part that is looked at. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { scoreColour } from '../../www/figure/colour.js';
import { layoutPattern, tokenAt, tokenText } from '../../www/figure/pattern.js';
import { blockMeans, holding, rasterPixels, wholeWindow, zoomed } from '../../www/figure/raster.js';
import { seeded } from './random.mjs';

/** A pattern whose rows add up to 1, with 9 where nothing may be read. */
function patternOf(length, random) {
  const pattern = new Float32Array(length * length).fill(9);
  for (let q = 0; q < length; q += 1) {
    let sum = 0;
    for (let k = 0; k <= q; k += 1) sum += (pattern[q * length + k] = random() ** 4);
    for (let k = 0; k <= q; k += 1) pattern[q * length + k] /= sum;
  }
  return pattern;
}

const words = (count) => Array.from({ length: count }, (_, at) => ` word${at}`);

/** The same means, the slow way. */
function slowMean(pattern, length, window, side, row, column) {
  const edge = (index) => Math.floor((index * window.size) / side);
  let [sum, count] = [0, 0];
  for (let q = edge(row); q < edge(row + 1); q += 1) {
    for (let k = edge(column); k < edge(column + 1); k += 1) {
      if (window.key + k > window.query + q) continue;
      sum += pattern[(window.query + q) * length + window.key + k];
      count += 1;
    }
  }
  return count ? sum / count : NaN;
}

test('each pixel is the mean of its block, and nothing after the query counts', () => {
  const random = seeded(3);
  for (const [length, pixels] of [[1, 1], [1, 400], [7, 300], [64, 64], [65, 64], [257, 100], [300, 7]]) {
    const pattern = patternOf(length, random);
    for (let round = 0; round < 4; round += 1) {
      const size = round === 0 ? length : 1 + Math.floor(random() * length);
      const window = { query: Math.floor(random() * (length - size + 1)), key: Math.floor(random() * (length - size + 1)), size };
      const { side, values } = blockMeans(pattern, length, window, pixels);
      assert.equal(side, Math.min(size, pixels));
      for (let row = 0; row < side; row += 1) {
        for (let column = 0; column < side; column += 1) {
          const [value, wanted] = [values[row * side + column], slowMean(pattern, length, window, side, row, column)];
          if (Number.isNaN(wanted)) assert.ok(Number.isNaN(value), `${length}/${pixels}: ${row}, ${column} has no cell`);
          else assert.ok(Math.abs(value - wanted) < 1e-6, `${length}/${pixels}: ${row}, ${column}`);
        }
      }
    }
  }
});

test('1,024 tokens become as many pixels as the screen has, no more', () => {
  const { side, values } = blockMeans(new Float32Array(1024 * 1024), 1024, wholeWindow(1024), 480);
  assert.equal(side, 480);
  assert.equal(values.length, 480 * 480);
});

test('colours are those of the scale, and no value is see-through', () => {
  const pixels = rasterPixels({ side: 2, values: Float32Array.of(0, NaN, 1, 7) });
  const colour = (at) => `#${[...pixels.slice(at * 4, at * 4 + 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
  const hex = (text) => (text.startsWith('#') ? text : `#${text.match(/\d+/g).map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`);
  assert.equal(colour(0), hex(scoreColour(0)));
  assert.equal(pixels[7], 0);
  assert.equal(colour(2), hex(scoreColour(1)));
  assert.equal(colour(3), colour(2));
});

test('looking closer and moving never leave the pattern', () => {
  const random = seeded(11);
  for (let round = 0; round < 500; round += 1) {
    const length = 1 + Math.floor(random() * 1100);
    let window = wholeWindow(length);
    for (let step = 0; step < 8; step += 1) {
      const somewhere = () => ({ query: Math.floor(random() * length), key: Math.floor(random() * length) });
      const cell = somewhere();
      window = zoomed(window, random() < 0.7 ? 2 : 0.5, somewhere(), length);
      if (random() < 0.5) {
        window = holding(window, cell);
        assert.ok(cell.query >= window.query && cell.query < window.query + window.size && cell.key >= window.key && cell.key < window.key + window.size);
      }
      for (const at of [window.query, window.key]) assert.ok(Number.isInteger(at) && at >= 0 && at + window.size <= length, JSON.stringify({ length, window }));
    }
  }
});

test('a place on the canvas is the token under it, also in a part', () => {
  const layout = layoutPattern({ width: 700, window: { query: 20, key: 10, size: 16 }, tokens: words(64) });
  const at = (row, column) => tokenAt(layout, layout.plot.x + (column + 0.5) * layout.cell, layout.plot.y + (row + 0.5) * layout.cell);
  assert.deepEqual(at(0, 0), { query: 20, key: 10 });
  assert.deepEqual(at(15, 3), { query: 35, key: 13 });
  assert.equal(tokenAt(layout, layout.plot.x - 1, layout.plot.y + 1), null);
  assert.equal(tokenAt(layout, layout.plot.x + 1, layout.plot.y + layout.plot.height + 1), null);
});

test('layouts stay inside their width and write tokens only where they fit', () => {
  for (const width of [320, 390, 700, 1200]) {
    for (const size of [1, 8, 14, 64, 1024]) {
      const layout = layoutPattern({ width, window: wholeWindow(size), tokens: words(size) });
      assert.ok(layout.width <= Math.max(width, 270), `${width}, ${size}: ${layout.width}`);
      assert.ok(!layout.labels || layout.cell >= 13);
    }
  }
  assert.ok(layoutPattern({ width: 700, window: wholeWindow(14), tokens: words(14) }).labels);
  assert.equal(0, layoutPattern({ width: 700, window: wholeWindow(1024), tokens: words(1024) }).labels);
});

test('white space in tokens is made visible', () => {
  assert.equal(tokenText(' Mary'), '·Mary');
  assert.equal(tokenText('\n\n'), '⏎⏎');
  assert.equal(tokenText('  a b '), '··a b·');
});
