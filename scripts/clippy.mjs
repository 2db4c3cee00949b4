/** Clippy with warnings as errors, for both builds (with and without WebGPU) on both targets. */
import { clippyTarget, root } from './lib/paths.mjs';
import { main, run, say, seconds } from './lib/run.mjs';
import { nativeCargo, wasmToolchain } from './lib/toolchain.mjs';
import { join } from 'node:path';

const DENY = ['--', '-D', 'warnings'];
const BUILDS = { cpu: [], webgpu: ['--features', 'webgpu'] };

async function clippy(what, cargo, args, env) {
  const start = performance.now();
  await run(cargo, ['clippy', '--locked', ...args, ...DENY], { cwd: root, env });
  say(`clippy, ${what}: ${seconds(start)}`);
}

main(async () => {
  const wasm = wasmToolchain();
  for (const [name, features] of Object.entries(BUILDS)) {
    await clippy(`native ${name}`, nativeCargo(), ['--all-targets', ...features], {
      CARGO_TARGET_DIR: join(clippyTarget, 'native'),
    });
    await clippy(`wasm32 ${name}`, wasm.cargo, ['--lib', '--no-default-features', ...features, ...wasm.args], {
      ...wasm.env,
      CARGO_TARGET_DIR: join(clippyTarget, 'wasm'),
    });
  }
});
