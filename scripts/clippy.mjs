/**
 * Clippy with warnings as errors: natively everything but the WebGPU engine, the trainer, on wasm32 every build.
 * The WebGPU engine is read there alone: natively it would cost another build of burn for the same source.
 *
 * On wasm32 clippy's driver stands in for the compiler where the build has left its dependencies, because `cargo clippy`
 * would go through all of them once more, burn's minutes above all. So this comes after the build.
 */
import { join } from 'node:path';
import { cargoCall, FLAVOURS } from './build/wasm.mjs';
import { nativeTarget, root } from './lib/paths.mjs';
import { Failure, main, output, run, say, seconds } from './lib/run.mjs';
import { nativeCargo } from './lib/toolchain.mjs';

async function native(what, args) {
  const start = performance.now();
  // With the tests' profile, in their folder: macros and build scripts are compiled once for both.
  await run(nativeCargo(), ['clippy', '--locked', '--release', '--all-targets', ...args, '--', '-D', 'warnings'], { cwd: root, env: { CARGO_TARGET_DIR: nativeTarget } });
  say(`clippy, ${what}: ${seconds(start)}`);
}

/** Clippy's driver of the compiler that builds wasm32. */
function driverOf(rustc) {
  const sysroot = output(rustc, ['--print', 'sysroot']);
  const driver = sysroot && join(sysroot, 'bin', 'clippy-driver');
  if (!driver || !output(driver, ['--version'])) throw new Failure('clippy for the wasm32 compiler is missing; run: node scripts/setup.mjs --lint');
  return driver;
}

async function wasm32(flavour) {
  const start = performance.now();
  const { cargo, args, env } = cargoCall(flavour);
  // What `cargo clippy` sets. Nothing is optimised: the code is thrown away.
  await run(cargo, ['rustc', '--crate-type', 'rlib', ...args, '--', '-C', 'opt-level=0'], {
    cwd: root,
    env: { ...env, RUSTC_WORKSPACE_WRAPPER: driverOf(env.RUSTC ?? 'rustc'), CLIPPY_ARGS: '-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__' },
  });
  say(`clippy, wasm32 ${flavour.name}: ${seconds(start)}`);
}

main(async () => {
  await native('native', []);
  await native('trainer', ['--manifest-path', 'train/Cargo.toml']);
  // `relaxed` is `cpu` to the word.
  for (const flavour of FLAVOURS.filter(({ name }) => name !== 'relaxed')) await wasm32(flavour);
});
