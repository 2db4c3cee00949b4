/**
 * The ways in which a server of weights fails, as switches of the test hub.
 *
 * | kind | value | what the client sees |
 * |---|---|---|
 * | `ignore-range` | | 200 and the whole file where a Range was asked for |
 * | `status` | 404, 403, 500, … | that status, a short text |
 * | `busy` | seconds | 503 with Retry-After |
 * | `truncate` | bytes (half of the body by default) | the body ends there, the connection is cut |
 * | `wrong-range` | | 206 with a Content-Range other than the one asked for |
 * | `wrong-total` | | 206 whose Content-Range gives another file size |
 * | `no-cors` | | everything right, but no CORS header |
 * | `expired` | | a redirect whose signature has run out: 403 from the CDN |
 * | `etag` | | another ETag at each request |
 * | `flip` | offset in the file (middle of the body by default) | one bit of one byte is other |
 * | `slow` | bytes a second | that rate on each connection |
 * | `stall` | bytes (half of the body by default) | nothing more comes after that |
 * | `html` | | 200 with a page of HTML |
 * | `offline` | | the connection is cut before any answer |
 */
export const KINDS = [
  'ignore-range', 'status', 'busy', 'truncate', 'wrong-range', 'wrong-total', 'no-cors',
  'expired', 'etag', 'flip', 'slow', 'stall', 'html', 'offline',
];

/**
 * A list of faults, each with its own count of the requests it met.
 * A fault: `{ kind, value?, file?, from?, times? }`: `file` is the end of the path it applies to
 * ('.safetensors' by default, '' for every file), `from` the number of requests that it lets pass
 * first (0), `times` how many it then hits (all).
 */
export class Faults {
  #list = [];

  set(faults) {
    this.#list = faults.map((fault) => {
      if (!KINDS.includes(fault.kind)) throw new Error(`no such fault: ${fault.kind}`);
      return { file: '.safetensors', from: 0, times: Infinity, ...fault, met: 0 };
    });
  }

  /** The faults for a request of `path`, as a map from kind to value; counts the request. */
  meet(path) {
    const hit = new Map();
    for (const fault of this.#list) {
      if (!path.endsWith(fault.file)) continue;
      const number = fault.met;
      fault.met += 1;
      if (number >= fault.from && number < fault.from + fault.times) hit.set(fault.kind, fault.value);
    }
    return hit;
  }
}

/**
 * Takes `/fault/<kind>[=<value>]/` off the front of a path: the same fault without the handle, for
 * a mirror's base address.
 * @returns {{path: string, prefix: string, faults: Faults | null}}
 */
export function takePrefix(path) {
  const match = /^(\/fault\/([a-z-]+)(?:=([0-9.e+]+))?)(\/.*)$/.exec(path);
  if (!match) return { path, prefix: '', faults: null };
  const faults = new Faults();
  faults.set([{ kind: match[2], value: match[3] === undefined ? undefined : Number(match[3]) }]);
  return { path: match[4], prefix: match[1], faults };
}
