/** Bytes a second over the last seconds, and what time is left at that rate. */

const WINDOW_MS = 5_000;

export class Rate {
  #points = [];

  /** @param {number} bytes all that came so far @param {number} [now] ms */
  add(bytes, now = performance.now()) {
    this.#points.push([now, bytes]);
    while (this.#points.length > 2 && now - this.#points[0][0] > WINDOW_MS) this.#points.shift();
  }

  /** A pause is not a slow line. */
  reset() {
    this.#points = [];
  }

  /** @returns {number|null} bytes a second; null before half a second is known */
  get perSecond() {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    const ms = last ? last[0] - first[0] : 0;
    return ms >= 500 ? ((last[1] - first[1]) / ms) * 1000 : null;
  }
}
