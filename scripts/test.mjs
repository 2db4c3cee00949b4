/**
 * `npm test`: brings what is missing, builds, and runs every test: Rust (native, GPU kernels on a
 * software driver), Node, and the page in a browser. The last line sums what the runners reported.
 *
 *   node scripts/test.mjs [rust] [train] [node] [e2e]     without a name: all of them
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gpt2Tokenizer } from './build/model-files.mjs';
import { root } from './lib/paths.mjs';
import { NATIVE_TESTS } from './lib/toolchain.mjs';
import { main, runScript, say, seconds } from './lib/run.mjs';
import { cargoTests, compileTests, nodeTests, testFiles } from './test/runners.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Browser tests that a clock or a meter of memory judges: one at a time, when nothing else runs. */
const ALONE = ['budget', 'cancel', 'large-figure', 'run-cancel', 'weights-xl'].map((name) => `${name}.test.mjs`);

/** Sums what two runners counted. */
const both = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** In a browser: all that may run side by side, then the others. */
async function browserTests() {
  const there = testFiles(join(root, 'tests/e2e'));
  const gone = ALONE.filter((name) => !there.includes(name));
  if (gone.length) throw new Error(`to be run alone, and not there: ${gone.join(', ')}`);
  const sideBySide = Math.min(4, availableParallelism());
  return both(
    await nodeTests('tests/e2e', (path) => !ALONE.includes(path), [`--test-concurrency=${sideBySide}`]),
    await nodeTests('tests/e2e', (path) => ALONE.includes(path), ['--test-concurrency=1']),
  );
}

/**
 * The site and the native tests side by side: each compiles minutes of code that only one core works at.
 * @param {string[]} names - of the suites that will run
 */
async function compile(names) {
  const native = (async () => {
    for (const name of names) if (Object.hasOwn(NATIVE_TESTS, name)) await compileTests(NATIVE_TESTS[name]);
  })();
  const site = names.includes('e2e') ? runScript(here('build.mjs')) : gpt2Tokenizer();
  const [first] = (await Promise.allSettled([site, native])).filter(({ status }) => status === 'rejected');
  if (first) throw first.reason;
}

const SUITES = {
  rust: () => cargoTests([...NATIVE_TESTS.rust, '--no-fail-fast']),
  train: () => cargoTests(NATIVE_TESTS.train),
  node: () => nodeTests('tests', (path) => !path.startsWith('e2e')),
  e2e: browserTests,
};

main(async () => {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length) throw new Error(`no such suite: ${unknown.join(', ')} (there are ${Object.keys(SUITES).join(', ')})`);
  const names = asked.length ? asked : Object.keys(SUITES);

  await runScript(here('setup.mjs'), ['--tests']);
  await compile(names);

  let sum = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names) {
    const start = performance.now();
    const counts = await SUITES[name]();
    sum = both(sum, counts);
    say(`${name} tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (${seconds(start)})`);
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`);
  if (sum.failed || !sum.passed) process.exitCode = 1;
});
