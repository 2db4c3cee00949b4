/** Holds one part of the vocabulary. Messages are handled one after the other, cancel at once. */
import { coded, errorData } from './errors.js';
import { tick } from './tick.js';
import { loadWasm } from './wasm.js';

let wasm;
let shard;
/** Counts asked for before the last cancel do not run. */
let generation = 0;

/** What the core asks of a job that ends with the next cancel. */
const controlOf = (mine) => ({ get cancelled() { return mine !== generation; }, tick, event() {}, now: () => performance.now() });

const methods = {
  async start({ first, n, d, flavour }) {
    wasm = await loadWasm(flavour);
    shard = new wasm.Shard(first, n, d);
  },
  write: ({ first, rows }) => shard.write(first, rows),
  rows: ({ ids }) => shard.rows(ids),
  async count({ y, targets, k, z, suspicious, heads, v, wO }, mine) {
    return shard.count(y, targets, k, z, suspicious, heads, v, wO, controlOf(mine));
  },
  logits: ({ x }, mine) => shard.logits(x, controlOf(mine)),
  heap: () => wasm.heapBytes(),
};

let last = Promise.resolve();
onmessage = ({ data: { id, method, data } }) => {
  if (method === 'cancel') {
    generation++;
    return;
  }
  const mine = generation;
  last = last.then(async () => {
    try {
      const value = await methods[method](data, mine);
      if (id) postMessage({ id, value });
    } catch (e) {
      const trap = e instanceof WebAssembly.RuntimeError;
      const error = trap ? coded('WorkerDied', `The computation broke down (${self.headmapPanic ?? e.message}).`) : e;
      postMessage({ id: trap ? 0 : id, error: errorData(error) });
    }
  });
};
