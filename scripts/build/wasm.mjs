import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, pkg, root, wasmKept, wasmTarget } from '../lib/paths.mjs';
import { Failure, run, say, seconds } from '../lib/run.mjs';
import { WASM, wasmToolchain } from '../lib/toolchain.mjs';
import { wasmBindgenPath, wasmBindgenVersion } from '../setup/wasm-bindgen.mjs';

/** What the compiler emits by default or is told to (SIMD): the optimiser refuses what is not named. */
const WASM_FEATURES = [
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-reference-types',
  '--enable-multivalue',
];

/** Said for our own crate alone, where the kernels are, so that what it depends on is the same in all flavours. */
const RELAXED = ['-C', 'target-feature=+relaxed-simd'];

/**
 * `relaxed` is `cpu` for browsers with relaxed SIMD: a fused multiply-add, a faster product.
 * `run` is `relaxed` and what runs the model on the CPU; without relaxed SIMD, `webgpu` does that.
 * `webgpu` also holds burn and wgpu, is ten times larger and is fetched only when WebGPU is chosen;
 * its host code only launches kernels, so it is optimised for size: for what brotli makes of it. `-Os` leaves
 * fewer bytes (14.1 MB against 16.0) that pack worse (2.38 MB against 2.22), and takes three times as long.
 */
export const FLAVOURS = [
  { name: 'cpu', features: ['webgpu-crates'], optimise: ['-O3'] },
  { name: 'relaxed', features: ['webgpu-crates'], codegen: RELAXED, optimise: ['-O3', '--enable-relaxed-simd'] },
  { name: 'run', features: ['run', 'kernel-crates'], codegen: RELAXED, optimise: ['-O3', '--enable-relaxed-simd'] },
  { name: 'webgpu', features: ['webgpu'], optimise: ['-O1'] },
];

const KEPT_RESULTS = 12;
const digest = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/**
 * How cargo is called for one flavour: `cargo rustc` with a crate type, `args`, `--` and `codegen`.
 * @returns {{cargo: string, args: string[], codegen: string[], env: object}}
 */
export function cargoCall({ features, codegen = [] }) {
  const toolchain = wasmToolchain();
  if (!toolchain) throw new Failure('no compiler for wasm32 is here; run: node scripts/setup.mjs');
  return {
    cargo: toolchain.cargo,
    args: ['--release', '--locked', '--lib', '--no-default-features', '--features', features.join(), ...toolchain.args],
    codegen,
    // Panic: said for wasm alone; natively test harnesses unwind, and a program that aborts would be a second build of everything.
    env: {
      ...toolchain.env,
      CARGO_PROFILE_RELEASE_PANIC: 'abort',
      CARGO_TARGET_DIR: wasmTarget,
      // Without it all flavours of a cdylib have one name and one record in cargo's folder, and each undoes the others.
      // Cargo's own, for the standard library; where it does nothing our crate is compiled anew each time, and no worse.
      __CARGO_DEFAULT_LIB_METADATA: 'headmap',
    },
  };
}

/** Cargo's wasm for one flavour; returns where it is kept, for the next flavour is written to the same file. */
async function compile(flavour) {
  const { name } = flavour;
  const { cargo, args, codegen, env } = cargoCall(flavour);
  await run(cargo, ['rustc', '--crate-type', 'cdylib', ...args, '--', ...codegen], { cwd: root, env });
  const made = wasmKept(name);
  copyFileSync(join(wasmTarget, WASM, 'release', 'headmap.wasm'), made);
  // The linker's name for a wrapper that runs every constructor again, a millisecond a call (src/web/start.rs).
  if (readFileSync(made).includes('command_export')) throw new Failure(`the exports of the ${name} core are wrapped: nothing calls its constructors`);
  return made;
}

/** Only the newest results of the optimiser stay in the cache. */
function prune(folder) {
  const files = readdirSync(folder).map((name) => join(folder, name));
  files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of files.slice(KEPT_RESULTS)) rmSync(old);
}

/** Optimises `file` in place; the same input and flags are optimised once in the life of the cache. */
async function optimiseWasm(file, flags, version) {
  const folder = join(cache, 'wasm-opt');
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, `${digest(readFileSync(file), version, flags.join(' '))}.wasm`);
  if (!existsSync(kept)) {
    const part = `${kept}.${process.pid}.part`;
    await run(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), file, '-o', part, ...flags]);
    renameSync(part, kept);
    prune(folder);
  }
  copyFileSync(kept, file);
}

function bindgen() {
  const program = wasmBindgenPath();
  if (!program) throw new Failure(`wasm-bindgen ${wasmBindgenVersion()} is not here; run: node scripts/setup.mjs`);
  return program;
}

/** Glue and optimiser: from cargo's wasm to `pkg/<flavour>/headmap.js` and `headmap_bg.wasm`. */
async function finish(flavour, compiled, optimise) {
  const start = performance.now();
  const binaryen = JSON.parse(readFileSync(join(root, 'node_modules/binaryen/package.json'), 'utf8')).version;
  const flags = optimise ? [...flavour.optimise, ...WASM_FEATURES] : [];
  const made = digest(readFileSync(compiled), wasmBindgenVersion(), binaryen, flags.join(' '));
  const out = join(pkg, flavour.name);
  const stamp = join(out, '.made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) {
    say(`the ${flavour.name} core is up to date`);
    return;
  }

  rmSync(out, { recursive: true, force: true });
  await run(bindgen(), [
    compiled, '--target', 'web', '--out-dir', out, '--out-name', 'headmap', '--no-typescript',
  ]);
  if (optimise) await optimiseWasm(join(out, 'headmap_bg.wasm'), flags, binaryen);
  writeFileSync(stamp, made);
  say(`the ${flavour.name} core has its glue${optimise ? ' and is optimised' : ''} (${seconds(start)})`);
}

/** Compiles one flavour; the promise inside the answer is kept when its files are written. */
async function begin(flavour, optimise) {
  const start = performance.now();
  bindgen(); // before the minutes that compiling takes
  say(`compiling the ${flavour.name} core (the first time takes minutes)`);
  const compiled = await compile(flavour);
  say(`the ${flavour.name} core is compiled (${seconds(start)})`);
  return { finished: finish(flavour, compiled, optimise) };
}

/** Builds one flavour. */
export async function buildWasm(flavour, { optimise }) {
  await (await begin(flavour, optimise)).finished;
}

/**
 * Compiles all flavours, the largest first: the optimiser uses one core and works while the next is
 * compiled.
 * @returns {Promise<{finished: Promise<void[]>}>} when all are compiled; `finished` when all are written
 */
export async function compileAll({ optimise }) {
  const finishing = [];
  for (const flavour of FLAVOURS.toReversed()) {
    const { finished } = await begin(flavour, optimise);
    // Whoever awaits the whole hears of it; until then it must not end the process.
    finished.catch(() => {});
    finishing.push(finished);
  }
  return { finished: Promise.all(finishing) };
}
