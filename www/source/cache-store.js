/**
 * Chunks of one file in the Cache API, for browsers without the origin private file system in workers: an entry a
 * chunk, with its SHA-256 beside it.
 */
import { equalBytes, hex, sha256 } from './opfs-store.js';

const NAME = 'headmap-weights';
/** Addresses that nobody asks a network for. */
const BASE = 'https://kept.headmap.invalid/';
const HASH = 'X-Sha256';

const fromHex = (text) => Uint8Array.from((text ?? '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export class CacheStore {
  keeps = true;
  where = 'cache';
  #cache;
  #base;
  #kept = new Map();

  /** @param {string} key of the file */
  static async open(key) {
    const store = new CacheStore();
    store.#cache = await caches.open(NAME);
    store.#base = `${BASE}${key}/`;
    for (const { url } of await store.#cache.keys()) {
      const [start, length] = url.startsWith(store.#base) ? url.slice(store.#base.length).split('-').map(Number) : [];
      if (length) store.#kept.set(start, length);
    }
    return store;
  }

  has(start, length) {
    return this.#kept.get(start) === length;
  }

  lengthAt(start) {
    return this.#kept.get(start) ?? 0;
  }

  async get(start, length) {
    if (!this.has(start, length)) return null;
    const answer = await this.#cache.match(`${this.#base}${start}-${length}`).catch(() => undefined);
    const bytes = answer && new Uint8Array(await answer.arrayBuffer());
    if (bytes?.length === length && equalBytes(await sha256(bytes), fromHex(answer.headers.get(HASH)))) return bytes;
    this.#kept.delete(start);
    return null;
  }

  async put(start, bytes) {
    const headers = { [HASH]: hex(await sha256(bytes)) };
    await this.#cache.put(`${this.#base}${start}-${bytes.length}`, new Response(bytes, { headers }));
    this.#kept.set(start, bytes.length);
  }

  async meta() {
    return metaOf(this.#cache, this.#base);
  }

  async setMeta(meta) {
    await this.#cache.put(`${this.#base}meta`, new Response(JSON.stringify(meta)));
  }

  close() {}
}

async function metaOf(cache, base) {
  return (await cache.match(`${base}meta`))?.json().catch(() => null) ?? null;
}

/** @returns {Promise<{key: string, meta: object|null, bytes: number}[]>} */
export async function listCache() {
  if (!(await caches.has(NAME))) return [];
  const cache = await caches.open(NAME);
  const files = new Map();
  for (const { url } of await cache.keys()) {
    const [key, entry] = url.slice(BASE.length).split('/');
    files.set(key, (files.get(key) ?? 0) + (Number(entry.split('-')[1]) || 0));
  }
  return Promise.all([...files].map(async ([key, bytes]) => ({ key, meta: await metaOf(cache, `${BASE}${key}/`), bytes })));
}

export async function deleteFromCache(key) {
  const cache = await caches.open(NAME);
  for (const request of await cache.keys()) if (request.url.startsWith(`${BASE}${key}/`)) await cache.delete(request);
}
