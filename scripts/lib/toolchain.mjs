/**
 * Which Rust builds what. The native one is `cargo` on PATH. For wasm32 there are two ways:
 * a toolchain that has the target's standard library (rustup), or Debian's packages, which bring
 * the library's source and build it with the rest (`-Z build-std`).
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { output, which } from './run.mjs';

export const WASM = 'wasm32-unknown-unknown';

/**
 * Two versions of getrandom stand in the tree and both must know that they run in a browser.
 * LLVM's loop-strength reduction is off: in the register block it takes the constant offsets out of the loads and
 * with them the order in which the sums are updated, and V8 then spills five of twelve sums a step (a third of the
 * kernel's speed).
 */
const WASM_RUSTFLAGS = '--cfg getrandom_backend="wasm_js" -C target-feature=+simd128 -C llvm-args=-disable-lsr';

export const DEBIAN_WASM_PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-22'];
export const DEBIAN_CLIPPY_PACKAGE = 'rust-web-clippy';

/** The profile that native tests are compiled with, and the name of its folder in cargo's. */
export const CHECKED = 'checked';

/**
 * Cargo's arguments for each suite of native tests.
 * `rust` optimised: weights of GPT-2 small's shape are scored, and a shader's twin goes through real sizes. With WebGPU,
 * so that burn is compiled once for everything. `train`, the trainer: its burn differentiates, some crates more.
 */
export const NATIVE_TESTS = {
  rust: ['--profile', CHECKED, '--features', 'webgpu'],
  train: ['--profile', CHECKED, '--features', 'shared', '--manifest-path', 'train/Cargo.toml'],
};

/** Cargo for this machine's own programs, or null. */
export const nativeCargo = () => which('cargo');

const sysroot = (rustc) => output(rustc, ['--print', 'sysroot']);
const holdsTarget = (dir) => {
  const lib = join(dir, 'lib', 'rustlib', WASM, 'lib');
  return existsSync(lib) && readdirSync(lib).some((name) => name.startsWith('libstd-'));
};

function prebuilt() {
  const rustc = which('rustc');
  const dir = rustc && sysroot(rustc);
  if (!dir || !nativeCargo() || !holdsTarget(dir)) return null;
  return { way: 'rustup', cargo: nativeCargo(), args: ['--target', WASM], env: { RUSTFLAGS: WASM_RUSTFLAGS } };
}

function debian() {
  const cargo = '/usr/bin/cargo';
  const rustc = '/usr/bin/rustc';
  const linker = which('wasm-ld-22') ? 'wasm-ld-22' : which('wasm-ld') ? 'wasm-ld' : null;
  if (!existsSync(cargo) || !existsSync(rustc) || !linker) return null;
  const dir = sysroot(rustc);
  if (!dir || !existsSync(join(dir, 'lib', 'rustlib', 'src', 'rust', 'library', 'std'))) return null;
  return {
    way: 'debian',
    cargo,
    args: ['-Z', 'build-std=std,panic_abort', '--target', WASM],
    env: {
      // build-std is unstable: this lets a stable compiler take the flag.
      RUSTC_BOOTSTRAP: '1',
      RUSTC: rustc,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
      RUSTFLAGS: WASM_RUSTFLAGS,
    },
  };
}

/** Debian's clippy as cargo's subcommand stands beside Debian's cargo. */
export const hasDebianClippy = () => existsSync('/usr/bin/cargo-clippy');

/**
 * What builds wasm32 here: `{ way, cargo, args, env }` (arguments and variables for each cargo
 * call), or null when neither way is there.
 */
export const wasmToolchain = () => prebuilt() ?? debian();
