/**
 * Clippy with warnings as errors, on everything: natively, the trainer, on wasm32 every build.
 *
 *   node scripts/clippy.mjs [native] [wasm32]     without a name: both
 *
 * Clippy's driver stands in for the compiler where build and tests have left what our code depends on, because
 * `cargo clippy` would go through all of it once more, burn's minutes above all. So `wasm32` comes after the build and
 * `native` after the tests; before them each takes as long as they would.
 */
import { join } from 'node:path';
import { cargoCall, FLAVOURS } from './build/wasm.mjs';
import { nativeTarget, root } from './lib/paths.mjs';
import { Failure, main, output, run, say, seconds } from './lib/run.mjs';
import { CHECKED, nativeCargo, NATIVE_TESTS } from './lib/toolchain.mjs';

/** Clippy's driver of a compiler. */
function driverOf(rustc) {
  const sysroot = output(rustc, ['--print', 'sysroot']);
  const driver = sysroot && join(sysroot, 'bin', 'clippy-driver');
  if (!driver || !output(driver, ['--version'])) throw new Failure(`clippy is missing for ${rustc}; run: node scripts/setup.mjs --lint`);
  return driver;
}

/** What `cargo clippy` sets. */
const wrapped = (rustc) => ({
  RUSTC_WORKSPACE_WRAPPER: driverOf(rustc),
  CLIPPY_ARGS: '-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__',
});

/** All targets of a suite of native tests, of whose crate nothing is optimised: the code is thrown away. */
async function native(what, name, args) {
  const start = performance.now();
  const plain = ['--config', `profile.${CHECKED}.package.${name}.opt-level=0`];
  await run(nativeCargo(), ['test', '--no-run', '--locked', ...args, ...plain], {
    cwd: root,
    env: { ...wrapped('rustc'), CARGO_TARGET_DIR: nativeTarget },
  });
  say(`clippy, ${what}: ${seconds(start)}`);
}

async function wasm32(flavour) {
  const start = performance.now();
  const { cargo, args, codegen, env } = cargoCall(flavour);
  await run(cargo, ['rustc', '--crate-type', 'rlib', ...args, '--', ...codegen, '-C', 'opt-level=0'], {
    cwd: root,
    env: { ...env, ...wrapped(env.RUSTC ?? 'rustc') },
  });
  say(`clippy, wasm32 ${flavour.name}: ${seconds(start)}`);
}

const PARTS = {
  native: async () => {
    await native('native', 'headmap', NATIVE_TESTS.rust);
    await native('trainer', 'headmap-train', NATIVE_TESTS.train);
  },
  wasm32: async () => {
    for (const flavour of FLAVOURS) await wasm32(flavour);
  },
};

main(async () => {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length) throw new Failure(`no such part: ${unknown.join(', ')} (there are ${Object.keys(PARTS).join(', ')})`);
  for (const name of asked.length ? asked : Object.keys(PARTS)) await PARTS[name]();
});
