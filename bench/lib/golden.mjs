/** Results against the reference's: integers inside [lo, hi], head by head, both signs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { readJson } from './weights.mjs';

/** The reference's file for some weights, or null. */
export function golden(name) {
  const file = join(root, 'tests/golden', `static-${name}.json`);
  return existsSync(file) ? readJson(file) : null;
}

/**
 * Heads whose hits lie outside the interval that float32 may land in.
 * @param {object} relation of a result
 * @param {{score: {lo, hi}, suppression: {lo, hi}}} expected `[layer][head]`
 * @returns {{outside: number, of: number}}
 */
export function compare(relation, expected) {
  let outside = 0;
  let of = 0;
  for (const [hits, { lo, hi }] of [[relation.hits, expected.score], [relation.suppression_hits, expected.suppression]]) {
    lo.forEach((row, l) => row.forEach((low, h) => {
      of += 1;
      if (!(hits[l][h] >= low && hits[l][h] <= hi[l][h])) outside += 1;
    }));
  }
  if (relation.invalid.length) outside += relation.invalid.length;
  return { outside, of };
}

/** Heads of two results that differ in a number. */
export function different(a, b) {
  const flat = (r) => [r.hits, r.suppression_hits].flat(2);
  const [x, y] = [flat(a), flat(b)];
  return x.filter((v, i) => v !== y[i]).length + Math.abs(x.length - y.length);
}
