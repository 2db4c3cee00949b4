/**
 * The colour scale of every panel: viridis over scores from 0 to 1, the map of the published figures.
 */
import { scaleSequential } from 'd3-scale';
import { interpolateViridis } from 'd3-scale-chromatic';
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
