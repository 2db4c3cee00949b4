/**
 * Workers that count the same rows against different tokens tell each other in rounds: a row that has lost by what all of
 * them counted together need not be counted on by any. A round ends when everybody has told or has left, so what each
 * hears, and with it the work done, is the same in every run. They speak to each other directly: who made them computes
 * meanwhile, and a message through him would wait for his turn.
 */
export class Meetings {
  #others;
  #send;
  /** By key: what the others have told, and who of them has left. */
  #open = new Map();
  /** Meetings up to this one are over for us; what still comes of them is not kept. */
  #done = 0;

  /**
   * @param {number} others how many they are
   * @param {(other: number, message: object) => void} send to one of them, whose {@link Meetings#hear} gets it; in order
   */
  constructor(others, send) {
    this.#others = others;
    this.#send = send;
  }

  /**
   * @param {number} key of the meeting, the same for all, larger than those before
   * @param {Uint32Array} counts so far
   * @returns {Promise<Uint32Array|null>} the sums of what all others had counted by then; null: there is nothing to hear any more
   */
  tell(key, counts) {
    const meeting = this.#of(key);
    this.#sendAll({ key, counts });
    return new Promise((answer) => {
      meeting.round += 1;
      meeting.answer = answer;
      pass(meeting, counts.length);
    });
  }

  /** The rows are counted to their end. @param {number} key @param {Uint32Array} counts */
  leave(key, counts) {
    this.#sendAll({ key, counts, left: true });
    this.#forget(key);
  }

  /** We failed: nobody waits for us. @param {number} key */
  fail(key) {
    this.#sendAll({ key, over: true });
    this.#forget(key);
  }

  /** @param {number} other who sent it @param {object} message */
  hear(other, { key, counts, left = false, over = false }) {
    if (key <= this.#done) return;
    const meeting = this.#of(key);
    if (over) meeting.over = true;
    else if (left) meeting.left[other] = counts;
    else meeting.told[other].push(counts);
    pass(meeting);
  }

  /** Nobody waits here any longer. @param {number} [key] in one meeting, else in all that are open */
  end(key) {
    if (key !== undefined && key <= this.#done) return;
    for (const meeting of key === undefined ? this.#open.values() : [this.#of(key)]) {
      meeting.over = true;
      pass(meeting);
    }
  }

  #of(key) {
    if (!this.#open.has(key)) {
      const each = (make) => Array.from({ length: this.#others }, make);
      this.#open.set(key, { told: each(() => []), left: each(() => null), over: false, round: 0, answer: null, words: 0 });
    }
    return this.#open.get(key);
  }

  #sendAll(message) {
    for (let other = 0; other < this.#others; other += 1) this.#send(other, message);
  }

  #forget(key) {
    this.#done = Math.max(this.#done, key);
    for (const each of this.#open.keys()) if (each <= this.#done) this.#open.delete(each);
  }
}

/** Answers who waits, if the round is complete. */
function pass(meeting, words = meeting.words) {
  meeting.words = words;
  const { answer, told, left, over, round } = meeting;
  if (!answer) return;
  const heard = told.map((rounds, other) => rounds[round - 1] ?? left[other]);
  if (!over && heard.includes(null)) return;
  meeting.answer = null;
  if (over) {
    answer(null);
    return;
  }
  const sums = new Uint32Array(words);
  for (const counts of heard) for (let n = 0; n < words; n += 1) sums[n] += counts[n];
  answer(sums);
}
