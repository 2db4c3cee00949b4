/**
 * The cells of a panel. Edges are put on device pixels, so that neither seams nor blurred borders show.
 */
import { scoreColour } from './colour.js';
import { CELL_EMPTY, CELL_INVALID } from './grid.js';

/** Cells of at least this size are set apart by a hairline, faint enough to leave the colours alone. */
const HAIRLINE_FROM = 12;
const HAIRLINE = 'rgb(255 255 255 / 20%)';

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {object} layout of layoutPanel
 * @param {import('./grid.js').Grid | import('./value-grid.js').ValueGrid} grid
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio device pixels in a CSS pixel
 * @param {number[]} [layers] only these columns; whoever asks for some clips to {@link clipToColumns}
 */
export function drawCells(context, layout, grid, theme, ratio, layers = Array.from({ length: grid.nLayer }, (_, layer) => layer)) {
  const { plot, cell } = layout;
  const { xs, ys } = edges(layout, ratio);
  for (const layer of layers) {
    for (let head = 0; head < grid.nHead; head += 1) {
      const box = {
        x: xs[layer],
        y: ys[head],
        width: xs[layer + 1] - xs[layer],
        height: ys[head + 1] - ys[head],
      };
      drawCell(context, box, grid, layer * grid.nHead + head, theme);
    }
  }
  if (Math.min(cell.width, cell.height) < HAIRLINE_FROM) return;
  context.fillStyle = HAIRLINE;
  const line = 1 / ratio;
  for (const x of xs.slice(1, -1)) context.fillRect(x - line, plot.y, line, plot.height);
  for (const y of ys.slice(1, -1)) context.fillRect(plot.x, y - line, plot.width, line);
}

/** Sides of columns and rows, on device pixels. */
function edges({ plot, cell, nLayer, nHead }, ratio) {
  const snap = (at) => Math.round(at * ratio) / ratio;
  return {
    xs: Array.from({ length: nLayer + 1 }, (_, layer) => snap(plot.x + layer * cell.width)),
    ys: Array.from({ length: nHead + 1 }, (_, head) => snap(plot.y + head * cell.height)),
  };
}

/**
 * Nothing but some columns can be drawn on from here on, to the pixel.
 * @param {CanvasRenderingContext2D} context
 * @param {object} layout of layoutPanel
 * @param {number} ratio
 * @param {number[]} layers
 */
export function clipToColumns(context, layout, ratio, layers) {
  const { xs, ys } = edges(layout, ratio);
  context.beginPath();
  for (const layer of layers) context.rect(xs[layer], ys[0], xs[layer + 1] - xs[layer], ys.at(-1) - ys[0]);
  context.clip();
}

function drawCell(context, box, grid, at, theme) {
  if (grid.state[at] === CELL_EMPTY || grid.total === 0) {
    context.fillStyle = theme.empty;
    context.fillRect(box.x, box.y, box.width, box.height);
    drawEmptyMark(context, box, theme);
  } else if (grid.state[at] === CELL_INVALID) {
    drawHatch(context, box, theme);
  } else {
    context.fillStyle = grid.scale ? grid.scale.colour(grid.values[at]) : scoreColour(grid.hits[at] / grid.total);
    context.fillRect(box.x, box.y, box.width, box.height);
  }
}

function drawEmptyMark(context, box, theme) {
  const side = Math.max(1, Math.min(2, Math.min(box.width, box.height) / 5));
  context.fillStyle = theme.emptyMark;
  context.fillRect(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side);
}

/**
 * Diagonal strokes: no colour of the scale, also where colours cannot be told apart.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} box
 * @param {import('./theme.js').Theme} theme
 */
export function drawHatch(context, box, theme) {
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.width, box.height);
  context.clip();
  context.fillStyle = theme.hatchGround;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.strokeStyle = theme.hatch;
  context.lineWidth = 1;
  context.beginPath();
  const gap = Math.max(3, Math.min(6, Math.min(box.width, box.height) / 3));
  for (let at = -box.height; at < box.width; at += gap) {
    context.moveTo(box.x + at, box.y + box.height);
    context.lineTo(box.x + at + box.height, box.y);
  }
  context.stroke();
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
  context.restore();
}
