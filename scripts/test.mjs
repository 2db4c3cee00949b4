/**
 * `npm test`: brings what is missing, builds, and runs every test: Rust (native, GPU kernels on a
 * software driver), Node, and the page in a browser. The last line sums what the runners reported.
 *
 *   node scripts/test.mjs [rust] [train] [node] [e2e]     without a name: all of them
 */
import { fileURLToPath } from 'node:url';
import { gpt2Tokenizer } from './build/model-files.mjs';
import { NATIVE } from './lib/toolchain.mjs';
import { main, runScript, say, seconds } from './lib/run.mjs';
import { cargoTests, nodeTests } from './test/runners.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const SUITES = {
  // Optimised: weights of GPT-2 small's shape are scored, and a shader's twin goes through real sizes.
  // With WebGPU, so that burn is compiled once for everything.
  rust: () => cargoTests(['--release', '--no-fail-fast', ...NATIVE]),
  // The trainer: a few steps of it, and what it writes. Its burn differentiates: 28 crates more.
  train: () => cargoTests(['--release', '--features', 'shared', '--manifest-path', 'train/Cargo.toml']),
  node: () => nodeTests('tests', (path) => !path.startsWith('e2e')),
  e2e: () => nodeTests('tests/e2e', () => true, ['--test-concurrency=1']),
};

main(async () => {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length) throw new Error(`no such suite: ${unknown.join(', ')} (there are ${Object.keys(SUITES).join(', ')})`);
  const names = asked.length ? asked : Object.keys(SUITES);

  await runScript(here('setup.mjs'), ['--tests']);
  if (names.includes('e2e')) await runScript(here('build.mjs'));
  else await gpt2Tokenizer();

  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names) {
    const start = performance.now();
    const counts = await SUITES[name]();
    for (const key of Object.keys(sum)) sum[key] += counts[key];
    say(`${name} tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (${seconds(start)})`);
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`);
  if (sum.failed || !sum.passed) process.exitCode = 1;
});
