/**
 * Numbers in words, as the page and the saved picture say them.
 */
import { format } from 'd3-format';

const grouped = format(',');

/** @type {(value: number) => string} a whole number with thousands set apart */
export const whole = (value) => grouped(Math.round(value));

/**
 * @param {number} bytes
 * @returns {string} in decimal units, as download dialogs count
 */
export function byteText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${whole(bytes / 1e3)} kB`;
  if (bytes < 1e7) return `${(bytes / 1e6).toFixed(1)} MB`;
  if (bytes < 1e10) return `${whole(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * @param {number} count
 * @returns {string} "1.2 billion"
 */
export function bigText(count) {
  const scales = [[1e12, 'trillion'], [1e9, 'billion'], [1e6, 'million']];
  const scale = scales.find(([size]) => count >= size);
  return scale ? `${(count / scale[0]).toFixed(1)} ${scale[1]}` : whole(count);
}

/**
 * The work a score took, against the work of projecting every pair through every head on the whole
 * vocabulary.
 * @param {number} done multiply-adds
 * @param {number} full multiply-adds of the full projection
 * @param {number} [int8] how many of those done were a first look in bytes
 * @returns {string}
 */
export function workText(done, full, int8 = 0) {
  if (!(full > 0)) return `${bigText(done)} multiply-adds`;
  const percent = (part) => `${part / full >= 0.1 ? ((100 * part) / full).toFixed(0) : ((100 * part) / full).toFixed(1)}\u00a0%`;
  const split = int8 > 0 ? ` (${percent(done - int8)} in float32, ${percent(int8)} in bytes)` : '';
  return `${bigText(done)} multiply-adds, ${percent(done)} of the full projection${split}`;
}

/** @type {(seconds: number) => string} */
export function secondsText(seconds) {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * @param {number | null} seconds
 * @returns {string} empty when nobody knows
 */
export function leftText(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '';
  if (seconds < 1) return 'less than a second left';
  if (seconds < 90) return `about ${Math.ceil(seconds)} s left`;
  return `about ${Math.ceil(seconds / 60)} minutes left`;
}

/**
 * @param {{backend: string, adapter: string | null, fallback: boolean}} engine
 * @returns {string}
 */
export function engineText({ backend, adapter, fallback }) {
  if (backend === 'cpu') return adapter ? `CPU (WebAssembly), ${adapter}` : 'CPU (WebAssembly)';
  return `WebGPU${adapter ? ` on ${adapter}` : ''}${fallback ? ', a software adapter' : ''}`;
}

/** @type {(choice: 'first_mlp' | 'none') => string} */
export const preprocessingText = (choice) => (
  choice === 'none' ? 'none: bare embeddings in every layer' : 'first MLP (bare embeddings in layer 0)');
