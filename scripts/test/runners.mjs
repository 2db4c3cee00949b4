/** Runs a test program, shows what it prints, and counts what it reports. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeTarget, root } from '../lib/paths.mjs';
import { nativeCargo } from '../lib/toolchain.mjs';

/** Runs a program; resolves with its exit code and all that it wrote to standard output. */
function watched(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (piece) => {
      text += piece;
      process.stdout.write(piece);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
  });
}

/**
 * A runner that failed without naming a failed test (it did not compile, it crashed, it found
 * nothing to run) counts as one failure: the sum must never look better than the exit code.
 */
function honest(counts, code) {
  const silent = (code !== 0 && counts.failed === 0) || counts.passed + counts.failed === 0;
  return silent ? { ...counts, failed: counts.failed + 1 } : counts;
}

/** Sums the `test result:` lines, of which each test binary prints one. */
export function countCargo(text) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const match of text.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
    counts.skipped += Number(match[3]);
  }
  return counts;
}

/** The totals at the end of the TAP that Node's runner writes. */
export function countTap(text) {
  const total = (name) => Number(text.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1] ?? 0);
  return {
    passed: total('pass'),
    failed: total('fail') + total('cancelled'),
    skipped: total('skipped') + total('todo'),
  };
}

const cargoTest = (args) => watched(nativeCargo(), ['test', '--locked', ...args], { CARGO_TARGET_DIR: nativeTarget });

/** Compiles native tests. What fails here fails again, and is counted, when the tests are to run. */
export async function compileTests(args) {
  await cargoTest(['--no-run', ...args]);
}

/** Runs native tests; `args` are cargo's. */
export async function cargoTests(args) {
  const { code, text } = await cargoTest(args);
  return honest(countCargo(text), code);
}

/** Test files under a folder of the clone, as paths from it. */
export function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.test.mjs')).sort();
}

/** Runs Node's tests in `folder` (its paths that `wanted` accepts). */
export async function nodeTests(folder, wanted, options = []) {
  const files = testFiles(join(root, folder)).filter(wanted).map((path) => join(folder, path));
  const scratch = mkdtempSync(join(tmpdir(), 'headmap-tests-'));
  const tap = join(scratch, 'tap');
  try {
    if (!files.length) return honest({ passed: 0, failed: 0, skipped: 0 }, 0);
    const { code } = await watched(process.execPath, [
      '--test', ...options,
      '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=tap', `--test-reporter-destination=${tap}`,
      ...files,
    ]);
    return honest(countTap(existsSync(tap) ? readFileSync(tap, 'utf8') : ''), code);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
