import { aborted, coded } from '../errors.js';
import { backoff, retryable } from './retry.js';

/**
 * An address as a byte source, by HTTP Range.
 *
 * The address itself is asked again for every range: the hub redirects to a signed address that
 * expires. What comes back is checked: 206, Content-Range, length, and the ETag of the start.
 */
export class HttpSource {
  /** @param {string} url @param {() => AbortSignal|undefined} signal of the job under way */
  constructor(url, signal = () => undefined) {
    this.url = url;
    this.name = new URL(url).pathname.split('/').pop() || url;
    this.kind = 'url';
    this.size = 0;
    this.etag = null;
    this.signal = signal;
  }

  /** Asks for the first byte, to learn the length. @returns {Promise<HttpSource>} */
  async open() {
    const { total, etag } = await this.#retrying(0, 1);
    this.size = total;
    this.etag = etag;
    return this;
  }

  expect() {}

  /** @returns {Promise<Uint8Array>} exactly `length` bytes from `offset` */
  async read(offset, length) {
    if (length === 0) return new Uint8Array();
    return (await this.#retrying(offset, length)).bytes;
  }

  async #retrying(offset, length) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#fetch(offset, length);
      } catch (e) {
        if (!retryable(e) || !(await backoff(attempt, e.retryAfter, this.signal()))) throw e;
      }
    }
  }

  async #fetch(offset, length) {
    const end = offset + length - 1;
    let response;
    let bytes;
    try {
      const headers = { Range: `bytes=${offset}-${end}` };
      response = await fetch(this.url, { headers, signal: this.signal(), cache: 'no-store' });
      if (response.status === 206) bytes = new Uint8Array(await response.arrayBuffer());
      else await response.body?.cancel();
    } catch (e) {
      if (this.signal()?.aborted) throw aborted();
      if (response) throw coded('SourceTruncated', `The line broke while ${this.name} was coming from ${this.#host()} (${e.message}). Press Run to go on.`);
      throw coded('SourceUnreachable',
        `${this.#host()} could not be reached, or does not let other pages read from it (no CORS headers). Check the address and the network.`);
    }
    this.#checkStatus(response);
    return { bytes, ...this.#checkRange(response, bytes, offset, end) };
  }

  #checkStatus(response) {
    const { status } = response;
    if (status === 206) return;
    if (status === 200) {
      throw coded('SourceRange', `${this.#host()} answers a Range request for ${this.name} with the whole file (200). Use a server that supports Range requests.`);
    }
    const why = status === 404 ? 'there is no such file' : status === 401 || status === 403 ? 'access is refused' : 'the server has a problem';
    const error = coded('SourceStatus', `${this.#host()} answered ${status} for ${this.name}: ${why}. Check the address, or try again later.`);
    error.status = status;
    error.retryAfter = Number(response.headers.get('Retry-After')) || undefined;
    throw error;
  }

  #checkRange(response, bytes, offset, end) {
    const header = response.headers.get('Content-Range');
    const m = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '');
    if (!m) {
      throw coded('SourceRange', `${this.#host()} does not say which bytes of ${this.name} it sent (Content-Range: ${header ?? 'hidden or missing'}). The server must expose Content-Range.`);
    }
    const [start, stop, total] = m.slice(1).map(Number);
    const short = stop < end && stop === total - 1;
    if (start !== offset || (stop !== end && !short) || (this.size && total !== this.size)) {
      throw coded('SourceRange', `${this.#host()} sent bytes ${start} to ${stop} of ${total} where ${offset} to ${end} of ${this.name} were asked for.`);
    }
    if (bytes.length !== end - offset + 1) {
      throw coded('SourceTruncated', `${this.#host()} sent ${bytes.length} bytes of ${this.name} where ${end - offset + 1} were asked for.`);
    }
    const etag = response.headers.get('ETag');
    if (this.etag && etag && etag !== this.etag) {
      throw coded('SourceChanged', `${this.name} changed on ${this.#host()} while it was being read. Load the model again.`);
    }
    return { total, etag };
  }

  #host() {
    return new URL(this.url).host;
  }
}

/**
 * A small file, whole.
 * @param {string} url @param {number} limit bytes
 * @returns {Promise<string|null>} null when the server says 404
 */
export async function fetchText(url, limit, signal) {
  const name = new URL(url).pathname.split('/').pop();
  let response;
  let text;
  try {
    response = await fetch(url, { signal });
    if (Number(response.headers.get('Content-Length')) > limit) {
      await response.body?.cancel();
      throw coded('SourceStatus', `${name} is larger than ${limit} bytes, which none of a GPT-2's is.`);
    }
    text = await response.text();
  } catch (e) {
    if (signal?.aborted) throw aborted();
    if (e.name === 'SourceStatus') throw e;
    throw coded('SourceUnreachable',
      `${new URL(url).host} could not be reached for ${name}, or does not let other pages read from it (no CORS headers). Check the address and the network.`);
  }
  if (response.status === 404) return null;
  if (!response.ok) throw coded('SourceStatus', `${new URL(url).host} answered ${response.status} for ${name}. Check the address, or try again later.`);
  return text;
}
