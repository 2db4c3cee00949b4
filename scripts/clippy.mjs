/**
 * Clippy with warnings as errors: natively everything but the WebGPU engine, the trainer, on wasm32 both builds.
 * The WebGPU engine is read there alone: natively it would cost another build of burn for the same source.
 */
import { nativeTarget, root, wasmTarget } from './lib/paths.mjs';
import { main, run, say, seconds } from './lib/run.mjs';
import { nativeCargo, wasmToolchain } from './lib/toolchain.mjs';

const DENY = ['--', '-D', 'warnings'];
const WASM_BUILDS = { cpu: [], webgpu: ['--features', 'webgpu'] };

async function clippy(what, cargo, args, env) {
  const start = performance.now();
  // With the build's profile, in its folder: macros and build scripts are compiled once for both.
  await run(cargo, ['clippy', '--locked', '--release', ...args, ...DENY], { cwd: root, env });
  say(`clippy, ${what}: ${seconds(start)}`);
}

main(async () => {
  const wasm = wasmToolchain();
  await clippy('native', nativeCargo(), ['--all-targets'], { CARGO_TARGET_DIR: nativeTarget });
  await clippy('trainer', nativeCargo(), ['--all-targets', '--manifest-path', 'train/Cargo.toml'], { CARGO_TARGET_DIR: nativeTarget });
  for (const [name, features] of Object.entries(WASM_BUILDS)) {
    await clippy(`wasm32 ${name}`, wasm.cargo, ['--lib', '--no-default-features', ...features, ...wasm.args], {
      ...wasm.env,
      CARGO_TARGET_DIR: wasmTarget[name],
    });
  }
});
