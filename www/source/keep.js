/**
 * Which weights are kept in this browser, and the way to them: the origin private file system, else the Cache API,
 * else nothing.
 */
import { coded } from '../errors.js';
import { CacheStore, deleteFromCache, listCache } from './cache-store.js';
import { DATA, INDEX, OpfsReader, OpfsStore, hex, readMeta, sha256 } from './opfs-store.js';

const FOLDER = 'headmap-weights';
/** A worker that just ended may hold its lock for a moment. */
const LOCK_MS = 1500;

/** Keeps nothing. */
export class NoStore {
  keeps = false;
  where = 'memory';
  has() { return false; }
  lengthAt() { return 0; }
  async get() { return null; }
  async put() {}
  async meta() { return null; }
  async setMeta() {}
  close() {}
}

/** Stores that this worker has open, by key: `{ store, users, free }`. */
const inUse = new Map();

/** @returns {Promise<string>} the key of a version of a file */
export async function keyOf(url, tag, size) {
  const sha = await sha256(new TextEncoder().encode(JSON.stringify([url, tag, size])));
  return hex(sha.subarray(0, 16));
}

/** The Cache API, where it is: in frames without an origin of their own the very look at it throws. */
function hasCaches() {
  try {
    return !!globalThis.caches;
  } catch {
    return false;
  }
}

/** Whether anything can be kept here at all; pages from http:// and some frames cannot. */
export const canKeep = () => !!globalThis.crypto?.subtle && !!(navigator.storage?.getDirectory || hasCaches());

async function rootFolder(create) {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create });
}

const hasOpfs = () => !!navigator.storage?.getDirectory && !!globalThis.FileSystemFileHandle?.prototype.createSyncAccessHandle;

/**
 * Opens the chunks kept of a version of a file.
 * @param {string} key of {@link keyOf} @param {number} size bytes of the file
 * @param {(text: string) => void} notice told what is not as usual
 * @returns {Promise<{store: object, release: () => void}>}
 */
export async function openStore(key, size, notice) {
  let entry = inUse.get(key);
  if (!entry) {
    entry = { ...(await lockedStore(key, size, notice)), users: 0 };
    inUse.set(key, entry);
  }
  entry.users += 1;
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    entry.users -= 1;
    if (entry.users > 0) return;
    if (inUse.get(key) === entry) inUse.delete(key);
    entry.store.close();
    entry.free();
  };
  return { store: entry.store, release };
}

async function lockedStore(key, size, notice) {
  const free = await lock(key);
  try {
    if (hasOpfs()) {
      try {
        const folder = await (await rootFolder(true)).getDirectoryHandle(key, { create: true });
        if (free) return { store: await OpfsStore.open(folder, size), free };
        notice('Another tab has this model open. This one reads what that one keeps, and keeps nothing itself.');
        return { store: await OpfsReader.open(folder, size).catch(() => new NoStore()), free: () => {} };
      } catch (e) {
        if (!hasCaches()) throw e;
      }
    }
    if (!free) return { store: new NoStore(), free: () => {} };
    return { store: await CacheStore.open(key), free };
  } catch (e) {
    free?.();
    notice(`This browser does not let the page keep files here (${e.name}): weights are held in memory only and are fetched again next time.`);
    return { store: new NoStore(), free: () => {} };
  }
}

/** @returns {Promise<(() => void)|null>} frees the lock; null when another tab has it */
async function lock(key) {
  if (!navigator.locks) return () => {};
  return new Promise((resolve) => {
    const inTime = new AbortController();
    const timer = setTimeout(() => inTime.abort(), LOCK_MS);
    navigator.locks.request(`headmap-weights-${key}`, { signal: inTime.signal }, () => {
      clearTimeout(timer);
      return new Promise((free) => { resolve(free); });
    }).catch(() => resolve(null));
  });
}

/**
 * What is kept.
 * @returns {Promise<{key: string, name: string, url: string, bytes: number, complete: boolean, used: string, meta: object|null}[]>}
 */
export async function listKept() {
  const all = [];
  if (hasOpfs()) {
    try {
      for await (const [key, folder] of (await rootFolder(false)).entries()) {
        if (folder.kind !== 'directory') continue;
        const size = async (name) => (await (await folder.getFileHandle(name)).getFile()).size;
        all.push({ key, meta: await readMeta(folder), bytes: (await size(DATA).catch(() => 0)) + (await size(INDEX).catch(() => 0)) });
      }
    } catch {
      // No folder yet, or no way to it: nothing is kept there.
    }
  }
  if (hasCaches()) all.push(...await listCache().catch(() => []));
  return all.map(({ key, meta, bytes }) => ({
    key, bytes, meta, name: String(meta?.name ?? 'unfinished'), url: String(meta?.url ?? ''), complete: !!meta?.complete, used: String(meta?.used ?? ''),
  }));
}

/** Deletes what is kept under a key. A model of this worker that uses it goes on from the network. */
export async function forget(key) {
  const entry = inUse.get(key);
  if (entry) {
    inUse.delete(key);
    entry.store.close();
    // Or this very tab would pass for another one when it opens the model again.
    entry.free();
  }
  try {
    await (await rootFolder(false)).removeEntry(key, { recursive: true });
  } catch (e) {
    if (e.name === 'NoModificationAllowedError' || e.name === 'InvalidStateError') {
      throw coded('Busy', 'These weights are in use by another tab. Close it, then delete them again.');
    }
    if (e.name !== 'NotFoundError' && hasOpfs()) throw coded('Busy', `These weights could not be deleted (${e.message}). Try again in a moment.`);
  }
  if (hasCaches()) await deleteFromCache(key).catch(() => {});
}
