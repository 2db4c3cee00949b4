/**
 * The ablation curve: accuracy against the number of heads removed. One line is the ranked heads, a band with its mean the random
 * draws, and further lines are control tasks under the same ranked heads.
 */
import { drawFrame, layoutFrame } from './frame.js';
import { SIZES } from './layout.js';
import { fitted } from './axes.js';

const ROW = 18;
const DASHES = [[6, 4], [2, 3], [9, 3, 2, 3]];

/**
 * @param {{width: number, steps: number, rows: number}} options steps: heads removed at the right edge; rows: lines of the legend
 * @returns {object} see layoutFrame; stepAt(x) in CSS pixels
 */
export function layoutCurve({ width, steps, rows }) {
  const wide = Math.min(width, 860);
  const last = Math.max(1, steps);
  const frame = layoutFrame({
    width: wide, height: Math.round(Math.min(340, Math.max(200, wide * 0.45))), x: [0, last], y: [-0.02, 1.02], under: rows * ROW + 8, wholeX: true,
  });
  return { ...frame, steps, stepAt: (x) => Math.min(steps, Math.max(0, Math.round(frame.toX.invert(x)))) };
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {ReturnType<typeof layoutCurve>} layout
 * @param {object} curve
 * @param {string} curve.title
 * @param {string} curve.xName
 * @param {string} curve.yName
 * @param {{name: string, values: number[]}} curve.ranked accuracy, 0 to 1, after 0, 1, 2 ... heads
 * @param {{name: string, low: number[], high: number[], mean: number[]} | null} curve.random
 * @param {{name: string, values: number[]}[]} curve.controls
 * @param {import('./theme.js').Theme} theme
 */
export function drawCurve(context, layout, { ranked, random, controls, ...words }, theme) {
  drawFrame(context, layout, words, theme);
  const { toX, toY } = layout;
  context.save();
  if (random) {
    context.fillStyle = theme.band;
    context.beginPath();
    random.high.forEach((value, at) => context.lineTo(toX(at), toY(value)));
    for (let at = random.low.length - 1; at >= 0; at -= 1) context.lineTo(toX(at), toY(random.low[at]));
    context.closePath();
    context.fill();
    stroke(context, layout, random.mean, theme.bandLine, 1.5, []);
  }
  controls.forEach(({ values }, index) => stroke(context, layout, values, theme.others[index % theme.others.length], 1.75, DASHES[index % DASHES.length]));
  stroke(context, layout, ranked.values, theme.line, 2.5, []);
  if (ranked.values.length <= 60) {
    context.fillStyle = theme.line;
    ranked.values.forEach((value, at) => dot(context, toX(at), toY(value), 2.6));
  }
  context.restore();
  drawKey(context, layout, { ranked, random, controls }, theme);
}

/** How many lines the legend has. */
export const curveRows = ({ random, controls }) => 1 + (random ? 1 : 0) + controls.length;

function stroke(context, { toX, toY }, values, colour, width, dash) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.setLineDash(dash);
  context.beginPath();
  values.forEach((value, at) => context.lineTo(toX(at), toY(value)));
  context.stroke();
}

function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function drawKey(context, layout, { ranked, random, controls }, theme) {
  const rows = [
    { name: ranked.name, colour: theme.line, width: 2.5, dash: [] },
    ...(random ? [{ name: random.name, colour: theme.bandLine, width: 1.5, dash: [], band: true }] : []),
    ...controls.map(({ name }, index) => ({ name, colour: theme.others[index % theme.others.length], width: 1.75, dash: DASHES[index % DASHES.length] })),
  ];
  context.save();
  context.font = `${SIZES.legendFont}px ${theme.font}`;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  rows.forEach(({ name, colour, width, dash, band }, index) => {
    const y = layout.underY + 8 + (index + 0.5) * ROW;
    const x = layout.plot.x;
    if (band) {
      context.fillStyle = theme.band;
      context.fillRect(x, y - 6, 28, 12);
    }
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 28, y);
    context.stroke();
    context.fillStyle = theme.ink;
    context.fillText(fitted(context, name, layout.width - x - 38), x + 36, y + 0.5);
  });
  context.restore();
}
