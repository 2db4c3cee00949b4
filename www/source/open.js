/**
 * From what the user gave (files, an address, bytes) to a byte source and the two small texts.
 */
import { coded } from '../errors.js';
import { BlobSource } from './blob.js';
import { HttpSource, fetchText } from './http.js';
import { MemorySource } from './memory.js';

const CONFIG_LIMIT = 1_000_000;
const TOKENIZER_LIMIT = 32 << 20;

/**
 * @param {object} spec see `loadModel` in analyzer.js
 * @param {() => AbortSignal|undefined} signal of the job under way, asked for at every read
 * @returns {Promise<{source: object, config: string|undefined, tokenizer: string|undefined}>}
 *   tokenizer undefined: none was given, and GPT-2's own is to be used
 */
export async function openSpec(spec, signal) {
  if (spec.kind === 'files') return openFiles(spec.files);
  if (spec.kind === 'url') return openAddress(spec, signal);
  if (spec.kind === 'bytes') {
    return { source: new MemorySource(spec.name ?? 'model.safetensors', spec.model), config: spec.config, tokenizer: spec.tokenizer };
  }
  throw coded('SourceUnreachable', `A model comes as files, url or bytes, not as ${String(spec.kind).slice(0, 20)}.`);
}

async function openFiles(files) {
  const named = (name) => files.find((f) => f.name === name);
  const weights = named('model.safetensors') ?? files.find((f) => f.name.endsWith('.safetensors'))
    ?? files.find((f) => !f.name.endsWith('.json') && !f.name.endsWith('.txt'));
  if (!weights) throw coded('CheckpointUnsupported', 'None of the chosen files is a checkpoint. Choose model.safetensors (and its config.json and tokenizer.json, if you have them).');
  const text = async (name, limit) => {
    const file = named(name);
    if (!file) return undefined;
    if (file.size > limit) throw coded(name === 'config.json' ? 'ConfigInvalid' : 'TokenizerInvalid', `${name} has ${file.size} bytes, which none of a GPT-2's has.`);
    return file.text();
  };
  return { source: new BlobSource(weights), config: await text('config.json', CONFIG_LIMIT), tokenizer: await text('tokenizer.json', TOKENIZER_LIMIT) };
}

async function openAddress(spec, signal) {
  let base;
  try {
    base = new URL(spec.base.endsWith('/') ? spec.base : `${spec.base}/`);
  } catch {
    throw coded('SourceUnreachable', `${String(spec.base).slice(0, 100)} is not an address. It must look like https://example.org/models/gpt2/`);
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw coded('SourceUnreachable', 'The address must begin with https:// or http://.');
  const file = (name) => new URL(name, base).href;
  const source = await new HttpSource(file('model.safetensors'), signal).open();
  const config = await fetchText(file('config.json'), CONFIG_LIMIT, signal());
  const tokenizer = spec.ownTokenizer === false ? null : await fetchText(file('tokenizer.json'), TOKENIZER_LIMIT, signal());
  return { source, config: config ?? undefined, tokenizer: tokenizer ?? undefined };
}
