/**
 * A job's progress: counted work, never a clock's guess, and it never goes backwards.
 *
 * The work of a job is its comparisons (one pair of one head against one token) and its bytes.
 * For the time left, each is taken at the rate measured so far in this job.
 */
export class Progress {
  #listener;
  #state = { phase: 'reading', text: 'Starting', done: 0, total: 0, bytesRead: 0, bytesTotal: 0, line: null };
  #started = performance.now();
  #scoring = 0;
  #last = 0;

  /** @param {(p: {phase, text, done, total, secondsLeft: number|null, bytesRead, bytesTotal, line: object|null}) => void} [listener] */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {object} news from the worker */
  hear(news) {
    const s = this.#state;
    if (news.kind === 'plan') [s.total, s.bytesTotal] = [news.comparisons, news.bytes];
    if (news.kind === 'read') s.bytesRead = Math.min(s.bytesRead + news.bytes, s.bytesTotal);
    if (news.kind === 'settled') s.done = Math.max(s.done, news.comparisons);
    if (news.kind === 'layer') s.done = Math.max(s.done, news.settled);
    // Of weights that come from an address: bytes so far, bytes a second, why it waits.
    if (news.kind === 'bytes') s.line = { ...news };
    if (news.kind === 'phase') {
      if (news.phase === 'scoring' && !this.#scoring) this.#scoring = performance.now();
      [s.phase, s.text] = [news.phase, news.text];
    }
    const now = performance.now();
    if (news.kind === 'read' || news.kind === 'settled') {
      if (now - this.#last < 50) return;
    }
    this.#last = now;
    this.#tell();
  }

  finish() {
    const s = this.#state;
    [s.done, s.bytesRead] = [s.total, s.bytesTotal];
    this.#tell();
  }

  #tell() {
    this.#listener?.({ ...this.#state, secondsLeft: this.#secondsLeft() });
  }

  #secondsLeft() {
    const { done, total, bytesRead, bytesTotal } = this.#state;
    const elapsed = (performance.now() - this.#started) / 1000;
    if (elapsed < 0.5 || (bytesTotal && !bytesRead)) return null;
    // Reading and scoring go on in turns: what is left of each, at the share of time it took.
    const read = bytesTotal ? bytesRead / bytesTotal : 1;
    const scored = total ? done / total : 0;
    const fraction = bytesTotal ? (read + scored) / 2 : scored;
    return fraction > 0.02 ? elapsed * (1 / fraction - 1) : null;
  }
}
