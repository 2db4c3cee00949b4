/**
 * Which kernel each graphics adapter of this machine likes: measured once, kept in the Cache API (a worker has no
 * localStorage). Nothing depends on it: what is lost or wrong is measured again, and a name that means nothing is ignored.
 */
const CACHE = 'headmap-kernels';
/** No request ever goes there: it is a name inside the cache. */
const KEY = '/headmap-kernels.json';
/** Adapters remembered; the oldest goes first. */
const MOST = 8;
const LONGEST = 256;

/** @returns {Promise<Record<string, string>>} kernel by the adapter's description */
export async function rememberedKernels() {
  try {
    const kept = await (await (await caches.open(CACHE)).match(KEY))?.json();
    if (!Array.isArray(kept)) return {};
    const sound = kept.filter((e) => Array.isArray(e) && e.length === 2 && e.every((s) => typeof s === 'string' && s.length <= LONGEST));
    return Object.fromEntries(sound.slice(-MOST));
  } catch {
    return {};
  }
}

/** @param {string | null} adapter @param {string | undefined} kernel */
export async function rememberKernel(adapter, kernel) {
  if (!adapter || !kernel || adapter.length > LONGEST) return;
  try {
    const { [adapter]: before, ...others } = await rememberedKernels();
    if (before === kernel) return;
    const kept = [...Object.entries(others), [adapter, kernel]].slice(-MOST);
    await (await caches.open(CACHE)).put(KEY, new Response(JSON.stringify(kept)));
  } catch {
    // Where there is no Cache API the trial runs at every start.
  }
}
