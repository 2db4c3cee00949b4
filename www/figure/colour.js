/**
 * The colour scales: viridis over scores from 0 to 1, the map of the published figures, and red to blue around 0 for what has a sign.
 *
 * @typedef {object} ValueScale
 * @property {(value: number) => string} colour  a CSS colour; throws RangeError for what is not a finite number
 * @property {number} low                        the value at the foot of the bar
 * @property {number} high                       the value at its top
 * @property {readonly number[]} ticks
 * @property {(value: number) => string} tickText
 */
import { scaleLinear, scaleSequential } from 'd3-scale';
import { interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';
import { format } from 'd3-format';

const scale = scaleSequential(interpolateViridis).domain([0, 1]).clamp(true);

/** How many colours are kept ready. 256 steps are finer than any screen shows of viridis. */
const STEPS = 256;
const ready = Array.from({ length: STEPS + 1 }, (_, step) => scale(step / STEPS));

/**
 * @param {number} score from 0 to 1
 * @returns {string} a CSS colour
 * @throws {RangeError} for anything that is not a number: such a head is hatched, never coloured
 */
export function scoreColour(score) {
  if (!Number.isFinite(score)) throw new RangeError('Only a finite score has a colour.');
  return ready[Math.round(Math.min(1, Math.max(0, score)) * STEPS)];
}

/** The ticks of a colour bar: every 0.2. */
export const barTicks = Object.freeze([0, 0.2, 0.4, 0.6, 0.8, 1]);

/** @type {(score: number) => string} one decimal, for the colour bar */
export const tickText = format('.1f');

/** @type {(score: number) => string} two decimals, for reading a cell */
export const scoreText = format('.2f');

/** @type {ValueScale} of scores */
export const scoreScale = Object.freeze({ colour: scoreColour, low: 0, high: 1, ticks: barTicks, tickText });

/**
 * Red below 0, white at 0, blue above it; both ends at the same distance, so that equal strengths look equal.
 * @param {number} largest the largest amount without its sign; nothing or 0 gives a scale to 1
 * @returns {ValueScale}
 */
export function divergingScale(largest) {
  const end = Number.isFinite(largest) && largest > 0 ? largest : 1;
  const axis = scaleLinear().domain([-end, end]);
  return Object.freeze({
    colour(value) {
      if (!Number.isFinite(value)) throw new RangeError('Only a finite value has a colour.');
      return interpolateRdBu(Math.min(1, Math.max(0, 0.5 + value / (2 * end))));
    },
    low: -end,
    high: end,
    ticks: Object.freeze(axis.ticks(5)),
    tickText: axis.tickFormat(5),
  });
}
