/**
 * Trains the demonstration model anew: the same recipe, seed and text as the shipped one.
 *
 *   npm run train -- --out DIR [--recipe FILE] [--until STEP] [--every STEPS]
 *
 * Stop it whenever you like; the same command goes on from the last checkpoint. At the end DIR/model holds
 * what models/demo/ of this repository holds.
 */
import { join } from 'node:path';
import { nativeTarget, root } from './lib/paths.mjs';
import { Failure, main, run } from './lib/run.mjs';
import { nativeCargo } from './lib/toolchain.mjs';

main(async () => {
  const cargo = nativeCargo();
  if (!cargo) throw new Failure('cargo is not on the PATH; run: node scripts/setup.mjs');
  const args = ['run', '--quiet', '--locked', '--profile', 'train', '--features', 'fast', '--manifest-path', join(root, 'train/Cargo.toml'), '--', 'train'];
  await run(cargo, [...args, ...process.argv.slice(2)], { env: { CARGO_TARGET_DIR: nativeTarget } });
});
