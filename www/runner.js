/**
 * Models that can run. The builds of the core for scores on the CPU leave burn out; where one of them is the engine's, the model is
 * opened once more on a build that has it, when a run is first asked for, over the same source of bytes.
 */
import { loadWasm, runFlavour } from './wasm.js';

/** Methods of the core's Model that run it: `(ask, control)`, see src/web/run.rs. */
export const ANALYSES = Object.freeze(['scoreDynamic', 'ablate', 'runPrompt', 'attentionScores']);

export class Runners {
  #makeShards;
  #core = null;
  #models = new Map();

  /** @param {(nVocab: number, d: number) => object} makeShards spreads a large embedding over workers */
  constructor(makeShards) {
    this.#makeShards = makeShards;
  }

  /**
   * @param {number} id of the model
   * @param {[object, string | undefined, string, object]} parts source, config.json, tokenizer.json, provenance
   * @param {(news: object) => void} onNews
   * @returns {Promise<object>} the core's Model, opened at the first call
   */
  async of(id, parts, onNews) {
    if (!this.#models.has(id)) {
      onNews({ kind: 'phase', phase: 'reading', text: 'Loading what runs the model' });
      this.#core ??= this.#start();
      const { wasm, engine } = await this.#core.catch((error) => {
        this.#core = null;
        throw error;
      });
      this.#models.set(id, await wasm.Model.open(engine, ...parts));
    }
    return this.#models.get(id);
  }

  async #start() {
    const wasm = await loadWasm(runFlavour());
    return { wasm, engine: wasm.Engine.startCpu(undefined, this.#makeShards) };
  }

  close(id) {
    this.#models.get(id)?.free();
    this.#models.delete(id);
  }
}

/**
 * Tokens that a model can read at once.
 * @param {string | undefined} config text of config.json, from anywhere
 * @returns {number | null} null when it does not say
 */
export function contextLength(config) {
  try {
    const { n_positions: positions, n_ctx: context } = JSON.parse(config);
    return [positions, context].find((value) => Number.isInteger(value) && value > 0 && value <= 1_000_000) ?? null;
  } catch {
    return null;
  }
}
