/**
 * A file of which all bytes are here: those that were kept, the header, and the causal masks, which nobody fetches and
 * which are supposed to be the usual ones.
 */
import { coded } from '../errors.js';
import { maskBytes, masksIn } from './masks.js';

/**
 * @param {object} file
 * @param {string} file.name
 * @param {number[]} file.starts of its chunks
 * @param {Uint8Array} file.head its first bytes, the whole header
 * @param {object} file.store of keep.js
 * @param {object} [file.meta] what is written down beside the chunks
 * @returns {Promise<{pieces: AsyncIterable<Uint8Array>, supposed: boolean, sha256: string|null}|null>} null: something is missing;
 *   sha256: known from before
 */
export async function completeFile({ name, starts, head, store, meta }) {
  const masks = masksIn(head);
  const maskAt = (i) => masks.find(({ from, to }) => from <= starts[i] && starts[i + 1] <= to);
  const isKept = (i) => store.has(starts[i], starts[i + 1] - starts[i]);
  const chunks = Array.from({ length: starts.length - 1 }, (_, i) => i);
  const absent = chunks.filter((i) => !isKept(i) && starts[i + 1] > head.length);
  if (!absent.every(maskAt)) return null;
  const known = meta?.whole && meta.whole.of === await store.fingerprint?.();

  async function* pieces() {
    for (const i of chunks) {
      const [from, to] = [starts[i], starts[i + 1]];
      let bytes = to <= head.length ? head.slice(from, to) : null;
      if (!bytes && isKept(i)) bytes = await store.get(from, to - from);
      else if (!bytes && maskAt(i)) bytes = maskBytes(maskAt(i), from, to);
      if (!bytes) throw coded('NotWhole', `A part of ${name} is not here any more.`);
      yield bytes;
    }
  }
  return { pieces: pieces(), supposed: absent.length > 0, sha256: known ? meta.whole.sha256 : null };
}
