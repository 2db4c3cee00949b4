/**
 * Small checks for values that come from outside. Each returns what it checked and throws a
 * `ResultInvalid` error whose sentence names the place.
 */

/**
 * @param {string} sentence
 * @returns {Error} with the stable name `ResultInvalid`
 */
export function invalid(sentence) {
  const error = new Error(sentence);
  error.name = 'ResultInvalid';
  return error;
}

/** @type {(value: unknown, where: string) => object} */
export function object(value, where) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`This result cannot be read: ${where} must be an object.`);
  }
  return value;
}

/** @type {(value: unknown, where: string, length: {min?: number, max: number}) => unknown[]} */
export function list(value, where, { min = 0, max }) {
  if (!Array.isArray(value)) throw invalid(`This result cannot be read: ${where} must be a list.`);
  if (value.length < min || value.length > max) {
    const wanted = min === max ? `${max}` : `between ${min} and ${max}`;
    throw invalid(`This result cannot be read: ${where} has ${value.length} entries, ${wanted} are allowed.`);
  }
  return value;
}

/** @type {(value: unknown, where: string, max?: number) => string} */
export function text(value, where, max = 1000) {
  if (typeof value !== 'string' || value.length > max) {
    throw invalid(`This result cannot be read: ${where} must be a text of at most ${max} characters.`);
  }
  return value;
}

/** @type {(value: unknown, where: string, max?: number) => string | null} */
export function textOrNull(value, where, max) {
  return value === null || value === undefined ? null : text(value, where, max);
}

/** @type {(value: unknown, where: string, min: number, max: number) => number} */
export function integer(value, where, min, max) {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw invalid(`This result cannot be read: ${where} must be a whole number between ${min} and ${max}.`);
  }
  return value;
}

/** @type {(value: unknown, where: string) => number} */
export function amount(value, where) {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw invalid(`This result cannot be read: ${where} must be a number that is not negative.`);
  }
  return value;
}

/** @type {(value: unknown, where: string, low?: number, high?: number) => number} */
export function number(value, where, low = -Number.MAX_VALUE, high = Number.MAX_VALUE) {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
    const range = high < Number.MAX_VALUE ? ` from ${low} to ${high}` : '';
    throw invalid(`This result cannot be read: ${where} must be a number${range}.`);
  }
  return value;
}

/** @type {(value: unknown, where: string) => boolean} */
export function flag(value, where) {
  if (typeof value !== 'boolean') throw invalid(`This result cannot be read: ${where} must be true or false.`);
  return value;
}

/** @type {(value: unknown, where: string, allowed: readonly string[]) => string} */
export function oneOf(value, where, allowed) {
  if (!allowed.includes(value)) {
    throw invalid(`This result cannot be read: ${where} must be one of ${allowed.join(', ')}.`);
  }
  return value;
}
