import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.mjs';
import { Failure, run, say } from '../lib/run.mjs';

const MINIMUM = [20, 19];

/** Installs exactly what package-lock.json names, once per lock. */
export async function nodeModules() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    throw new Failure(`Node ${MINIMUM.join('.')} or newer is needed; this is ${process.versions.node}`);
  }
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const stamp = join(root, 'node_modules', '.headmap-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;

  say('installing the Node modules that package-lock.json names (bundler, scales, wasm optimiser)');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund'];
  try {
    if (npm) await run(process.execPath, [npm, ...args], { cwd: root });
    else await run('npm', args, { cwd: root });
  } catch (error) {
    throw new Failure(`the Node modules could not be installed (${error.message}); is the npm registry reachable?`);
  }
  writeFileSync(stamp, lock);
}
