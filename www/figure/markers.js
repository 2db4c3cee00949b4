/**
 * The marks of known heads. Each is drawn twice, black and wider underneath, white on top, so that it
 * stays visible on every colour from dark purple to bright yellow and on an empty cell.
 */

const UNDER = '#000000';
const OVER = '#ffffff';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {'x' | 'dot'} marker
 * @param {number} x centre
 * @param {number} y centre
 * @param {number} size pixels: the shorter side of the cell
 */
export function drawMarker(context, marker, x, y, size) {
  if (marker === 'dot') drawDot(context, x, y, size);
  else drawCross(context, x, y, size);
}

function drawCross(context, x, y, size) {
  const arm = Math.min(7, Math.max(1.8, size * 0.22));
  const line = Math.min(2.4, Math.max(1, size * 0.09));
  context.save();
  context.lineCap = 'round';
  for (const [colour, width] of [[UNDER, line + Math.min(2.4, line * 1.3)], [OVER, line]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
    context.stroke();
  }
  context.restore();
}

function drawDot(context, x, y, size) {
  const radius = Math.min(4.6, Math.max(1.3, size * 0.15));
  context.save();
  for (const [colour, reach] of [[UNDER, radius + Math.min(1.3, radius * 0.5)], [OVER, radius]]) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, reach, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {object} layout of layoutPanel
 * @param {{marker: 'x' | 'dot', heads: number[][]}[]} groups heads as [layer, head]
 */
export function drawMarks(context, layout, groups) {
  const { plot, cell, nLayer, nHead } = layout;
  const size = Math.min(cell.width, cell.height);
  for (const { marker, heads } of groups) {
    for (const [layer, head] of heads) {
      if (layer >= nLayer || head >= nHead) continue;
      drawMarker(context, marker, plot.x + (layer + 0.5) * cell.width, plot.y + (head + 0.5) * cell.height, size);
    }
  }
}
