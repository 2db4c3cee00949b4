/**
 * A whole figure: panels side by side or stacked. The page draws each panel on a canvas of its own with
 * `drawPanel`; a saved picture holds all of them, drawn by the same function.
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} barName                what the colours measure
 * @property {import('./grid.js').Grid} grid
 * @property {{title: string, corner: 'top' | 'bottom', groups: object[]} | null} marks known heads that
 *   belong to this panel; groups as {name, marker, heads: [[layer, head], ...]}
 */
import { drawAxes, drawTitle } from './axes.js';
import { drawColourBar } from './colour-bar.js';
import { clipToColumns, drawCells } from './heatmap.js';
import { layoutPanel, legendHeight } from './layout.js';
import { drawLegend } from './legend.js';
import { drawMarks } from './markers.js';

/** Panels of a figure stand side by side from this width on, in CSS pixels. */
export const SIDE_BY_SIDE_FROM = 760;
/** Pixels between panels. */
export const PANEL_GAP = 28;

/**
 * @param {Panel[]} panels
 * @param {number} width of the figure
 * @returns {{columns: number, width: number}} columns and the width of one panel
 */
export function arrange(panels, width) {
  const columns = width >= SIDE_BY_SIDE_FROM ? Math.min(panels.length, 2) : 1;
  const each = (width - PANEL_GAP * (columns - 1)) / columns;
  // A single panel on a wide page would otherwise stand in the middle of nothing.
  return { columns, width: Math.floor(Math.min(each, 720)) };
}

/**
 * One layout for each panel. Panels side by side keep the same room for their legends, so that their
 * plots stand on one line.
 * @param {Panel[]} panels
 * @param {number} width of one panel
 * @param {number} columns
 * @returns {object[]}
 */
export function layoutPanels(panels, width, columns) {
  const room = (panel, corner) => (panel.marks?.corner === corner ? legendHeight(panel.marks.groups.length) : 0);
  const shared = (panel, corner) => (columns > 1 ? Math.max(...panels.map((each) => room(each, corner))) : room(panel, corner));
  return panels.map((panel) => layoutPanel({
    width,
    nLayer: panel.grid.nLayer,
    nHead: panel.grid.nHead,
    legendTop: shared(panel, 'top'),
    legendBottom: shared(panel, 'bottom'),
  }));
}

/**
 * @param {CanvasRenderingContext2D} context scaled so that a unit is a CSS pixel
 * @param {object} layout of layoutPanels
 * @param {Panel} panel
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio device pixels in a CSS pixel
 */
export function drawPanel(context, layout, panel, theme, ratio) {
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, layout.width, layout.height);
  drawTitle(context, layout, panel.title, theme);
  drawCells(context, layout, panel.grid, theme, ratio);
  drawAxes(context, layout, theme);
  drawColourBar(context, layout, panel.barName, theme, ratio, panel.grid.scale);
  if (!panel.marks || panel.marks.groups.length === 0) return;
  drawMarks(context, layout, panel.marks.groups);
  const height = legendHeight(panel.marks.groups.length);
  const box = panel.marks.corner === 'bottom' ? layout.legendBottom : layout.legendTop;
  // Two legends of different height stand on the plot's edge, not on the title.
  const y = panel.marks.corner === 'bottom' ? box.y : box.y + box.height - height;
  drawLegend(context, { ...box, y }, panel.marks, theme, height);
}

/**
 * Draw some columns of a panel that is drawn already, as drawPanel would: the same pixels, for a fraction of the work.
 * @param {CanvasRenderingContext2D} context scaled so that a unit is a CSS pixel
 * @param {object} layout of layoutPanels
 * @param {Panel} panel
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio device pixels in a CSS pixel
 * @param {number[]} layers
 */
export function drawColumns(context, layout, panel, theme, ratio, layers) {
  if (layers.length === 0) return;
  context.save();
  clipToColumns(context, layout, ratio, layers);
  drawCells(context, layout, panel.grid, theme, ratio, layers);
  // Marks of other columns may reach into these; the clip keeps the rest of them.
  if (panel.marks) drawMarks(context, layout, panel.marks.groups);
  context.restore();
}

/**
 * Sizes of a picture of the whole figure with its footnote.
 * @param {Panel[]} panels
 * @param {number} width CSS pixels of the picture
 * @param {string[]} footnotes lines of small text under the figure
 * @returns {{width: number, height: number, places: object[], footY: number}}
 */
export function layoutPicture(panels, width, footnotes) {
  const margin = 20;
  const { columns, width: each } = arrange(panels, width - 2 * margin);
  const layouts = layoutPanels(panels, each, columns);
  const places = [];
  let y = margin;
  for (let first = 0; first < panels.length; first += columns) {
    const row = layouts.slice(first, first + columns);
    row.forEach((layout, column) => places.push({ x: margin + column * (each + PANEL_GAP), y, layout }));
    y += Math.max(...row.map((layout) => layout.height)) + margin / 2;
  }
  const used = 2 * margin + columns * each + (columns - 1) * PANEL_GAP;
  return { width: Math.min(width, used), height: Math.ceil(y + footnotes.length * 17 + margin / 2), places, footY: y, margin };
}

/**
 * Draw the picture that layoutPicture measured.
 * @param {CanvasRenderingContext2D} context scaled so that a unit is a CSS pixel
 * @param {ReturnType<typeof layoutPicture>} picture
 * @param {Panel[]} panels
 * @param {string[]} footnotes
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio
 */
export function drawPicture(context, picture, panels, footnotes, theme, ratio) {
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, picture.width, picture.height);
  picture.places.forEach(({ x, y, layout }, index) => {
    context.save();
    context.translate(x, y);
    drawPanel(context, layout, panels[index], theme, ratio);
    context.restore();
  });
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  footnotes.forEach((line, index) => {
    context.fillText(line, picture.margin, picture.footY + index * 17, picture.width - 2 * picture.margin);
  });
}
