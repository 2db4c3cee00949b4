/** A site that is built holds no path of the machine that built it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { hidePaths, pathsIn } from '../../scripts/build/machine-paths.mjs';

const HOME = '/home/someone/.cargo/';

test('paths are overwritten in place, and nothing else', () => {
  const before = `\0one ${HOME}registry/a.rs two ${HOME}${HOME}b.rs\xff`;
  const after = hidePaths(Buffer.from(before, 'latin1'), [HOME]).toString('latin1');
  assert.equal(after.length, before.length);
  assert.equal(after.replaceAll(/(\.\/)+\.?/g, ''), '\0one registry/a.rs two b.rs\xff');
});

test('what is left is found, in wasm too, and file addresses in texts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headmap-paths-'));
  try {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'main.js'), 'const url = "./worker.js";');
    writeFileSync(join(folder, 'assets', 'a.wasm'), hidePaths(Buffer.from(`\0asm${HOME}a.rs file:///`), [HOME]));
    assert.deepEqual(pathsIn(folder, [HOME]), []);
    writeFileSync(join(folder, 'assets', 'b.wasm'), `\0asm${HOME}a.rs`);
    writeFileSync(join(folder, 'lib.js'), 'const base = "file:///srv/site/lib.js";');
    assert.deepEqual(pathsIn(folder, [HOME]).sort(), [`b.wasm: ${HOME}`, 'lib.js: file:///']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
