/**
 * The frame of a plot with two number axes: where it stands, its ticks, guides and names.
 */
import { scaleLinear } from 'd3-scale';
import { drawSideways, fitted } from './axes.js';
import { SIZES } from './layout.js';

/** Room around the plot, in CSS pixels. */
const LEFT = 58;
const RIGHT = 18;

/**
 * @param {object} options
 * @param {number} options.width of everything, CSS pixels
 * @param {number} options.height of the plot alone
 * @param {[number, number]} options.x the values at the left and the right edge
 * @param {[number, number]} options.y the values at the foot and the top
 * @param {number} [options.under] pixels kept free under the axis, for a legend
 * @param {boolean} [options.wholeX] ticks at whole numbers only
 * @returns {object} plot {x, y, width, height}, width, height, underY, toX(value), toY(value), ticksX, ticksY
 */
export function layoutFrame({ width, height, x, y, under = 0, wholeX = false }) {
  const plot = { x: LEFT, y: SIZES.titleBand + 4, width: Math.max(60, width - LEFT - RIGHT), height };
  const toX = scaleLinear().domain(x).range([plot.x, plot.x + plot.width]);
  const toY = scaleLinear().domain(y).range([plot.y + plot.height, plot.y]);
  const ticksX = toX.ticks(Math.max(2, Math.min(10, Math.floor(plot.width / 46))));
  const underY = plot.y + plot.height + SIZES.tickBand + SIZES.axisBand;
  return {
    width, plot, toX, toY, underY,
    height: Math.ceil(underY + under + SIZES.bottom),
    ticksX: wholeX ? ticksX.filter(Number.isInteger) : ticksX,
    ticksY: toY.ticks(Math.max(2, Math.min(6, Math.floor(height / 40)))),
    formatX: wholeX ? String : toX.tickFormat(10),
    formatY: toY.tickFormat(6),
  };
}

/**
 * Title, guides, ticks and axis names: everything that lies behind the data.
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {ReturnType<typeof layoutFrame>} frame
 * @param {{title: string, xName: string, yName: string}} words
 * @param {import('./theme.js').Theme} theme
 */
export function drawFrame(context, frame, { title, xName, yName }, theme) {
  const { plot, toX, toY } = frame;
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, frame.width, frame.height);
  context.save();
  context.lineWidth = 1;
  context.strokeStyle = theme.guide;
  context.beginPath();
  for (const tick of frame.ticksX) line(context, toX(tick), plot.y, toX(tick), plot.y + plot.height);
  for (const tick of frame.ticksY) line(context, plot.x, toY(tick), plot.x + plot.width, toY(tick));
  context.stroke();
  context.strokeStyle = theme.rule;
  context.beginPath();
  line(context, plot.x, plot.y, plot.x, plot.y + plot.height);
  line(context, plot.x, plot.y + plot.height, plot.x + plot.width, plot.y + plot.height);
  context.stroke();

  context.font = `${SIZES.tickFont}px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of frame.ticksX) context.fillText(frame.formatX(tick), toX(tick), plot.y + plot.height + 6);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of frame.ticksY) context.fillText(frame.formatY(tick), plot.x - 7, toY(tick) + 0.5);

  context.font = `${SIZES.axisFont}px ${theme.font}`;
  context.fillStyle = theme.ink;
  context.textAlign = 'center';
  context.fillText(fitted(context, xName, frame.width - plot.x), plot.x + plot.width / 2, plot.y + plot.height + SIZES.tickBand + SIZES.axisBand / 2);
  drawSideways(context, yName, 12, plot.y + plot.height / 2, plot.height + 30);
  context.textAlign = 'left';
  let size = SIZES.titleFont;
  do context.font = `600 ${size}px ${theme.font}`;
  while (context.measureText(title).width > frame.width && (size -= 0.5) >= SIZES.titleSmallest);
  context.fillText(fitted(context, title, frame.width), Math.min(plot.x, Math.max(0, frame.width - context.measureText(title).width)), SIZES.titleBand / 2);
  context.restore();
}

/** Edges on half pixels, so that a line of one pixel is one pixel wide. */
function line(context, x0, y0, x1, y1) {
  const half = (at) => Math.round(at) + 0.5;
  context.moveTo(half(x0), half(y0));
  context.lineTo(half(x1), half(y1));
}
