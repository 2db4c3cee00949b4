/**
 * What a job tells of its line: bytes that came, that are still to come and that were here, at what rate, and why it
 * waits. What is told never goes back.
 */
import { Rate } from './rate.js';

const NEWS_MS = 200;

export class LineNews {
  #host;
  #rate = new Rate();
  #job = { total: 0, fetched: 0, here: 0 };
  #shown = 0;
  #told = 0;
  #why = null;

  /** @param {{news?: (n: object) => void, gate?: {paused: boolean}}} host */
  constructor(host) {
    this.#host = host;
  }

  /** A job begins. @param {number} total bytes to fetch @param {number} here bytes kept already */
  begin(total, here) {
    this.#job = { total, fetched: 0, here };
    this.#shown = 0;
    this.#told = 0;
    this.#rate.reset();
  }

  /** The job under way; what comes for a former one does not count. */
  get job() {
    return this.#job;
  }

  get isOver() {
    return this.#shown >= this.#job.total;
  }

  /** @param {number} bytes that came whole @param {object} job for which they were fetched */
  came(bytes, job) {
    job.fetched += bytes;
  }

  /** More is to be fetched than was thought. */
  more(bytes) {
    this.#job.total += bytes;
  }

  /** Says why nothing comes, in words; null when it goes on. */
  waits(why) {
    this.#why = why;
  }

  /**
   * @param {boolean} now also when something was told just before
   * @param {() => number} parts bytes of chunks that are not whole yet
   */
  tell(now, parts) {
    const job = this.#job;
    const time = performance.now();
    if (!now && time - this.#told < NEWS_MS) return;
    this.#told = time;
    // A part of a chunk is lost when its line breaks; what is shown does not go back for that.
    this.#shown = Math.min(Math.max(this.#shown, job.fetched + parts()), job.total);
    const paused = this.#host.gate?.paused;
    if (paused) this.#rate.reset();
    else this.#rate.add(this.#shown, time);
    const rate = this.#rate.perSecond;
    this.#host.news?.({
      kind: 'bytes', fetched: this.#shown, total: job.total, here: job.here, rate,
      secondsLeft: rate ? (job.total - this.#shown) / rate : null,
      waiting: paused ? 'Paused.' : this.#why,
    });
  }
}
