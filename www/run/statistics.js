/**
 * The statistics that the page prints.
 */

/**
 * Pearson's correlation coefficient.
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys of the same length
 * @returns {{r: number | null, n: number}} r is null where it is not defined: fewer than two points, or one side that never changes
 * @throws {RangeError} when the lengths differ or a value is not finite
 */
export function pearson(xs, ys) {
  const n = xs.length;
  if (ys.length !== n) throw new RangeError('Both sides of a correlation need the same number of values.');
  for (let at = 0; at < n; at += 1) {
    if (!Number.isFinite(xs[at]) || !Number.isFinite(ys[at])) throw new RangeError('A correlation needs finite values.');
  }
  if (n < 2) return { r: null, n };
  const mean = (values) => { let sum = 0; for (let at = 0; at < n; at += 1) sum += values[at]; return sum / n; };
  const [mx, my] = [mean(xs), mean(ys)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let at = 0; at < n; at += 1) {
    const [dx, dy] = [xs[at] - mx, ys[at] - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // A side that never changes may differ from its mean by a rounding error.
  const flat = (sum, values) => sum <= 0 || values.every((value) => value === values[0]);
  if (flat(xx, Array.from(xs)) || flat(yy, Array.from(ys))) return { r: null, n };
  return { r: Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy))), n };
}

/**
 * @param {{r: number | null, n: number}} correlation
 * @returns {string} "Pearson’s r = 0.97, n = 144"
 */
export function correlationText({ r, n }) {
  return `Pearson’s r ${r === null ? 'is not defined (one side never changes)' : `= ${r.toFixed(3).replace('-', '−')}`}, n = ${n}`;
}
