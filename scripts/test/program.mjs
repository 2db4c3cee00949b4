/** The command-line program as the native tests build it. */
import { join } from 'node:path';
import { nativeTarget, root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { CHECKED, nativeCargo, NATIVE_TESTS } from '../lib/toolchain.mjs';

/**
 * Runs `headmap ...args`. Built by `cargo test`, not `cargo run`: without the tests' own dependencies cargo chooses other
 * features for shared ones, and builds burn a second time.
 */
export async function headmap(args) {
  const test = ['test', '--quiet', '--locked', ...NATIVE_TESTS.rust, '--no-run', '--test', 'command_line'];
  await run(nativeCargo(), test, { cwd: root, env: { CARGO_TARGET_DIR: nativeTarget } });
  await run(join(nativeTarget, CHECKED, 'headmap'), args, { cwd: root });
}
