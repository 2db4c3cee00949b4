/**
 * An attention pattern made as small as the pixels that show it: each pixel is the mean of the block of cells behind it, so
 * that 1,024 tokens never mean a million cells to draw.
 */
import { scoreColour } from './colour.js';

/**
 * @typedef {object} Window which part of a pattern is looked at, in tokens
 * @property {number} query  first query (row)
 * @property {number} key    first key (column)
 * @property {number} size   rows and columns
 */

/**
 * @param {ArrayLike<number>} pattern [query * length + key], shares of attention; keys after the query are not looked at
 * @param {number} length tokens
 * @param {Window} window inside the pattern
 * @param {number} pixels the most pixels each way
 * @returns {{side: number, values: Float32Array}} side = min(size, pixels); [row * side + column]; NaN where a block lies
 *   wholly after its queries
 */
export function blockMeans(pattern, length, { query, key, size }, pixels) {
  const side = Math.max(1, Math.min(size, Math.floor(pixels)));
  const edge = (index) => Math.floor((index * size) / side);
  const columnOf = new Uint16Array(size);
  for (let column = 0; column < side; column += 1) columnOf.fill(column, edge(column), edge(column + 1));
  const values = new Float32Array(side * side);
  const sums = new Float64Array(side);
  const counts = new Uint32Array(side);
  for (let row = 0; row < side; row += 1) {
    sums.fill(0);
    counts.fill(0);
    for (let q = query + edge(row); q < query + edge(row + 1); q += 1) {
      const last = Math.min(size - 1, q - key);
      for (let k = 0; k <= last; k += 1) {
        sums[columnOf[k]] += pattern[q * length + key + k];
        counts[columnOf[k]] += 1;
      }
    }
    for (let column = 0; column < side; column += 1) values[row * side + column] = counts[column] > 0 ? sums[column] / counts[column] : NaN;
  }
  return { side, values };
}

/** One colour of the scale for each byte, as [red, green, blue]. */
const READY = Array.from({ length: 256 }, (_, step) => rgb(scoreColour(step / 255)));

/**
 * @param {{side: number, values: Float32Array}} raster of blockMeans
 * @returns {Uint8ClampedArray} RGBA, see-through where there is no value
 */
export function rasterPixels({ side, values }) {
  const pixels = new Uint8ClampedArray(side * side * 4);
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const [red, green, blue] = READY[Math.round(Math.min(1, Math.max(0, value)) * 255)];
    pixels.set([red, green, blue, 255], at * 4);
  });
  return pixels;
}

/** "rgb(1, 2, 3)" or "#010203". */
function rgb(colour) {
  if (colour.startsWith('#')) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return colour.match(/\d+/g).slice(0, 3).map(Number);
}

/** The smallest part that can be looked at, tokens. */
export const SMALLEST_WINDOW = 8;

/** @type {(length: number) => Window} */
export const wholeWindow = (length) => ({ query: 0, key: 0, size: length });

/**
 * A part half or twice as large around a cell.
 * @param {Window} window
 * @param {number} factor 2 looks closer, 0.5 from further away
 * @param {{query: number, key: number}} centre
 * @param {number} length tokens
 * @returns {Window}
 */
export function zoomed(window, factor, centre, length) {
  const size = Math.min(length, Math.max(Math.min(SMALLEST_WINDOW, length), Math.round(window.size / factor)));
  const place = (at) => Math.min(length - size, Math.max(0, Math.round(at - size / 2)));
  return { query: place(centre.query), key: place(centre.key), size };
}

/**
 * The part that holds a cell: the same one, or one moved just far enough.
 * @param {Window} window
 * @param {{query: number, key: number}} cell
 * @returns {Window}
 */
export function holding(window, { query, key }) {
  const moved = (from, at) => Math.min(at, Math.max(from, at - window.size + 1));
  return { query: moved(window.query, query), key: moved(window.key, key), size: window.size };
}
