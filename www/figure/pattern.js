/**
 * A token-by-token heat map of an attention pattern: a row for each query, a column for each key, a query's shares add up to 1.
 * Only the lower triangle exists: no token looks at a later one.
 */
import { drawTitle, drawSideways, fitted } from './axes.js';
import { drawColourBar } from './colour-bar.js';
import { SIZES } from './layout.js';
import { blockMeans, rasterPixels } from './raster.js';

/** Tokens are written beside rows and columns of at least this many pixels. */
const LABELS_FROM = 13;
const LABEL_ROOM = 84;
/** A letter of a label is about this wide. */
const LETTER = 7;
const LARGEST_SIDE = 520;
/** Pixels from one position's number to the next. */
const TICK_APART = 40;

/**
 * @param {{width: number, window: import('./raster.js').Window, tokens: string[]}} options CSS pixels
 * @returns {object} boxes plot, bar, title; cell (pixels a side), labels (pixels for tokens that are written, else 0), length, width,
 *   height
 */
export function layoutPattern({ width, window, tokens }) {
  const { length } = tokens;
  const sideWith = (left) => Math.max(80, Math.min(LARGEST_SIDE, width - left - SIZES.right));
  const shown = [window.query, window.key].flatMap((from) => tokens.slice(from, from + Math.min(window.size, 64)));
  const room = Math.min(LABEL_ROOM, 12 + LETTER * Math.max(2, ...shown.map((token) => Math.min(40, token.length))));
  const labels = sideWith(room + 18) / window.size >= LABELS_FROM ? room : 0;
  const left = labels ? labels + 18 : SIZES.left + 8;
  const space = sideWith(left);
  const cell = Math.min(48, space / window.size);
  const side = cell * window.size;
  const plot = { x: left, y: SIZES.titleBand, width: side, height: side };
  return {
    width: Math.ceil(left + side + SIZES.right),
    height: Math.ceil(plot.y + side + (labels || SIZES.tickBand) + SIZES.axisBand + SIZES.bottom),
    plot, cell, labels, window, length,
    title: { x: plot.x, y: 0, width: left + side + SIZES.right - plot.x, height: SIZES.titleBand },
    bar: { x: plot.x + side + SIZES.barGap, y: plot.y, width: SIZES.barWidth, height: side },
  };
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {ReturnType<typeof layoutPattern>} layout
 * @param {{title: string, pattern: ArrayLike<number>, tokens: string[]}} picture
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio device pixels in a CSS pixel
 */
export function drawPattern(context, layout, { title, pattern, tokens }, theme, ratio) {
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, layout.width, layout.height);
  drawTitle(context, layout, title, theme);
  drawColourBar(context, layout, 'Share of attention', theme, ratio);
  const { plot, window } = layout;
  context.fillStyle = theme.empty;
  context.fillRect(plot.x, plot.y, plot.width, plot.height);
  const raster = blockMeans(pattern, layout.length, window, plot.width * ratio);
  context.save();
  context.imageSmoothingEnabled = false;
  context.drawImage(pictureOf(context, raster), plot.x, plot.y, plot.width, plot.height);
  context.restore();
  drawNames(context, layout, tokens, theme);
}

/** The raster on a canvas of its own, because only a canvas is scaled when it is drawn. */
function pictureOf(context, raster) {
  const canvas = context.canvas.ownerDocument.createElement('canvas');
  canvas.width = canvas.height = raster.side;
  canvas.getContext('2d').putImageData(new ImageData(rasterPixels(raster), raster.side, raster.side), 0, 0);
  return canvas;
}

function drawNames(context, layout, tokens, theme) {
  const { plot, cell, labels, window } = layout;
  const bottom = plot.y + plot.height;
  const step = labels ? 1 : [1, 2, 5, 10, 20, 50, 100, 200].find((each) => each * cell >= TICK_APART) ?? 500;
  context.save();
  context.font = `${SIZES.tickFont}px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textBaseline = 'middle';
  for (let at = 0; at < window.size; at += step) {
    const middle = (at + 0.5) * cell;
    context.textAlign = 'right';
    const query = window.query + at;
    context.fillText(labels ? fitted(context, tokenText(tokens[query]), labels - 6) : String(query), plot.x - 6, plot.y + middle);
    const key = window.key + at;
    if (labels) {
      context.save();
      context.translate(plot.x + middle, bottom + 6);
      context.rotate(-Math.PI / 2);
      context.fillText(fitted(context, tokenText(tokens[key]), labels - 6), 0, 0);
      context.restore();
    } else {
      context.textAlign = 'center';
      context.fillText(String(key), plot.x + middle, bottom + 11);
    }
  }
  context.font = `${SIZES.axisFont}px ${theme.font}`;
  context.fillStyle = theme.ink;
  context.textAlign = 'center';
  context.fillText('Key: the token looked at', plot.x + plot.width / 2, bottom + (labels || SIZES.tickBand) + SIZES.axisBand / 2, Math.max(80, plot.width + 60));
  drawSideways(context, 'Query: the token that looks', 10, plot.y + plot.height / 2, Math.max(90, plot.height));
  context.restore();
}

/**
 * A token so that its white space can be seen.
 * @param {string} token
 * @returns {string}
 */
export function tokenText(token) {
  return token.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll('\r', '␍').replace(/^ +| +$/g, (spaces) => '·'.repeat(spaces.length));
}

/**
 * @param {ReturnType<typeof layoutPattern>} layout
 * @param {number} x CSS pixels
 * @param {number} y CSS pixels
 * @returns {{query: number, key: number} | null} null outside the plot
 */
export function tokenAt({ plot, cell, window }, x, y) {
  const column = Math.floor((x - plot.x) / cell);
  const row = Math.floor((y - plot.y) / cell);
  if (column < 0 || row < 0 || column >= window.size || row >= window.size) return null;
  return { query: window.query + row, key: window.key + column };
}
