/**
 * Makes dist/, the static site: Rust -> wasm (four flavours) -> glue -> optimised wasm, the
 * tokenizer, the planted model, then the bundle.
 *
 *   node scripts/build.mjs [--fast]    --fast: wasm is not optimised (for work on the Rust side)
 */
import { parseArgs } from 'node:util';
import { bundle } from './build/bundle.mjs';
import { modelFiles } from './build/model-files.mjs';
import { compileAll } from './build/wasm.mjs';
import { main, say, seconds } from './lib/run.mjs';

main(async () => {
  const { values } = parseArgs({ options: { fast: { type: 'boolean', default: false } } });
  const start = performance.now();
  const wasm = await compileAll({ optimise: !values.fast });
  await modelFiles();
  await wasm.finished;
  await bundle();
  say(`the site is in dist/ (${seconds(start)})`);
});
