/**
 * The colour bar beside a panel: for scores viridis from 0.0 at the foot to 1.0 at the top, a tick each 0.2.
 */
import { scoreScale } from './colour.js';
import { drawSideways } from './axes.js';
import { SIZES } from './layout.js';

/** A bar lower than this has ticks at its ends only. */
const ALL_TICKS_FROM = 70;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {object} layout of layoutPanel
 * @param {string} name what the colours measure
 * @param {import('./theme.js').Theme} theme
 * @param {number} ratio device pixels in a CSS pixel
 * @param {import('./colour.js').ValueScale} [scale] what the colours mean
 */
export function drawColourBar(context, layout, name, theme, ratio, scale = scoreScale) {
  const { bar } = layout;
  context.save();
  const rows = Math.max(1, Math.round(bar.height * ratio));
  for (let row = 0; row < rows; row += 1) {
    const share = rows === 1 ? 1 : 1 - row / (rows - 1);
    context.fillStyle = scale.colour(scale.low + share * (scale.high - scale.low));
    context.fillRect(bar.x, bar.y + row / ratio, bar.width, 1 / ratio);
  }
  context.font = `${SIZES.tickFont}px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.rule;
  context.lineWidth = 1;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.beginPath();
  const ticks = bar.height >= ALL_TICKS_FROM ? scale.ticks : [scale.ticks[0], scale.ticks.at(-1)];
  for (const tick of ticks) {
    const y = bar.y + bar.height * (scale.high - tick) / (scale.high - scale.low);
    context.moveTo(bar.x + bar.width + 1, y);
    context.lineTo(bar.x + bar.width + 4, y);
    context.fillText(scale.tickText(tick), bar.x + bar.width + 7, y + 0.5);
  }
  context.stroke();
  context.font = `${SIZES.axisFont}px ${theme.font}`;
  context.fillStyle = theme.ink;
  context.textAlign = 'center';
  drawSideways(context, name, bar.x + bar.width + 40, bar.y + bar.height / 2, Math.max(90, bar.height + 30));
  context.restore();
}
