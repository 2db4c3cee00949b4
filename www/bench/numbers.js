/** @param {number[]} values @returns {number} the middle one (of an even number, the upper of the two) */
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @returns {string} three significant figures at least, no exponent */
export const figure = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

/** Rate of a result: multiply-adds that were done, and those of the full projection, as GFLOP a second. */
export const rates = (result, seconds) => ({
  done: (2 * result.multiply_adds) / seconds / 1e9,
  full: (2 * result.full_projection_multiply_adds) / seconds / 1e9,
});
