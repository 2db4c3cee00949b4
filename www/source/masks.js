/**
 * The causal masks of a GPT-2 checkpoint: 4 MiB a layer that no job reads. What they hold is known beforehand (1 on and
 * below the diagonal, 0 above), so a file of which all but they are here can be hashed whole. If the hash is the
 * published one, that proves them too; if not, nothing is known.
 */
import { headerEnd } from './partition.js';

const LARGEST = 65_536;

/**
 * @param {Uint8Array} head the whole header
 * @returns {{from: number, to: number, n: number}[]} F32 tensors `attn.bias` [1, 1, n, n]: first byte and the byte after the last
 */
export function masksIn(head) {
  const end = headerEnd(head);
  try {
    const entries = Object.entries(JSON.parse(new TextDecoder().decode(head.subarray(8, end))));
    return entries
      .filter(([name, entry]) => /(^|\.)attn\.bias$/.test(name) && entry?.dtype === 'F32')
      .map(([, { shape, data_offsets: [from, to] }]) => ({ shape, from: from + end, to: to + end }))
      .filter(({ shape, from, to }) => shape?.length === 4 && shape[0] === 1 && shape[1] === 1 && shape[2] === shape[3]
        && Number.isSafeInteger(shape[2]) && shape[2] <= LARGEST && to - from === 4 * shape[2] ** 2)
      .map(({ shape, from, to }) => ({ n: shape[2], from, to }));
  } catch {
    return [];
  }
}

/** @returns {Uint8Array} bytes `from` to `to` of a mask that begins at byte `at` */
export function maskBytes({ from: at, n }, from, to) {
  const numbers = new Float32Array(Math.ceil((to - at) / 4) - Math.floor((from - at) / 4));
  const first = Math.floor((from - at) / 4);
  for (let i = 0; i < numbers.length; i += 1) {
    const [row, column] = [Math.floor((first + i) / n), (first + i) % n];
    numbers[i] = column <= row ? 1 : 0;
  }
  return new Uint8Array(numbers.buffer, from - at - 4 * first, to - from);
}
