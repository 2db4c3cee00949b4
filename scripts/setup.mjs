/**
 * Brings what a build needs (and, with --tests, what the tests need), and skips what is there.
 * Uses Node's built-ins only, so that it runs in a fresh clone.
 *
 *   node scripts/setup.mjs [--tests] [--lint] [--only node]
 */
import { parseArgs } from 'node:util';
import { main } from './lib/run.mjs';
import { nodeModules } from './setup/node-modules.mjs';
import { rust, wasmClippy, wasmTarget } from './setup/rust.mjs';
import { browser, fonts, softwareGpu } from './setup/test-programs.mjs';
import { wasmBindgen } from './setup/wasm-bindgen.mjs';

main(async () => {
  const { values } = parseArgs({
    options: {
      tests: { type: 'boolean', default: false },
      lint: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
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
