/**
 * Plain matrix products in WGSL, as fast as we can write them by hand: C [m, n] = A [m, k] B^T, B [n, k]. Runs in the
 * page. Each thread keeps rows x columns of C in registers and goes along k in vectors of four; `broadcast` reads
 * rows of A once for a subgroup, `tile` goes through workgroup memory.
 */
const times = (n, f) => Array.from({ length: n }, (_, i) => f(i)).join('\n');
const BINDINGS = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;`;

const store = (rows, cols, m, n) => times(rows, (r) => times(cols, (q) =>
  `if (row + ${r}u < ${m}u && col + ${q}u < ${n}u) { c[(row + ${r}u) * ${n}u + col + ${q}u] = dot(s${r}_${q}, vec4f(1)); }`));
const sums = (rows, cols) => times(rows, (r) => times(cols, (q) => `var s${r}_${q} = vec4f();`));
const step = (rows, cols, load) => times(cols, (q) => `{ let y = ${load(q)}; ${times(rows, (r) => `s${r}_${q} = fma(x${r}, y, s${r}_${q});`)} }`);

function registers({ m, k4, n }, { rows, cols, threads, broadcast }) {
  const loads = broadcast
    ? times(rows / 4, (g) => `let own${g} = a[a${g} + i];`) + times(rows, (r) => `let x${r} = subgroupBroadcast(own${r >> 2}, ${r & 3}u);`)
    : times(rows, (r) => `let x${r} = a[a${r} + i];`);
  const starts = broadcast
    ? times(rows / 4, (g) => `let a${g} = min(row + ${4 * g}u + lane, ${m - 1}u) * ${k4}u;`)
    : times(rows, (r) => `let a${r} = min(row + ${r}u, ${m - 1}u) * ${k4}u;`);
  return {
    code: `${broadcast ? 'enable subgroups;' : ''}${BINDINGS}
@compute @workgroup_size(${threads}) fn main(@builtin(global_invocation_id) id: vec3u${broadcast ? ', @builtin(subgroup_invocation_id) lane: u32' : ''}) {
  let col = id.x * ${cols}u; let row = id.y * ${rows}u;
  ${times(cols, (q) => `let b${q} = min(col + ${q}u, ${n - 1}u) * ${k4}u;`)}
  ${starts}
  ${sums(rows, cols)}
  for (var i = 0u; i < ${k4}u; i++) { ${loads} ${step(rows, cols, (q) => `b[b${q} + i]`)} }
  ${store(rows, cols, m, n)}
}`,
    groups: [Math.ceil(n / cols / threads), Math.ceil(m / rows)],
  };
}

function tile({ m, k4, n }, { rows, cols, x, y, depth }) {
  const [high, wide] = [y * rows, x * cols];
  const load = (name, from, at, size, last) => `for (var t = li; t < ${size * depth}u; t += ${x * y}u) { ${name}[t] = ${from}[min(${at} + t / ${depth}u, ${last - 1}u) * ${k4}u + k + t % ${depth}u]; }`;
  return {
    code: `${BINDINGS}
var<workgroup> ta: array<vec4f, ${high * depth}>; var<workgroup> tb: array<vec4f, ${wide * depth}>;
@compute @workgroup_size(${x}, ${y}) fn main(@builtin(workgroup_id) g: vec3u, @builtin(local_invocation_id) l: vec3u, @builtin(local_invocation_index) li: u32) {
  let row = g.y * ${high}u + l.y * ${rows}u; let col = g.x * ${wide}u + l.x * ${cols}u;
  ${sums(rows, cols)}
  for (var k = 0u; k < ${k4}u; k += ${depth}u) {
    ${load('ta', 'a', `g.y * ${high}u`, high, m)} ${load('tb', 'b', `g.x * ${wide}u`, wide, n)}
    workgroupBarrier();
    for (var i = 0u; i < ${depth}u; i++) {
      ${times(rows, (r) => `let x${r} = ta[(l.y * ${rows}u + ${r}u) * ${depth}u + i];`)}
      ${step(rows, cols, (q) => `tb[(l.x * ${cols}u + ${q}u) * ${depth}u + i]`)}
    }
    workgroupBarrier();
  }
  ${store(rows, cols, m, n)}
}`,
    groups: [Math.ceil(n / wide), Math.ceil(m / high)],
  };
}

const KERNELS = [
  ['registers 12 x 4', registers, { rows: 12, cols: 4, threads: 16 }],
  ['registers 8 x 8', registers, { rows: 8, cols: 8, threads: 16 }],
  ['broadcast 12 x 4', registers, { rows: 12, cols: 4, threads: 16, broadcast: true }],
  ['broadcast 16 x 4', registers, { rows: 16, cols: 4, threads: 16, broadcast: true }],
  ['broadcast 12 x 5', registers, { rows: 12, cols: 5, threads: 16, broadcast: true }],
  ['tile 64 x 64', tile, { rows: 4, cols: 4, x: 16, y: 16, depth: 4 }],
];

/** @returns {Promise<{name: string, times: number[]}[]>} milliseconds; a kernel that does not compile or errs is left out */
export async function timeWgsl({ m, k, n, runs }) {
  const adapter = await navigator.gpu.requestAdapter();
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const subgroups = adapter.features.has('subgroups');
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize }, requiredFeatures: subgroups ? ['subgroups'] : [] });
  const noise = (length, f) => Float32Array.from({ length }, (_, i) => ((i * f) % 1013) / 1013 - 0.5);
  const [a, b] = [noise(m * k, 7919), noise(n * k, 104_729)];
  const buffer = (size, usage = 0) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC | usage });
  const buffers = [buffer(a.byteLength), buffer(b.byteLength), buffer(4 * m * n)];
  device.queue.writeBuffer(buffers[0], 0, a);
  device.queue.writeBuffer(buffers[1], 0, b);
  const out = [];
  for (const [name, make, shape] of KERNELS.filter(([, , s]) => subgroups || !s.broadcast)) {
    const { code, groups } = make({ m, k4: k / 4, n }, shape);
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } });
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: buffers.map((x, binding) => ({ binding, resource: { buffer: x } })) });
    const once = async () => {
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    const clear = device.createCommandEncoder();
    clear.clearBuffer(buffers[2]);
    device.queue.submit([clear.finish()]);
    await once();
    const right = await check(device, buffers[2], a, b, { m, k, n });
    if (!right) throw new Error(`the WGSL kernel ${name} computes something else`);
    const measured = [];
    for (let i = 0; i < runs; i++) measured.push(await once());
    out.push({ name, times: measured });
  }
  device.destroy();
  return out;
}

/** A few outputs against the definition. */
async function check(device, c, a, b, { m, k, n }) {
  for (const [i, j] of [[0, 0], [1, 7], [m - 1, n - 1], [m >> 1, n >> 1]]) {
    const read = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(c, 4 * (i * n + j), read, 0, 4);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const [got] = new Float32Array(read.getMappedRange().slice(0));
    read.destroy();
    let sum = 0;
    for (let x = 0; x < k; x++) sum += a[i * k + x] * b[j * k + x];
    if (!(Math.abs(sum - got) < 1e-2)) return false;
  }
  return true;
}
