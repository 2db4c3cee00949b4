/**
 * Title, axis names, tick marks and tick labels of a panel.
 */
import { SIZES } from './layout.js';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {object} layout of layoutPanel
 * @param {import('./theme.js').Theme} theme
 */
export function drawAxes(context, layout, theme) {
  const { plot, cell, nLayer, nHead, tickSteps } = layout;
  context.save();
  context.font = `${SIZES.tickFont}px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.rule;
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.beginPath();
  context.textAlign = 'right';
  for (let head = 0; head < nHead; head += tickSteps.head) {
    const y = plot.y + (head + 0.5) * cell.height;
    context.moveTo(plot.x - 4, y);
    context.lineTo(plot.x - 1, y);
    context.fillText(String(head), plot.x - 7, y + 0.5);
  }
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const bottom = plot.y + plot.height;
  for (let layer = 0; layer < nLayer; layer += tickSteps.layer) {
    const x = plot.x + (layer + 0.5) * cell.width;
    context.moveTo(x, bottom + 1);
    context.lineTo(x, bottom + 4);
    context.fillText(String(layer), x, bottom + 7);
  }
  context.stroke();
  drawAxisNames(context, plot, theme);
  context.restore();
}

function drawAxisNames(context, plot, theme) {
  context.font = `${SIZES.axisFont}px ${theme.font}`;
  context.fillStyle = theme.ink;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText('Layer', plot.x + plot.width / 2, plot.y + plot.height + SIZES.tickBand + SIZES.axisBand / 2);
  drawSideways(context, 'Head', 10, plot.y + plot.height / 2);
}

/**
 * Text that reads from the bottom to the top, centred on a point.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} [space] pixels; longer text is set smaller
 */
export function drawSideways(context, text, x, y, space = Infinity) {
  context.save();
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  context.fillText(text, 0, 0, Number.isFinite(space) ? space : undefined);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {object} layout of layoutPanel
 * @param {string} title
 * @param {import('./theme.js').Theme} theme
 */
export function drawTitle(context, layout, title, theme) {
  const { title: box } = layout;
  context.save();
  context.fillStyle = theme.ink;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  let size = SIZES.titleFont;
  const measure = () => {
    context.font = `600 ${size}px ${theme.font}`;
    return context.measureText(title).width;
  };
  while (measure() > layout.width && size > SIZES.titleSmallest) size -= 0.5;
  // A long title begins left of the plot rather than losing letters.
  const x = Math.max(0, Math.min(box.x, layout.width - measure()));
  context.fillText(fitted(context, title, layout.width), x, box.y + box.height / 2 - 2);
  context.restore();
}

/**
 * Text cut to a width, from the middle, so that a long model name leaves both its ends readable.
 * @param {{measureText: (text: string) => {width: number}}} context with the font set
 * @param {string} text
 * @param {number} width pixels
 * @returns {string}
 */
export function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = Array.from(text);
  let kept = letters.length - 1;
  while (kept > 2) {
    const front = Math.ceil(kept / 2);
    const cut = `${letters.slice(0, front).join('')}…${letters.slice(letters.length - (kept - front)).join('')}`;
    if (context.measureText(cut).width <= width) return cut;
    kept -= 1;
  }
  return '…';
}
