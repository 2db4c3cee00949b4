/**
 * How many requests at a time.
 *
 * Where a server or the distance limits each connection, several bring more. On a line that one request fills, they bring
 * no byte sooner, and what is needed first comes at a third of the rate. So on a slow line one request is tried alone
 * for a while: if the rate stays, the next begins only shortly before the last one ends.
 */

/** Requests at a time, at most. */
export const LANES = 3;
/** What is under way is no matter of order when it is through so soon. */
const SOON_MS = 1000;
/** How long before one request ends the next begins, on a line that one fills. */
const OVERLAP_MS = 300;
/** A rate is believed after this time. */
const SURE_MS = 1500;
/** One alone fills the line when it brings this share of what several brought. */
const SAME = 0.8;

export class Lanes {
  #now;
  /** Since when the same number of requests (one, or several) has been at work, and what they brought. */
  #span = { alone: false, since: 0, bytes: 0 };
  /** Bytes a millisecond of several requests and of one; null until measured. */
  #several = null;
  #one = null;
  /** Whether one fills the line; null: not known. */
  #fills = null;

  /** @param {() => number} [now] milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** A pause, or the time between two jobs, says nothing of the line. */
  rest() {
    this.#span.since = 0;
  }

  /** @param {number} bytes that came just now @param {number} running requests at work */
  came(bytes, running) {
    const now = this.#now();
    const alone = running <= 1;
    if (!this.#span.since || this.#span.alone !== alone) {
      this.#span = { alone, since: now, bytes: 0 };
      return;
    }
    const span = this.#span;
    span.bytes += bytes;
    if (now - span.since < SURE_MS) return;
    const rate = span.bytes / (now - span.since);
    this.#span = { alone, since: now, bytes: 0 };
    if (!alone) {
      this.#several = rate;
      return;
    }
    // A line that became much slower or faster is another line.
    if (this.#fills && (rate < this.#one / 2 || rate > this.#one * 2)) [this.#several, this.#fills] = [null, null];
    else if (this.#several) this.#fills = rate >= SAME * this.#several;
    this.#one = rate;
  }

  /**
   * @param {number} running requests at work
   * @param {number} left bytes that they still have to bring
   * @returns {boolean} whether one more may begin
   */
  may(running, left) {
    if (running === 0) return true;
    if (running >= LANES) return false;
    if (!this.#several || this.#fills === false) return true;
    return left <= (this.#fills ? this.#one * OVERLAP_MS : this.#several * SOON_MS);
  }
}
