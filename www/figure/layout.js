/**
 * Where everything of one panel stands, in CSS pixels, from nothing but sizes. No canvas is needed, so
 * that hit-testing, drawing and the tests use the same numbers.
 *
 *      title
 *      legend (when it belongs to the top left)
 *      +--------------------+ ++
 *    H |  cells             | || 1.0
 *      +--------------------+ ++
 *       0 1 2 ...
 *             Layer
 *      legend (when it belongs to the lower left)
 */

/** Sizes in CSS pixels. `left` and `right` hold axis names, tick labels and the colour bar. */
export const SIZES = Object.freeze({
  titleFont: 15,
  titleSmallest: 12,
  axisFont: 13,
  tickFont: 11,
  legendFont: 12,
  titleBand: 30,
  left: 46,
  right: 76,
  tickBand: 20,
  axisBand: 22,
  legendRow: 18,
  legendPad: 8,
  legendGap: 10,
  barGap: 14,
  barWidth: 14,
  bottom: 6,
});

/** Plots are drawn towards this height, so that a shallow and a deep model look alike. */
const WISHED_HEIGHT = 400;
/** Cells are square-ish: neither side is more than this much longer than the other. */
const STRETCH = 1.25;
const LARGEST_CELL = 140;
/** From this size on cells have whole pixels. */
const WHOLE_PIXELS_FROM = 10;

/**
 * @param {number} space pixels for the plot's width
 * @param {number} nLayer
 * @param {number} nHead
 * @returns {{width: number, height: number}} of one cell
 */
export function cellSize(space, nLayer, nHead) {
  const widest = Math.min(space / nLayer, LARGEST_CELL);
  const wished = Math.min(WISHED_HEIGHT / nHead, LARGEST_CELL);
  const height = Math.min(wished, widest * STRETCH);
  const width = Math.min(widest, height * STRETCH);
  const whole = (side) => (side >= WHOLE_PIXELS_FROM ? Math.floor(side) : side);
  return { width: whole(width), height: whole(height) };
}

/**
 * Every how many layers (or heads) an axis has a tick: each for up to 16, every second for up to 32, and so
 * on, and never closer than the labels allow.
 * @param {number} count
 * @param {number} cell pixels along the axis
 * @param {number} need pixels that one label needs
 * @returns {number}
 */
export function tickStep(count, cell, need) {
  const steps = [1, 2, 4, 8, 10, 20, 50];
  return steps.find((step) => step >= count / 16 && step * cell >= need) ?? count;
}

/**
 * Height of a legend's box: a heading and one row for each group.
 * @param {number} groups
 * @returns {number} pixels, 0 without groups
 */
export function legendHeight(groups) {
  return groups === 0 ? 0 : (groups + 1) * SIZES.legendRow + SIZES.legendPad;
}

/**
 * @param {object} options
 * @param {number} options.width pixels of the whole panel
 * @param {number} options.nLayer
 * @param {number} options.nHead
 * @param {number} [options.legendTop] pixels kept free above the plot; panels side by side share it
 * @param {number} [options.legendBottom] pixels kept free under the plot
 * @returns {object} boxes {x, y, width, height} named plot, bar, title, legendTop, legendBottom, and
 *   cell {width, height}, tickSteps {layer, head}, width, height
 */
export function layoutPanel({ width, nLayer, nHead, legendTop = 0, legendBottom = 0 }) {
  const space = Math.max(40, width - SIZES.left - SIZES.right);
  const cell = cellSize(space, nLayer, nHead);
  const gapTop = legendTop > 0 ? SIZES.legendGap : 0;
  const gapBottom = legendBottom > 0 ? SIZES.legendGap : 0;
  const plot = {
    x: SIZES.left,
    y: SIZES.titleBand + legendTop + gapTop,
    width: cell.width * nLayer,
    height: cell.height * nHead,
  };
  const under = plot.y + plot.height + SIZES.tickBand + SIZES.axisBand;
  return {
    width,
    height: Math.ceil(under + gapBottom + legendBottom + SIZES.bottom),
    cell,
    plot,
    title: { x: plot.x, y: 0, width: width - plot.x, height: SIZES.titleBand },
    legendTop: { x: plot.x, y: SIZES.titleBand, width: width - plot.x, height: legendTop },
    legendBottom: { x: plot.x, y: under + gapBottom, width: width - plot.x, height: legendBottom },
    bar: { x: plot.x + plot.width + SIZES.barGap, y: plot.y, width: SIZES.barWidth, height: plot.height },
    tickSteps: {
      layer: tickStep(nLayer, cell.width, nLayer > 9 ? 19 : 12),
      head: tickStep(nHead, cell.height, 13),
    },
    nLayer,
    nHead,
  };
}

/**
 * Which cell a point is in.
 * @param {object} layout of layoutPanel
 * @param {number} x
 * @param {number} y
 * @returns {{layer: number, head: number} | null}
 */
export function cellAt(layout, x, y) {
  const layer = Math.floor((x - layout.plot.x) / layout.cell.width);
  const head = Math.floor((y - layout.plot.y) / layout.cell.height);
  const inside = layer >= 0 && layer < layout.nLayer && head >= 0 && head < layout.nHead;
  return inside ? { layer, head } : null;
}

/**
 * The box of one cell.
 * @param {object} layout of layoutPanel
 * @param {{layer: number, head: number}} cell
 * @returns {{x: number, y: number, width: number, height: number}}
 */
export function cellBox(layout, { layer, head }) {
  return {
    x: layout.plot.x + layer * layout.cell.width,
    y: layout.plot.y + head * layout.cell.height,
    width: layout.cell.width,
    height: layout.cell.height,
  };
}
