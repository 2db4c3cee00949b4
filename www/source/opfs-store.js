/**
 * Chunks of one file, kept in the origin private file system. Only in a worker, and only under the lock of keep.js:
 * the handles are exclusive.
 *
 * Three files. `data.bin` holds the chunks in the order in which they came (not at their places in the checkpoint:
 * what is never fetched takes no room of the quota). `index.bin` has one record of 64 bytes a chunk: start, length,
 * place in data.bin (f64 each), SHA-256, a check sum. A record is written after its chunk, later records win, and a
 * chunk is believed only when its hash is right, so that a tab that dies in the middle leaves nothing wrong behind.
 * `meta.json` says what file this is.
 */
const RECORD = 64;

/** How long, and how often, a file that is still open is asked for again. */
const HANDLE_MS = 3000;
const HANDLE_RETRY_MS = 25;

export const META = 'meta.json';
export const INDEX = 'index.bin';
export const DATA = 'data.bin';

/** @returns {Promise<Uint8Array>} SHA-256 */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

export const equalBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** FNV-1a: tells a torn record, nothing more. */
function sum(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function encode({ start, length, slot, sha }) {
  const bytes = new Uint8Array(RECORD);
  const view = new DataView(bytes.buffer);
  [start, length, slot].forEach((value, i) => view.setFloat64(8 * i, value, true));
  bytes.set(sha, 24);
  view.setUint32(56, sum(bytes.subarray(0, 56)), true);
  return bytes;
}

/** @returns {Map<number, {start, length, slot, sha}>} the records of index.bin that are whole, by start */
export function decodeIndex(bytes, size) {
  const records = new Map();
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD);
    if (view.getUint32(56, true) !== sum(bytes.subarray(at, at + 56))) continue;
    const [start, length, slot] = [0, 8, 16].map((i) => view.getFloat64(i, true));
    if (![start, length, slot].every((n) => Number.isSafeInteger(n) && n >= 0) || start + length > size) continue;
    records.set(start, { start, length, slot, sha: bytes.slice(at + 24, at + 56) });
  }
  return records;
}

/**
 * A worker that ended (a reload, a closed tab) gives its lock back before the browser has closed its files: whoever
 * holds the lock waits for them, or a reload would take the disk for missing and fetch everything again.
 */
async function accessHandle(folder, name) {
  const file = await folder.getFileHandle(name, { create: true });
  for (let waited = 0; ; waited += HANDLE_RETRY_MS) {
    try {
      return await file.createSyncAccessHandle();
    } catch (e) {
      if (e.name !== 'NoModificationAllowedError' || waited >= HANDLE_MS) throw e;
      await new Promise((resolve) => { setTimeout(resolve, HANDLE_RETRY_MS); });
    }
  }
}

export class OpfsStore {
  /** Chunks stay after the visit. */
  keeps = true;
  where = 'opfs';
  #folder;
  #data;
  #index;
  #records;
  #end;

