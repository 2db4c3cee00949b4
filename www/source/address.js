/**
 * Opening a model at an address: the hub, a mirror, a teacher's server; or what an earlier visit kept of it.
 */
import { aborted, coded } from '../errors.js';
import { HttpFile, fetchText } from './http.js';
import { NoStore, canKeep, forget, keyOf, listKept, openStore } from './keep.js';
import { readManifest } from './manifest.js';
import { equalBytes, sha256 } from './opfs-store.js';
import { MAX_HEADER, headerEnd, partition } from './partition.js';
import { retrying } from './retry.js';
import { WeightSource } from './weights.js';

export const CONFIG_LIMIT = 1_000_000;
export const TOKENIZER_LIMIT = 32 << 20;
/** A real header is under 60 KB: one request brings it. */
const HEAD = 64 << 10;

/** An address that names a commit never changes what it means. */
const isPinned = (url) => /\/resolve\/[0-9a-f]{40}\//.test(url);

function baseOf(text) {
  let base;
  try {
    base = new URL(text.endsWith('/') || text.endsWith('.json') ? text : `${text}/`);
  } catch {
    throw coded('SourceUnreachable', `${String(text).slice(0, 100)} is not an address. It must look like https://example.org/models/gpt2/`);
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw coded('SourceUnreachable', 'The address must begin with https:// or http://.');
  return base;
}

/**
 * @param {object} spec `{ kind: 'url', base, … }`; a base that ends in .json is the address of a manifest
 * @param {object} host see {@link WeightSource}, and `chunkBytes`, `requestBytes`, `stallMs` for tests
 * @returns {Promise<{source: WeightSource, config?: string, tokenizer?: string}>}
 */
export async function openAddress(spec, host) {
  const base = baseOf(spec.base);
  const signal = host.signal();
  const manifest = base.pathname.endsWith('.json') ? await readManifest(base.href, signal) : null;
  const url = new URL(manifest?.file ?? 'model.safetensors', base).href;
  const file = new HttpFile(url, { stallMs: host.stallMs });
  // What comes with the page is small, and beside it.
  const keeps = spec.kindOfSource !== 'bundled' && canKeep();
  if (!keeps && spec.kindOfSource !== 'bundled') {
    host.notice('This page cannot keep files here (it does not come from https://, or stands in a closed frame): weights are held in memory only and are fetched again next time.');
  }
  const kept = keeps ? newest(await listKept(), url) : null;
  let head = await identify(file, kept, host);
  if (manifest && file.size !== manifest.bytes) {
    throw coded('SourceChanged', `${file.name} on ${file.host} has ${file.size} bytes, but its manifest says ${manifest.bytes}. Make the manifest again with headmap convert.`);
  }

  if (keeps && !file.tag) {
    host.notice(`${file.host} does not name the version of ${file.name} (no ETag, no Last-Modified), so nothing of it can be kept for the next visit.`);
  }
  const key = keeps && file.tag ? await keyOf(url, file.tag, file.size) : null;
  const { store, release } = key ? await openStore(key, file.size, host.notice) : { store: new NoStore(), release() {} };
  try {
    head = await wholeHead(file, store, head, signal);
    if (manifest) await checkFirst(manifest, head, file);
    const starts = manifest?.starts ?? partition(file.size, head, host.chunkBytes);
    const [config, tokenizer] = await texts(spec, base, manifest, kept?.meta?.key === key ? kept.meta.texts : null, signal);
    const source = new WeightSource({ file, store, starts, head, pins: manifest?.pins, promised: manifest?.sha256 ?? null, host, requestBytes: host.requestBytes });
    source.release = release;
    if (store.keeps) {
      source.meta = {
        version: 1, key, url, tag: file.tag, size: file.size, name: spec.name ?? manifest?.name ?? file.name, spec: rememberedSpec(spec),
        texts: { config, tokenizer }, complete: kept?.meta?.key === key && !!kept.meta.complete, whole: kept?.meta?.key === key ? kept.meta.whole : undefined, used: new Date().toISOString(),
      };
      await store.setMeta(source.meta).catch((e) => {
        store.keeps = false;
        host.notice(`Nothing can be kept in this browser now (${e.message}): the weights go on in memory.`);
      });
    }
    return { source, name: spec.name ?? manifest?.name, config: config ?? undefined, tokenizer: tokenizer ?? undefined };
  } catch (e) {
    release();
    throw e;
  }
}

const newest = (all, url) => all.filter((k) => k.meta?.url === url && k.meta.version === 1).sort((a, b) => (a.used < b.used ? 1 : -1))[0] ?? null;

/** What the page needs to open it again. */
const rememberedSpec = ({ kind, base, kindOfSource, name, repository, revision }) => ({ kind, base, kindOfSource, name, repository, revision });

/** Learns the file's size and version; @returns {Promise<Uint8Array|null>} its first bytes where they had to be asked for */
async function identify(file, kept, host) {
  const signal = host.signal();
  const asKept = () => {
    [file.size, file.tag] = [kept.meta.size, kept.meta.tag];
    return null;
  };
  if (kept && isPinned(file.url)) return asKept();
  if (kept) {
    try {
      const seen = await file.look(signal);
      if (seen && seen.size === kept.meta.size && seen.tag === kept.meta.tag) return asKept();
      if (seen) {
        host.notice(`${file.name} on ${file.host} is another one than at the last visit. What was kept of the old one is deleted.`);
        await forget(kept.key).catch(() => {});
      }
    } catch {
      if (signal?.aborted) throw aborted();
      host.notice(`${file.host} cannot be reached. What an earlier visit kept of ${file.name} is used.`);
      return asKept();
    }
  }
  return file.begin(HEAD, { signal });
}

/** The first bytes with the whole header in them: kept ones, else those of `head`, else fetched. */
async function wholeHead(file, store, head, signal) {
  const known = store.lengthAt(0);
  const kept = known ? await store.get(0, known) : null;
  if (kept && headerEnd(kept) === kept.length) return kept;
  let now = head ?? await file.begin(HEAD, { signal });
  const end = headerEnd(now);
  if (end > now.length && end <= file.size && end <= MAX_HEADER + 8) now = await file.begin(end, { signal });
  const header = end && end <= now.length ? now.slice(0, end) : null;
  if (header && store.keeps) await store.put(0, header).catch(() => {});
  return header ?? now;
}

/** The header against the manifest; the other chunks are checked as they come. */
async function checkFirst({ starts, pins }, head, file) {
  if (!globalThis.crypto?.subtle || head.length < starts[1]) return;
  if (equalBytes(await sha256(head.slice(0, starts[1])), pins.get(0))) return;
  throw coded('SourceChanged', `The header of ${file.name} on ${file.host} is not the one that its manifest names. Was the file changed? Make the manifest again with headmap convert.`);
}

/** config.json and tokenizer.json: from the line where they may have changed, else as kept. Null: there is none. */
async function texts(spec, base, manifest, kept, signal) {
  if (kept && isPinned(base.href)) return [kept.config, kept.tokenizer];
  const get = (name, limit) => retrying(() => fetchText(new URL(name, base).href, limit, signal), { signal });
  try {
    return [
      await get(manifest?.config ?? 'config.json', CONFIG_LIMIT),
      spec.ownTokenizer === false ? null : await get(manifest?.tokenizer ?? 'tokenizer.json', TOKENIZER_LIMIT),
    ];
  } catch (e) {
    if (e.name === 'SourceUnreachable' && kept) return [kept.config, kept.tokenizer];
    throw e;
  }
}
