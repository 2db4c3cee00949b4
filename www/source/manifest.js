/**
 * manifest.json of a converted checkpoint (`headmap convert`): which file, and the SHA-256 of each of its chunks, so
 * that a byte that changed on the way is found.
 */
import { coded } from '../errors.js';
import { fetchText } from './http.js';
import { equalBytes, sha256 } from './opfs-store.js';
import { retrying } from './retry.js';

const LIMIT = 4 << 20;
const MOST_CHUNKS = 20_000;

const isSha256 = (text) => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
const isName = (text) => typeof text === 'string' && /^[\w.-]{1,100}$/.test(text) && !text.startsWith('.');

/**
 * @param {string} url of the manifest
 * @returns {Promise<{file: string, bytes: number, name: string, config: string, tokenizer: string, sha256: string|null, starts: number[], pins: Map<number, Uint8Array>}>}
 */
export async function readManifest(url, signal) {
  const text = await retrying(() => fetchText(url, LIMIT, signal), { signal });
  if (text === null) throw coded('SourceStatus', `${new URL(url).host} answered 404 for the manifest: there is no such file. Check the address.`);
  return checkManifest(text);
}

/** @param {string} text hostile */
export function checkManifest(text) {
  const wrong = (why) => coded('ConfigInvalid', `The manifest cannot be used: ${why}. Make it again with headmap convert.`);
  let m;
  try {
    m = JSON.parse(text);
  } catch (e) {
    throw wrong(`it is not JSON (${e.message})`);
  }
  if (m?.schema !== 'headmap/weights' || m.version !== 1) throw wrong('it is not of the form headmap/weights, version 1');
  const { file, bytes, chunks } = m;
  if (![file, m.config, m.tokenizer].every(isName)) throw wrong('a file in it has no plain name');
  if (!Number.isSafeInteger(bytes) || bytes < 8) throw wrong('it does not say how many bytes the file has');
  if (!Array.isArray(chunks) || chunks.length === 0 || chunks.length > MOST_CHUNKS) throw wrong('its list of chunks is missing or too long');
  if (m.sha256 !== undefined && !isSha256(m.sha256)) throw wrong('what it says of the whole file is no SHA-256');
  const starts = [];
  const pins = new Map();
  let at = 0;
  for (const chunk of chunks) {
    const { length, sha256: sha } = chunk ?? {};
    if (!Number.isSafeInteger(length) || length <= 0 || !isSha256(sha)) throw wrong('a chunk in it has no length or no SHA-256');
    starts.push(at);
    pins.set(at, Uint8Array.from(sha.match(/../g), (pair) => Number.parseInt(pair, 16)));
    at += length;
  }
  if (at !== bytes) throw wrong(`its chunks end at byte ${at} of ${bytes}`);
  return { file, bytes, name: String(m.name ?? file).slice(0, 100), config: m.config, tokenizer: m.tokenizer, sha256: m.sha256 ?? null, starts: [...starts, bytes], pins };
}

/** Refuses a chunk that is not the one that the manifest names; without a manifest, or a way to hash, nothing is known. */
export async function checkPinned(bytes, start, { pins, name, file }) {
  const pin = pins.get(start);
  if (!pin || !globalThis.crypto?.subtle || equalBytes(await sha256(bytes), pin)) return;
  const error = coded('SourceChanged', `Bytes ${start} to ${start + bytes.length - 1} of ${name} came from ${file.host} with another SHA-256 than its manifest names. Was the file changed, or damaged on the way? Ask whoever keeps the server.`);
  error.retry = true;
  throw error;
}
