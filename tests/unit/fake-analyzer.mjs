/**
 * An analyzer without an engine: the interface of www/analyzer.js over numbers that follow from a rule, so
 * that the page's own logic can be tested. Head (l, h) hits the first `reach(l, h, sign)` of the kept pairs.
 */

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const untilAborted = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
});

export function namedError(name, message) {
  return Object.assign(new Error(message), { name });
}

/** Bits of the first `hits` of `total` pairs, in base64. */
export function firstBits(hits, total) {
  const bytes = new Uint8Array(Math.ceil(total / 8));
  for (let index = 0; index < hits; index += 1) bytes[index >> 3] |= 1 << (index & 7);
  return Buffer.from(bytes).toString('base64');
}

export function fakeInfo(patch = {}) {
  return {
    name: 'Fake', source: 'bundled', repository: null, revision: null, nLayer: 4, nHead: 3, dModel: 12, dHead: 4,
    nVocab: 100, dtype: 'F32', fileBytes: 4000, jobBytes: 3000, planted: false, notes: [], ...patch,
  };
}

/** A result of `relations` in which head (l, h) hits `reach` of the pairs; every pair is kept. */
export function fakeResult(info, relations, { reach = () => 0, invalid = [] } = {}) {
  const grid = (make) => Array.from({ length: info.nLayer }, (_, l) => Array.from({ length: info.nHead }, (_, h) => make(l, h)));
  const dead = (l, h) => invalid.some(({ layer, head }) => layer === l && head === h);
  return {
    schema: 'headmap/result',
    version: 1,
    created: null,
    complete: true,
    model: {
      name: info.name, source: info.source, repository: info.repository, revision: info.revision, sha256: null,
      n_layer: info.nLayer, n_head: info.nHead, d_model: info.dModel, d_head: info.dHead, n_vocab: info.nVocab,
      dtype: info.dtype, planted: info.planted,
    },
    preprocessing: 'first_mlp',
    engine: { backend: 'cpu', adapter: null, fallback_adapter: false, note: null },
    seconds: 0.5,
    multiply_adds: 29,
    int8_multiply_adds: 20,
    full_projection_multiply_adds: 1000,
    bytes_read: 3000,
    relations: relations.map(({ name, pairs, k }) => {
      const total = pairs.length;
      const count = (sign) => (l, h) => (dead(l, h) ? 0 : Math.round(reach(l, h, sign) * total));
      return {
        name, k, pairs_given: total, kept: pairs.map(([s, t], i) => [s, t, i % info.nVocab, (i + 1) % info.nVocab]), dropped: [], total,
        hits: grid(count('relation')),
        suppression_hits: grid(count('suppression')),
        invalid,
        pair_hits: grid((l, h) => firstBits(count('relation')(l, h), total)),
        pair_suppression_hits: grid((l, h) => firstBits(count('suppression')(l, h), total)),
      };
    }),
  };
}

/**
 * @param {object} [options] reach and invalid as above; `loadMs` and `layerMs` are how long it takes; `fail` may
 *   throw in loadModel or scoreRelations: fail('load' | 'layer', detail)
 */
export function fakeEngine({ info = fakeInfo(), reach, invalid = [], layerMs = 0, loadMs = 0, kept = () => [], forget = () => {}, fail = () => {} } = {}) {
  const log = [];
  let tell = () => {};
  const createAnalyzer = async ({ backend, onNotice }) => {
    tell = onNotice;
    log.push(`create ${backend}`);
    return {
      engine: { backend: 'cpu', adapter: null, fallbackAdapter: false, note: null },
      close: () => log.push('close'),
      kept: async () => kept(),
      forget: async (key) => forget(key),
      loadModel: async (spec, { signal } = {}) => {
        log.push('load');
        await untilAborted(loadMs, signal);
        fail('load', spec);
        const open = typeof info === 'function' ? info(spec) : info;
        return {
          info: open,
          close: () => log.push('close model'),
          plan: async () => ({ bytes: 10, here: 4 }),
          selectPairs: async (pairs) => ({ kept: pairs.map(([s, t], i) => [s, t, i, i]), dropped: [] }),
          scoreRelations: (relations, options) => score(open, relations, options),
        };
      },
    };
  };

  async function score(open, relations, { signal, onProgress, onLayer }) {
    const result = fakeResult(open, relations, { reach, invalid });
    const total = open.nLayer * relations.length;
    for (let layer = 0; layer < open.nLayer; layer += 1) {
      await sleep(layerMs);
      signal?.throwIfAborted();
      fail('layer', layer);
      result.relations.forEach((relation, index) => {
        onLayer?.({
          relation: index,
          layer,
          total: relation.total,
          hits: Uint32Array.from(relation.hits[layer]),
          suppressionHits: Uint32Array.from(relation.suppression_hits[layer]),
          invalid: invalid.filter((entry) => entry.layer === layer),
        });
      });
      onProgress?.({
        phase: 'scoring', text: `layer ${layer + 1} of ${open.nLayer}`, done: (layer + 1) * relations.length, total,
        secondsLeft: null, bytesRead: open.jobBytes, bytesTotal: open.jobBytes, multiplyAdds: 1,
      });
    }
    return result;
  }

  return { createAnalyzer, log, notice: (text) => tell(text) };
}
