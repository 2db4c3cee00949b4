/**
 * The files that were dropped last, remembered as handles where the browser has them, so that a model of several
 * gigabytes need not be looked for again. Only the handles are kept; reading asks the reader first.
 */
import { coded } from '../errors.js';

const NAME = 'headmap-files';
const STORE = 'handles';
const MOST = 200;

/** @returns {Promise<FileSystemHandle[]>} must be called while the drop is being handled; empty where there are none */
export function handlesOfDrop(transfer) {
  const asked = [...transfer.items].map((item) => item.getAsFileSystemHandle?.() ?? null);
  return Promise.all(asked).then((all) => all.filter(Boolean), () => []);
}

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function ask(mode, action) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const request = action(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    db.close();
  }
}

/** Remembers them for the next visit; where that cannot be, nothing happens. */
export async function rememberFiles(handles) {
  if (handles.length === 0) return;
  await ask('readwrite', (store) => store.put(handles, 'last')).catch(() => {});
}

/** @returns {Promise<{name: string, files: () => Promise<File[]>}|null>} `files` must be called by a click */
export async function recallFiles() {
  const handles = await ask('readonly', (store) => store.get('last')).catch(() => null);
  if (!Array.isArray(handles) || handles.length === 0) return null;
  const main = handles.find(({ kind, name }) => kind === 'directory' || name.endsWith('.safetensors')) ?? handles[0];
  return { name: main.name, files: () => filesOf(handles) };
}

async function filesOf(handles) {
  const files = [];
  for (const handle of handles) {
    const options = { mode: 'read' };
    const state = await handle.queryPermission?.(options) ?? 'granted';
    if (state !== 'granted' && await handle.requestPermission(options) !== 'granted') {
      throw coded('SourceUnreachable', `The browser was not allowed to read "${handle.name}". Allow it, or choose the files again.`);
    }
    try {
      if (handle.kind === 'file') files.push(await handle.getFile());
      else for await (const child of handle.values()) if (child.kind === 'file' && files.length < MOST) files.push(await child.getFile());
    } catch (e) {
      throw coded('SourceUnreachable', `"${handle.name}" is no longer where it was (${e.message}). Choose the files again.`);
    }
  }
  return files;
}
