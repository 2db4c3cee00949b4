/** A pause that the user asked for: whoever reads from a line waits here. */
export class Gate {
  #waiting = [];
  paused = false;
  /** Told when it opens or closes. */
  listeners = new Set();

  pause() {
    this.paused = true;
    for (const hear of this.listeners) hear();
  }

  resume() {
    this.paused = false;
    for (const hear of this.listeners) hear();
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves at once when nothing is paused, else when it goes on or the job is cancelled. */
  async wait(signal) {
    if (!this.paused || signal?.aborted) return;
    await new Promise((go) => {
      this.#waiting.push(go);
      signal?.addEventListener('abort', go, { once: true });
    });
  }
}
