import { aborted, coded } from '../errors.js';
import { retryAfterMs, retrying } from './retry.js';

/** A line on which nothing came for so long is dead. */
const STALL_MS = 30_000;

/**
 * A file at an address, by HTTP Range.
 *
 * The address itself is asked again for every range: the hub redirects to a signed address that expires. What comes
 * back is checked: 206, Content-Range, length, and that it is the version (ETag) of the start.
 */
export class HttpFile {
  /** @param {string} url @param {{stallMs?: number}} [options] */
  constructor(url, { stallMs = STALL_MS } = {}) {
    this.url = url;
    this.name = new URL(url).pathname.split('/').pop() || url;
    this.host = new URL(url).host;
    this.stallMs = stallMs;
    /** Bytes of the file; 0 until an answer said it. */
    this.size = 0;
    /** ETag or else Last-Modified; null when the server tells neither. */
    this.tag = null;
  }

  /**
   * The file's first bytes, at most `most`; sets size and tag.
   * @returns {Promise<Uint8Array>}
   */
  async begin(most, options = {}) {
    return retrying(async () => {
      const pieces = [];
      await this.stream(0, most, { ...options, atMost: true, each: (piece) => pieces.push(piece) });
      const head = new Uint8Array(await new Blob(pieces).arrayBuffer());
      return head;
    }, options);
  }

  /**
   * Size and tag alone, without a byte of the body.
   * @returns {Promise<{size: number, tag: string}|null>} null when the server does not tell both
   */
  async look(signal) {
    let response;
    try {
      response = await fetch(this.url, { method: 'HEAD', signal, cache: 'no-store' });
    } catch (e) {
      throw signal?.aborted ? aborted() : this.#unreachable(e);
    }
    const size = Number(response.headers.get('Content-Length'));
    const tag = tagOf(response);
    return response.ok && size > 0 && tag ? { size, tag } : null;
  }

  /**
   * One try at `length` bytes from `offset`, handed on piece by piece as they come.
   * @param {object} options
   * @param {(piece: Uint8Array) => void|Promise<void>} options.each
   * @param {() => void|Promise<void>} [options.gate] waited for before each piece: a pause
   * @param {boolean} [options.atMost] the file may end before
   */
  async stream(offset, length, { signal, each, gate, atMost = false }) {
    const own = new AbortController();
    const stop = () => own.abort();
    signal?.addEventListener('abort', stop, { once: true });
    let stalled = false;
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => { stalled = true; own.abort(); }, this.stallMs);
    };
    const failure = (e, begun) => {
      if (signal?.aborted) return aborted();
      if (stalled) return coded('SourceTruncated', `Nothing came from ${this.host} for ${Math.round(this.stallMs / 1000)} s while ${this.name} was read. What came is kept; press the button to go on.`);
      if (begun) return coded('SourceTruncated', `The line broke while ${this.name} was coming from ${this.host} (${e.message}). What came is kept; press the button to go on.`);
      return this.#unreachable();
    };
    try {
      if (signal?.aborted) throw aborted();
      watch();
      let response;
      try {
        response = await fetch(this.url, { headers: { Range: `bytes=${offset}-${offset + length - 1}` }, signal: own.signal, cache: 'no-store' });
      } catch (e) {
        throw failure(e, false);
      }
      let expected;
      try {
        expected = this.#check(response, offset, length, atMost);
      } catch (e) {
        own.abort(); // the rest of a wrong answer is not wanted
        throw e;
      }
      const reader = response.body.getReader();
      let got = 0;
      for (;;) {
        if (gate) {
          clearTimeout(timer);
          await gate();
        }
        watch();
        const { done, value } = await reader.read().catch((e) => { throw failure(e, true); });
        if (done) break;
        got += value.length;
        if (got > expected) throw coded('SourceRange', `${this.host} sent more of ${this.name} than the ${expected} bytes that it announced.`);
        await each(value);
      }
      if (got !== expected) {
        throw coded('SourceTruncated', `${this.host} sent ${got} bytes of ${this.name} where ${expected} were asked for. What came is kept; press the button to go on.`);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** @returns {number} bytes that the body has to have */
  #check(response, offset, length, atMost) {
    this.#checkStatus(response);
    const header = response.headers.get('Content-Range');
    const m = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '');
    if (!m) {
      throw coded('SourceRange', `${this.host} does not say which bytes of ${this.name} it sent (Content-Range: ${header ?? 'hidden or missing'}). The server must expose Content-Range.`);
    }
    const [start, stop, total] = m.slice(1).map(Number);
    const end = atMost ? Math.min(offset + length, total) - 1 : offset + length - 1;
    if (start !== offset || stop !== end || (this.size && total !== this.size)) {
      throw coded('SourceRange', `${this.host} sent bytes ${start} to ${stop} of ${total} where ${offset} to ${end} of ${this.name} were asked for.`);
    }
    const tag = tagOf(response);
    if (this.tag && tag && tag !== this.tag) {
      throw coded('SourceChanged', `${this.name} changed on ${this.host} while it was being read. Nothing of the two versions was mixed. Open the model again.`);
    }
    this.size = total;
    this.tag ??= tag;
    return end - offset + 1;
  }

  #checkStatus(response) {
    const { status } = response;
    if (status === 206) return;
    if (status === 200) {
      const page = /html/i.test(response.headers.get('Content-Type') ?? '');
      throw coded('SourceRange', page
        ? `${this.host} answers with a web page instead of ${this.name}. Does this network ask you to sign in first? Check the address.`
        : `${this.host} answers a Range request for ${this.name} with the whole file (200). Use a server that supports Range requests.`);
    }
    const why = status === 404 ? 'there is no such file' : status === 401 || status === 403 ? 'access is refused' : 'the server has a problem';
    const error = coded('SourceStatus', `${this.host} answered ${status} for ${this.name}: ${why}. Check the address, or try again later.`);
    error.status = status;
    error.retryAfterMs = retryAfterMs(response.headers.get('Retry-After'));
    // A signed address that ran out: asking the pinned address again gives a new one.
    error.retry = response.redirected && status === 403;
    throw error;
  }

  #unreachable() {
    return coded('SourceUnreachable',
      `${this.host} could not be reached, or does not let other pages read from it (no CORS headers). Check the address and the network.`);
  }
}

/** What names a version of a file. Last-Modified is readable from everywhere, ETag only where it is exposed. */
const tagOf = (response) => response.headers.get('ETag') ?? response.headers.get('Last-Modified');

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
