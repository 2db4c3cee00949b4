/**
 * The legend of the known heads: a heading and one row for each kind of mark, on a light grey ground. It
 * stands at the plot's top left or lower left, outside the cells, because every head must stay readable.
 */
import { fitted } from './axes.js';
import { SIZES } from './layout.js';
import { drawMarker } from './markers.js';

const MARK_COLUMN = 24;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number}} box where it may stand; height follows from the rows
 * @param {{title: string, groups: {name: string, marker: 'x' | 'dot'}[]}} legend
 * @param {import('./theme.js').Theme} theme
 * @param {number} height pixels of the grey ground
 */
export function drawLegend(context, box, legend, theme, height) {
  const pad = SIZES.legendPad;
  const most = box.width - 2 * pad - MARK_COLUMN - 4;
  context.save();
  context.font = `600 ${SIZES.legendFont}px ${theme.font}`;
  const heading = fitted(context, legend.title, box.width - 2 * pad - 4);
  const headingWidth = context.measureText(heading).width;
  context.font = `${SIZES.legendFont}px ${theme.font}`;
  const names = legend.groups.map((group) => fitted(context, group.name, most));
  const widest = Math.max(...names.map((name) => context.measureText(name).width + MARK_COLUMN), headingWidth);
  context.fillStyle = theme.legendGround;
  context.beginPath();
  context.roundRect(box.x, box.y, Math.ceil(widest + 2 * pad), height, 4);
  context.fill();
  context.fillStyle = theme.legendInk;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const row = (index) => box.y + pad / 2 + (index + 0.5) * SIZES.legendRow;
  context.font = `600 ${SIZES.legendFont}px ${theme.font}`;
  context.fillText(heading, box.x + pad, row(0));
  context.font = `${SIZES.legendFont}px ${theme.font}`;
  names.forEach((name, index) => {
    context.fillStyle = theme.legendInk;
    context.fillText(name, box.x + pad + MARK_COLUMN, row(index + 1));
    drawMarker(context, legend.groups[index].marker, box.x + pad + 8, row(index + 1), 24);
  });
  context.restore();
}
