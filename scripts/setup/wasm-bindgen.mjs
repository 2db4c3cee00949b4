import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, tools } from '../lib/paths.mjs';
import { Failure, output, run, say, which } from '../lib/run.mjs';
import { nativeCargo } from '../lib/toolchain.mjs';

/** The version in Cargo.lock: the program must match the crate exactly. */
export function wasmBindgenVersion() {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const version = lock.match(/name = "wasm-bindgen"\r?\nversion = "([^"]+)"/)?.[1];
  if (!version) throw new Failure('Cargo.lock names no wasm-bindgen');
  return version;
}

/** Path of a wasm-bindgen of that version (ours, or one on PATH), or null. */
export function wasmBindgenPath() {
  const version = wasmBindgenVersion();
  const ours = join(tools, 'bin', 'wasm-bindgen');
  return [ours, which('wasm-bindgen')].find(
    (path) => path && output(path, ['--version'])?.split(' ')[1] === version,
  ) ?? null;
}

export async function wasmBindgen() {
  if (wasmBindgenPath()) return;
  const version = wasmBindgenVersion();
  say(`building wasm-bindgen ${version}, which writes the glue between Rust and JavaScript (2 to 3 minutes, once)`);
  try {
    // Without --locked: the lock that the program ships was seen failing to resolve.
    await run(nativeCargo(), ['install', 'wasm-bindgen-cli', '--version', version, '--root', tools, '--force'], {
      // Outside the clone, or its Cargo settings would apply.
      cwd: '/',
      unset: ['RUSTFLAGS', 'CARGO_TARGET_DIR'],
    });
  } catch (error) {
    throw new Failure(
      `wasm-bindgen could not be built (${error.message}); by hand: cargo install wasm-bindgen-cli --version ${version}`,
    );
  }
}
