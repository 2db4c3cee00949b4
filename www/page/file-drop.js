/**
 * Files and folders that a reader drops, as a flat list.
 */
import { RUN_SCHEMAS } from '../result/run-schema.js';

/** Enough for any model's folder, and an end for a folder that was dropped by mistake. */
const MOST_FILES = 200;
const DEEPEST = 3;

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function filesOfDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const files = [];
  for (const entry of entries) await collect(entry, files, 0);
  return files;
}

async function collect(entry, files, depth) {
  if (files.length >= MOST_FILES) return;
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  } else if (depth < DEEPEST) {
    const reader = entry.createReader();
    for (;;) {
      // A folder comes in portions; an empty one is the end.
      const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (portion.length === 0) break;
      for (const child of portion) await collect(child, files, depth + 1);
    }
  }
}

/**
 * The files of a pick that a model can be made of. When no checkpoint is among them all are kept, so that
 * the refusal can name what was there.
 * @param {File[]} files
 * @returns {File[]}
 */
export function modelFiles(files) {
  const wanted = files.filter(({ name }) => (
    name.endsWith('.safetensors') || ['config.json', 'tokenizer.json', 'planted.json'].includes(name)));
  const hasModel = wanted.some(({ name }) => name.endsWith('.safetensors'));
  return hasModel ? wanted : files.slice(0, MOST_FILES);
}

/**
 * What a drop anywhere on the page is meant as.
 * @param {File[]} files
 * @returns {Promise<'model' | 'result' | 'run' | 'relation'>} run: what one of the analyses gave that run the model
 */
export async function meaningOfDrop(files) {
  const [file] = files;
  if (files.length !== 1 || /^(config|tokenizer|planted)\.json$/.test(file.name)) return 'model';
  if (/\.(csv|tsv|txt)$/i.test(file.name)) return 'relation';
  if (!/\.json$/i.test(file.name)) return 'model';
  // A result names its schema first; a relation of the same length has no such word.
  const start = await file.slice(0, 400).text();
  if (start.includes('"headmap/result"')) return 'result';
  return RUN_SCHEMAS.some((schema) => start.includes(`"${schema}"`)) ? 'run' : 'relation';
}
