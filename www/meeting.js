/**
 * Workers that count the same rows against different tokens tell each other in rounds: a row that has lost by what all of
 * them counted together need not be counted on by any. A round ends when everybody has told or has left, so what each
 * hears, and with it the work done, is the same in every run.
 */
export class Meeting {
  /** What each has counted, `[3 * rows]` and more, which is left alone. */
  #counts;
  /** Those who wait for this round's end, and how to answer them. */
  #waiting = new Map();
  #left = new Set();
  #over = false;

  /** @param {number} members */
  constructor(members) {
    this.#counts = new Array(members).fill(null);
  }

  /**
   * @param {number} i who tells
   * @param {Uint32Array} counts so far
   * @param {(others: Uint32Array|null) => void} answer hears the sums of all others; null: there is nothing to hear any more
   */
  tell(i, counts, answer) {
    if (this.#over) {
      answer(null);
      return;
    }
    this.#counts[i] = counts;
    this.#waiting.set(i, answer);
    this.#pass();
  }

  /** @param {number} i who has finished, with these counts */
  leave(i, counts) {
    this.#counts[i] = counts;
    this.#left.add(i);
    this.#pass();
  }

  /** Somebody failed: nobody waits any longer. */
  end() {
    this.#over = true;
    for (const answer of this.#waiting.values()) answer(null);
    this.#waiting.clear();
  }

  #pass() {
    if (this.#waiting.size + this.#left.size < this.#counts.length) return;
    const told = [...this.#waiting];
    this.#waiting.clear();
    for (const [i, answer] of told) {
      const others = new Uint32Array(this.#counts[i].length);
      this.#counts.forEach((counts, j) => {
        if (j !== i) for (let n = 0; n < others.length; n++) others[n] += counts[n];
      });
      answer(others);
    }
  }
}
