import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from '../lib/apt.mjs';
import { root } from '../lib/paths.mjs';
import { Failure, output, run, say, which } from '../lib/run.mjs';
import {
  DEBIAN_CLIPPY_PACKAGE,
  DEBIAN_WASM_PACKAGES,
  WASM,
  hasDebianClippy,
  nativeCargo,
  wasmToolchain,
} from '../lib/toolchain.mjs';

const RUSTUP = 'install Rust from https://rustup.rs and start again';

/** A Rust that is new enough, and the C linker that it calls. */
export async function rust() {
  if (!nativeCargo()) {
    await aptInstall(DEBIAN_WASM_PACKAGES, 'a Rust compiler, which builds the core of the page', RUSTUP);
  }
  const wanted = readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^rust-version = "(\d+)\.(\d+)/m);
  const found = output('rustc', ['--version'])?.match(/(\d+)\.(\d+)/);
  if (!found) throw new Failure(`rustc does not run; ${RUSTUP}`);
  const [major, minor] = found.slice(1).map(Number);
  if (wanted && (major < +wanted[1] || (major === +wanted[1] && minor < +wanted[2]))) {
    throw new Failure(`Rust ${wanted[1]}.${wanted[2]} or newer is needed, this is ${found[0]}; run: rustup update stable`);
  }
  if (!which('cc')) await aptInstall(['gcc', 'libc6-dev'], 'a C linker, which Rust calls');
}

/** The wasm32 target: rustup's where it can be downloaded, else Debian's packages. */
export async function wasmTarget() {
  if (wasmToolchain()) return;
  if (which('rustup')) {
    say(`adding the ${WASM} target, which the page's core is built for`);
    try {
      await run('rustup', ['target', 'add', WASM]);
    } catch {
      say("rustup could not bring it; trying Debian's packages, which build it from source");
    }
    if (wasmToolchain()) return;
  }
  await aptInstall(DEBIAN_WASM_PACKAGES, `the ${WASM} target`, `run: rustup target add ${WASM}`);
  if (!wasmToolchain()) {
    throw new Failure(`no compiler for ${WASM} was found; run: rustup target add ${WASM}`);
  }
}

/** Clippy for wasm32 of the same version as the compiler that builds wasm32. */
export async function wasmClippy() {
  if (wasmToolchain()?.way !== 'debian' || hasDebianClippy()) return;
  await aptInstall([DEBIAN_CLIPPY_PACKAGE], 'clippy for the code that only the browser runs');
}
