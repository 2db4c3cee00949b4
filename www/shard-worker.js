/** Holds one part of the vocabulary. Messages are handled one after the other, cancel at once. */
import { coded, errorData } from './errors.js';
import { tick } from './tick.js';
import { loadWasm } from './wasm.js';

let wasm;
let shard;
/** Counts asked for before the last cancel do not run. */
let generation = 0;
/** The count that waits for the others: `{ of, resolve }`. */
let waiting = null;

/** What the core asks of a job that ends with the next cancel. */
const controlOf = (mine) => ({ get cancelled() { return mine !== generation; }, tick, event() {}, now: () => performance.now() });

const methods = {
  async start({ first, n, d, flavour }) {
    wasm = await loadWasm(flavour);
    shard = new wasm.Shard(first, n, d);
  },
  write: ({ first, rows }) => shard.write(first, rows),
  rows: ({ ids }) => shard.rows(ids),
  async count({ y, targets, k, z, suspicious, heads, v, wO, meets }, mine, id) {
    return shard.count(y, targets, k, z, suspicious, heads, v, wO, meets ? meetIn(id, mine) : undefined, controlOf(mine));
  },
  logits: ({ x }, mine) => shard.logits(x, controlOf(mine)),
  heap: () => wasm.heapBytes(),
};

/** Tells what was counted so far, and waits for what the others have. */
const meetIn = (id, mine) => (told) => new Promise((resolve) => {
  if (mine !== generation) {
    resolve(null);
    return;
  }
  waiting = { of: id, resolve };
  postMessage({ id, told }, [told.buffer]);
});

let last = Promise.resolve();
onmessage = ({ data: { id, method, data } }) => {
  // These two are not put behind what is under way: it waits for them.
  if (method === 'cancel') generation++;
  if (method === 'cancel' || (method === 'others' && waiting?.of === data.of)) waiting?.resolve(data.counts ?? null);
  if (method === 'cancel' || method === 'others') return;
  const mine = generation;
  last = last.then(async () => {
    try {
      const value = await methods[method](data, mine, id);
      if (id) postMessage({ id, value });
    } catch (e) {
      const trap = e instanceof WebAssembly.RuntimeError;
      const error = trap ? coded('WorkerDied', `The computation broke down (${self.headmapPanic ?? e.message}).`) : e;
      postMessage({ id: trap ? 0 : id, error: errorData(error) });
    }
  });
};
