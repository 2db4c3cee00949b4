/** Holds one part of the vocabulary. Messages are handled one after the other, cancel at once. */
import { coded, errorData } from './errors.js';
import { Meetings } from './meeting.js';
import { tick } from './tick.js';
import { loadWasm } from './wasm.js';

let wasm;
let shard;
/** Counts asked for before the last cancel do not run. */
let generation = 0;
/** With the other parts, to which `ports` lead. */
let meetings;

/** What the core asks of a job that ends with the next cancel. */
const controlOf = (mine) => ({ get cancelled() { return mine !== generation; }, tick, event() {}, now: () => performance.now() });

const methods = {
  async start({ first, n, d, flavour, ports }) {
    meetings = new Meetings(ports.length, (other, message) => ports[other].postMessage(message));
    ports.forEach((port, other) => { port.onmessage = ({ data }) => meetings.hear(other, data); });
    wasm = await loadWasm(flavour);
    shard = new wasm.Shard(first, n, d);
  },
  write: ({ first, rows }) => shard.write(first, rows),
  rows: ({ ids }) => shard.rows(ids),
  /** `meeting`: its key, where there are other parts. */
  async count({ y, targets, k, z, suspicious, heads, v, wO, meeting }, mine) {
    const meet = (counts) => (mine === generation ? meetings.tell(meeting, counts) : Promise.resolve(null));
    try {
      const words = await shard.count(y, targets, k, z, suspicious, heads, v, wO, meeting ? meet : undefined, controlOf(mine));
      meetings.leave(meeting, words);
      return words;
    } catch (e) {
      meetings.fail(meeting);
      throw e;
    }
  },
  logits: ({ x }, mine) => shard.logits(x, controlOf(mine)),
  heap: () => wasm.heapBytes(),
};

let last = Promise.resolve();
onmessage = ({ data: { id, method, data } }) => {
  // These two are not put behind what is under way, which may wait for others.
  if (method === 'cancel') generation++;
  if (method === 'cancel' || method === 'end') {
    meetings?.end(data.meeting);
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
