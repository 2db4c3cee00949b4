/**
 * Is there a WebGPU worth using? Asked before the WebGPU build is loaded: a null adapter would
 * panic deep inside it, and a software adapter loses to the CPU engine.
 *
 * @param {'auto'|'cpu'|'webgpu'} backend what the user asked for
 * @param {boolean} allowFallback take a software adapter too
 * @returns {Promise<{wanted: boolean, note: string|undefined}>} note: why not, as a sentence
 */
export async function probeWebGpu(backend, allowFallback) {
  if (backend === 'cpu') return { wanted: false };
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) return { wanted: false, note: 'This browser has no WebGPU here, so the CPU computes.' };
  let adapter = null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch {
    // Said below: no adapter.
  }
  if (!adapter) return { wanted: false, note: 'WebGPU has no graphics adapter here, so the CPU computes.' };
  const software = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  if (software && !(allowFallback || backend === 'webgpu')) {
    return { wanted: false, note: 'The only WebGPU adapter is a software one, which is slower than the CPU engine, so the CPU computes.' };
  }
  return { wanted: true };
}
