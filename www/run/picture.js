/**
 * Several drawings as one picture, side by side while they fit and otherwise under each other, with lines of small text beneath.
 */

const WIDTH = 1180;
const MARGIN = 20;
const GAP = 28;
const LINE = 17;

/**
 * Where each drawing stands.
 * @param {{width: number, height: number}[]} drawings CSS pixels
 * @param {number} lines of text
 * @returns {{width: number, height: number, places: {x: number, y: number}[], textY: number}}
 */
export function layoutDrawings(drawings, lines) {
  const places = [];
  let [x, y, row, used] = [MARGIN, MARGIN, 0, 0];
  for (const { width, height } of drawings) {
    if (x > MARGIN && x + width > WIDTH - MARGIN) {
      y += row + MARGIN;
      [x, row] = [MARGIN, 0];
    }
    places.push({ x, y });
    used = Math.max(used, x + width);
    x += width + GAP;
    row = Math.max(row, height);
  }
  const textY = y + row + MARGIN / 2;
  return { width: Math.ceil(Math.max(560, used + MARGIN)), height: Math.ceil(textY + lines * LINE + MARGIN / 2), places, textY };
}

/**
 * @param {{width: number, height: number, draw: (context: CanvasRenderingContext2D, theme: object, ratio: number) => void}[]} drawings
 * @param {string[]} lines
 * @param {import('../figure/theme.js').Theme} theme
 * @param {number} ratio pixels of the picture in a CSS pixel
 * @returns {HTMLCanvasElement}
 */
export function picture(drawings, lines, theme, ratio) {
  const layout = layoutDrawings(drawings, lines.length);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(layout.width * ratio);
  canvas.height = Math.round(layout.height * ratio);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, layout.width, layout.height);
  drawings.forEach(({ draw }, index) => {
    context.save();
    context.translate(layout.places[index].x, layout.places[index].y);
    draw(context, theme, ratio);
    context.restore();
  });
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  lines.forEach((line, index) => context.fillText(line, MARGIN, layout.textY + index * LINE, layout.width - 2 * MARGIN));
  return canvas;
}
