/**
 * How a file is cut into chunks, and chunks into requests.
 *
 * Cuts lie where tensors begin (the header says where), and every `chunkBytes` in a long tensor. So a job fetches
 * its tensors and nothing beside them, and the same file is cut in the same way for every job and visit.
 */

/** Bytes of a chunk, the unit of keeping, hashing and fetching again. */
export const CHUNK = 2 << 20;
/** Bytes of a request, at most. */
export const REQUEST = 8 << 20;
/** Bytes that nobody asked for, fetched along where that saves a request. */
const GAP = 64 << 10;
/** Longest header that is read, as in the Rust reader. */
export const MAX_HEADER = 1 << 20;
/** Cuts that a hostile header can make. A real one makes under 1,300. */
const MOST_CUTS = 5_000;

/**
 * @param {Uint8Array} head the beginning of the file, 8 bytes at least
 * @returns {number} bytes of length field and header together; 0 when that cannot be a header
 */
export function headerEnd(head) {
  if (head.length < 8) return 0;
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  return length > 0 && length <= MAX_HEADER ? 8 + length : 0;
}

/** Where tensors begin and end. Only a hint for the cuts: whether the header is right, the Rust reader judges. */
function tensorCuts(head, size) {
  const end = headerEnd(head);
  if (!end || end > head.length) return [];
  try {
    const entries = Object.values(JSON.parse(new TextDecoder().decode(head.subarray(8, end))));
    const cuts = entries.flatMap((entry) => (Array.isArray(entry?.data_offsets) ? entry.data_offsets.slice(0, 2) : []));
    return [end, ...cuts.map((at) => at + end)].filter((at) => Number.isSafeInteger(at) && at > 0 && at < size);
  } catch {
    return [end];
  }
}

/**
 * @param {number} size bytes of the file
 * @param {Uint8Array} head its first bytes, with the whole header
 * @param {number} [chunkBytes]
 * @returns {number[]} where each chunk begins, ascending from 0, and at the end the size
 */
export function partition(size, head, chunkBytes = CHUNK) {
  const cuts = [...new Set([0, ...tensorCuts(head, size)])].sort((a, b) => a - b).slice(0, MOST_CUTS);
  const starts = [];
  cuts.forEach((from, i) => {
    const to = cuts[i + 1] ?? size;
    for (let at = from; at < to; at += chunkBytes) starts.push(at);
  });
  return [...starts, size];
}

/**
 * @param {number[]} starts as of {@link partition}
 * @returns {number} the chunk that holds a byte
 */
export function chunkOf(starts, offset) {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * @param {number[]} starts
 * @param {[number, number][]} ranges offset and length, in the order in which they will be read
 * @returns {number[]} the chunks that hold them, each once, in that order
 */
export function chunksOf(starts, ranges) {
  const chunks = new Set();
  for (const [offset, length] of ranges) {
    if (length <= 0) continue;
    const last = chunkOf(starts, offset + length - 1);
    for (let i = chunkOf(starts, offset); i <= last; i += 1) chunks.add(i);
  }
  return [...chunks];
}

/**
 * Neighbours become one request, up to `most` bytes; so do chunks with a small gap between them.
 * @param {number[]} starts
 * @param {number[]} chunks those to fetch, in order
 * @returns {{first: number, last: number}[]} in the order of their first need
 */
export function requestsFor(starts, chunks, most = REQUEST) {
  const requests = [];
  for (const i of chunks) {
    const now = requests.at(-1);
    if (now && i >= now.first && i <= now.last) continue;
    const first = now && Math.min(i, now.first);
    const last = now && Math.max(i, now.last);
    const gap = now && (i > now.last ? starts[i] - starts[now.last + 1] : starts[now.first] - starts[i + 1]);
    if (now && gap <= Math.min(GAP, most / 8) && starts[last + 1] - starts[first] <= most) Object.assign(now, { first, last });
    else requests.push({ first: i, last: i });
  }
  return requests;
}
