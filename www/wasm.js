/**
 * The builds of the core: `cpu` for every browser, `relaxed` where relaxed SIMD gives the CPU one
 * rounding instead of two (and a faster product), `run` the same with burn's CPU half, `webgpu` with burn and wgpu.
 */

/**
 * A module of one function that uses i32x4.relaxed_trunc... a browser without relaxed SIMD refuses it:
 * (module (func (result v128) v128.const 0 v128.const 0 v128.const 0 f32x4.relaxed_madd))
 */
const RELAXED = (() => {
  const zero = [0xfd, 0x0c, ...new Array(16).fill(0)];
  const body = [0x00, ...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x0b];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 5, 1, 0x60, 0, 1, 0x7b,
    3, 2, 1, 0,
    10, body.length + 2, 1, body.length, ...body,
  ]);
})();

/** @returns {'relaxed'|'cpu'} the CPU build for this browser */
export const cpuFlavour = () => (WebAssembly.validate(RELAXED) ? 'relaxed' : 'cpu');

/** @returns {'run'|'webgpu'} the build that runs the model on this browser's CPU; its products have the bits of {@link cpuFlavour}'s */
export const runFlavour = () => (cpuFlavour() === 'relaxed' ? 'run' : 'webgpu');

/** @param {'cpu'|'relaxed'|'run'|'webgpu'} flavour @returns {Promise<object>} the binding, and `heapBytes()` */
export async function loadWasm(flavour) {
  const module = await {
    cpu: () => import('../pkg/cpu/headmap.js'),
    relaxed: () => import('../pkg/relaxed/headmap.js'),
    run: () => import('../pkg/run/headmap.js'),
    webgpu: () => import('../pkg/webgpu/headmap.js'),
  }[flavour]();
  const exports = await module.default();
  return { ...module, heapBytes: () => exports.memory.buffer.byteLength };
}
