/**
 * The bit sets of a result: which of the kept pairs a head hits. Bit i is bit (i mod 8), counted from the
 * lowest, of byte (i div 8); the bytes are written in base64.
 */

/**
 * @param {string} text base64
 * @param {number} count how many bits it must hold
 * @returns {Uint8Array}
 * @throws {RangeError} when the text is not base64, has another length, or sets bits past `count`
 */
export function decodeBits(text, count) {
  let raw;
  try {
    raw = atob(text);
  } catch {
    throw new RangeError('A bit set is not written in base64.');
  }
  const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  if (bytes.length !== Math.ceil(count / 8)) {
    throw new RangeError(`A bit set has ${bytes.length} bytes where ${Math.ceil(count / 8)} belong.`);
  }
  const past = count % 8;
  if (past !== 0 && bytes[bytes.length - 1] >> past !== 0) {
    throw new RangeError('A bit set marks pairs that do not exist.');
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} index
 * @returns {boolean}
 */
export function bit(bytes, index) {
  return ((bytes[index >> 3] >> (index & 7)) & 1) === 1;
}

/**
 * @param {Uint8Array} bytes
 * @returns {number} how many bits are set
 */
export function countBits(bytes) {
  let count = 0;
  for (let rest of bytes) {
    for (; rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}
