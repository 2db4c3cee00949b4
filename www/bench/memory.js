import { median } from './numbers.js';

const BYTES = 64 << 20;

/** @returns {number} GB/s of copying 64 MB, read and written, in this thread */
export function copyBandwidth() {
  const from = new Uint8Array(BYTES).fill(1);
  const to = new Uint8Array(BYTES);
  const times = [];
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    to.set(from);
    times.push(performance.now() - start);
  }
  return (2 * BYTES) / median(times.slice(1)) / 1e6;
}
