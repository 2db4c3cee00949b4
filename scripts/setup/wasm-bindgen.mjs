import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root, tools } from '../lib/paths.mjs';
import { Failure, output, run, say, which } from '../lib/run.mjs';
import { nativeCargo } from '../lib/toolchain.mjs';

/** The version in Cargo.lock: the program must match the crate exactly. */
export function wasmBindgenVersion() {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const version = lock.match(/name = "wasm-bindgen"\r?\nversion = "([^"]+)"/)?.[1];
  if (!version) throw new Failure('Cargo.lock names no wasm-bindgen');
  return version;
}

/** Path of a wasm-bindgen of that version (scripts/bindgen, or one on PATH), or null. */
export function wasmBindgenPath() {
  const version = wasmBindgenVersion();
  const ours = join(tools, 'bin', 'headmap-bindgen');
  return [ours, which('wasm-bindgen')].find(
    (path) => path && output(path, ['--version'])?.split(' ')[1] === version,
  ) ?? null;
}

export async function wasmBindgen() {
  if (wasmBindgenPath()) return;
  const version = wasmBindgenVersion();
  say(`building wasm-bindgen ${version}, which writes the glue between Rust and JavaScript (a minute, once)`);
  try {
    await run(nativeCargo(), ['install', '--path', join(root, 'scripts/bindgen'), '--locked', '--root', tools, '--force'], {
      // Outside the clone, or its Cargo settings would apply.
      cwd: '/',
      env: { CARGO_TARGET_DIR: join(cache, 'target-bindgen') },
      unset: ['RUSTFLAGS'],
    });
  } catch (error) {
    throw new Failure(
      `scripts/bindgen could not be built (${error.message}); by hand: cargo install wasm-bindgen-cli --version ${version}`,
    );
  }
  if (!wasmBindgenPath()) throw new Failure(`scripts/bindgen holds another wasm-bindgen than Cargo.lock, which has ${version}; give both the same version`);
}