  /**
   * @param {FileSystemDirectoryHandle} folder of this file alone
   * @param {number} size bytes of the whole file
   */
  static async open(folder, size) {
    const store = new OpfsStore();
    store.#folder = folder;
    store.#data = await accessHandle(folder, DATA);
    try {
      store.#index = await accessHandle(folder, INDEX);
    } catch (e) {
      store.#data.close();
      throw e;
    }
    const bytes = new Uint8Array(store.#index.getSize());
    store.#index.read(bytes, { at: 0 });
    store.#records = decodeIndex(bytes, size);
    const kept = store.#data.getSize();
    for (const [start, { slot, length }] of store.#records) if (slot + length > kept) store.#records.delete(start);
    store.#end = kept;
    return store;
  }

  has(start, length) {
    return this.#records?.get(start)?.length === length;
  }

  /** @returns {number} bytes kept of the chunk that begins there, 0 for none */
  lengthAt(start) {
    return this.#records?.get(start)?.length ?? 0;
  }

  /**
   * @param {Uint8Array} [bytes] of that length, to read into
   * @returns {Promise<Uint8Array|null>} null when it is not there, or not as it was written
   */
  async get(start, length, bytes = new Uint8Array(length)) {
    const record = this.#records?.get(start);
    if (record?.length !== length) return null;
    let right = false;
    try {
      right = this.#data.read(bytes, { at: record.slot }) === length && equalBytes(await sha256(bytes), record.sha);
    } catch {
      // The file went away under us: the chunk is not there.
    }
    if (!right) this.#records?.delete(start);
    return right ? bytes : null;
  }

  /** Keeps a chunk. Throws what the browser throws, QuotaExceededError above all. */
  async put(start, bytes) {
    const sha = await sha256(bytes);
    if (!this.#data) return;
    const slot = this.#end;
    this.#end += bytes.length;
    writeAll(this.#data, bytes, slot);
    const record = { start, length: bytes.length, slot, sha };
    writeAll(this.#index, encode(record), Math.ceil(this.#index.getSize() / RECORD) * RECORD);
    this.#records.set(start, record);
  }

  /** @returns {Promise<object|null>} */
  async meta() {
    return readMeta(this.#folder);
  }

  /** @returns {Promise<string>} names what is kept: the same chunks with the same hashes */
  async fingerprint() {
    const records = [...(this.#records?.values() ?? [])].sort((a, b) => a.start - b.start);
    const text = records.map(({ start, length, sha }) => `${start} ${length} ${hex(sha)}`).join('\n');
    return hex(await sha256(new TextEncoder().encode(text)));
  }

  /** Nothing is flushed: that takes seconds, and a chunk that a power cut swallows is found by its hash. */
  async setMeta(meta) {
    const file = await accessHandle(this.#folder, META);
    try {
      file.truncate(0);
      writeAll(file, new TextEncoder().encode(JSON.stringify(meta)), 0);
    } finally {
      file.close();
    }
  }

  close() {
    this.keeps = false;
    this.#data?.close();
    this.#index?.close();
    [this.#data, this.#index, this.#records] = [null, null, null];
  }
}

/** The same, for reading beside another tab that holds the handles. Every chunk is checked, so nothing can be mixed. */
export class OpfsReader {
  keeps = false;
  where = 'opfs';
  #folder;
  #records;

  static async open(folder, size) {
    const reader = new OpfsReader();
    reader.#folder = folder;
    const index = await (await folder.getFileHandle(INDEX)).getFile();
    reader.#records = decodeIndex(new Uint8Array(await index.arrayBuffer()), size);
    return reader;
  }

  has(start, length) {
    return this.#records.get(start)?.length === length;
  }

  lengthAt(start) {
    return this.#records.get(start)?.length ?? 0;
  }

  async get(start, length) {
    const record = this.#records.get(start);
    if (record?.length !== length) return null;
    try {
      const file = await (await this.#folder.getFileHandle(DATA)).getFile();
      const bytes = new Uint8Array(await file.slice(record.slot, record.slot + length).arrayBuffer());
      if (equalBytes(await sha256(bytes), record.sha)) return bytes;
    } catch {
      // The other tab deleted it, or the browser does not let two read: the network has it.
    }
    this.#records.delete(start);
    return null;
  }

  async put() {}

  async meta() {
    return readMeta(this.#folder);
  }

  async setMeta() {}

  close() {}
}

/** @returns {Promise<object|null>} meta.json; null when it is not there or not whole */
export async function readMeta(folder) {
  try {
    return JSON.parse(await (await (await folder.getFileHandle(META)).getFile()).text());
  } catch {
    return null;
  }
}

function writeAll(handle, bytes, at) {
  if (handle.write(bytes, { at }) === bytes.length) return;
  throw new DOMException('The file system took only a part.', 'QuotaExceededError');
}
