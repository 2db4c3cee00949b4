/**
 * From what the user gave (files, an address, bytes) to a byte source and the two small texts.
 */
import { coded } from '../errors.js';
import { CONFIG_LIMIT, TOKENIZER_LIMIT, openAddress } from './address.js';
import { BlobSource } from './blob.js';
import { MemorySource } from './memory.js';

/**
 * @param {object} spec see `loadModel` in analyzer.js
 * @param {object} host see weights.js: the signal of the job under way, news, notices, the pause
 * @returns {Promise<{source: object, name?: string, config: string|undefined, tokenizer: string|undefined}>}
 *   tokenizer undefined: none was given, and GPT-2's own is to be used
 */
export async function openSpec(spec, host) {
  if (spec.kind === 'files') return openFiles(spec.files);
  if (spec.kind === 'url') return openAddress(spec, host);
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
