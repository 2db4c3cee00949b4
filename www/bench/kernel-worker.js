/** Times products in a worker of its own, so that the page stays alive and any build can be asked. */
import { errorData } from '../errors.js';
import { loadWasm } from '../wasm.js';

onmessage = async ({ data: { flavour, m, k, n, runs, twin } }) => {
  try {
    const wasm = await loadWasm(flavour);
    postMessage({ times: Array.from(wasm.timeProduct(m, k, n, runs, twin, () => performance.now())) });
  } catch (error) {
    postMessage({ error: errorData(error) });
  }
};
