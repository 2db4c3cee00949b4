/**
 * Clippy with warnings as errors: natively everything but the WebGPU engine and the trainer, on wasm32 both builds.
 * The WebGPU engine is read there alone: natively it would cost another build of burn for the same source.
 */
import { clippyTarget, root } from './lib/paths.mjs';
import { main, run, say, seconds } from './lib/run.mjs';
import { nativeCargo, wasmToolchain } from './lib/toolchain.mjs';
import { join } from 'node:path';

const DENY = ['--', '-D', 'warnings'];
const WASM_BUILDS = { cpu: [], webgpu: ['--features', 'webgpu'] };

async function clippy(what, cargo, args, env) {
  const start = performance.now();
  await run(cargo, ['clippy', '--locked', ...args, ...DENY], { cwd: root, env });
  say(`clippy, ${what}: ${seconds(start)}`);
}

main(async () => {
  const wasm = wasmToolchain();
  await clippy('native', nativeCargo(), ['--all-targets'], { CARGO_TARGET_DIR: join(clippyTarget, 'native') });
  for (const [name, features] of Object.entries(WASM_BUILDS)) {
    await clippy(`wasm32 ${name}`, wasm.cargo, ['--lib', '--no-default-features', ...features, ...wasm.args], {
      ...wasm.env,
      CARGO_TARGET_DIR: join(clippyTarget, 'wasm'),
    });
  }
});
