/**
 * Brings what a build needs (and, with --tests, what the tests need), and skips what is there.
 * Uses Node's built-ins only, so that it runs in a fresh clone.
 *
 *   node scripts/setup.mjs [--tests] [--lint] [--only node]
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cache } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { nodeModules } from './setup/node-modules.mjs';
import { rust, wasmClippy, wasmTarget } from './setup/rust.mjs';
import { browser, fonts, softwareGpu } from './setup/test-programs.mjs';
import { wasmBindgen } from './setup/wasm-bindgen.mjs';

/** Folders that these scripts once kept in the cache: gigabytes that nothing uses any more. */
const FORMER = ['target/release', 'target-wasm-cpu', 'target-wasm-relaxed', 'target-wasm-run', 'target-clippy'];

main(async () => {
  const { values } = parseArgs({
    options: {
      tests: { type: 'boolean', default: false },
      lint: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  for (const name of FORMER) rmSync(join(cache, name), { recursive: true, force: true });
  await nodeModules();
  if (values.only === 'node') return;
  await rust();
  await wasmTarget();
  if (values.lint) await wasmClippy();
  await wasmBindgen();
  if (values.tests) {
    await fonts();
    await browser();
    await softwareGpu();
  }
});
