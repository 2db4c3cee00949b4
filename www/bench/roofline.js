/**
 * A roofline: rate against arithmetic intensity, both on logarithmic axes. The roof is what the
 * kernel reached when its operands were at hand; the slope is what memory gives. A figure that
 * leaves work out stands above the roof: as fast as if it had done all of it.
 */
const MARGIN = { left: 64, right: 24, top: 20, bottom: 48 };

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} data
 * @param {number} data.peak GFLOP/s of the kernel, all threads together
 * @param {number} data.bandwidth GB/s of a copy
 * @param {{name: string, intensity: number, gflops: number, colour: string}[]} data.points intensity in FLOP a byte
 */
export function drawRoofline(canvas, { peak, bandwidth, points }) {
  const ratio = globalThis.devicePixelRatio ?? 1;
  const width = canvas.clientWidth;
  const height = Math.round(width * 0.5);
  canvas.style.height = `${height}px`;
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const c = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  c.scale(ratio, ratio);
  c.font = `12px ${style.fontFamily}`;
  const rates = [peak, ...points.map((p) => p.gflops)];
  const xs = logScale([0.25, Math.max(256, ...points.map((p) => p.intensity * 2))], [MARGIN.left, width - MARGIN.right]);
  const ys = logScale([Math.min(...rates) / 4, Math.max(...rates) * 3], [height - MARGIN.bottom, MARGIN.top]);

  c.strokeStyle = style.getPropertyValue('--line');
  c.fillStyle = style.getPropertyValue('--muted');
  c.textAlign = 'center';
  for (const x of powers(xs.domain, 4)) {
    line(c, [[xs(x), MARGIN.top], [xs(x), height - MARGIN.bottom]]);
    c.fillText(String(x), xs(x), height - MARGIN.bottom + 18);
  }
  c.fillText('FLOP for each byte read', (xs.range[0] + xs.range[1]) / 2, height - 10);
  c.textAlign = 'right';
  for (const y of powers(ys.domain, 10)) {
    line(c, [[MARGIN.left, ys(y)], [width - MARGIN.right, ys(y)]]);
    c.fillText(String(y), MARGIN.left - 8, ys(y) + 4);
  }
  c.save();
  c.translate(16, height / 2);
  c.rotate(-Math.PI / 2);
  c.textAlign = 'center';
  c.fillText('GFLOP/s', 0, 0);
  c.restore();

  c.strokeStyle = style.getPropertyValue('--ink');
  c.lineWidth = 2;
  const knee = peak / bandwidth;
  line(c, [[xs(xs.domain[0]), ys(Math.max(xs.domain[0] * bandwidth, ys.domain[0]))], [xs(knee), ys(peak)], [xs(xs.domain[1]), ys(peak)]]);
  c.textAlign = 'left';
  for (const p of points) {
    c.fillStyle = p.colour;
    c.beginPath();
    c.arc(xs(p.intensity), ys(p.gflops), 5, 0, 2 * Math.PI);
    c.fill();
    c.fillStyle = style.getPropertyValue('--ink');
    const room = xs(p.intensity) + c.measureText(p.name).width + 20 < width;
    c.textAlign = room ? 'left' : 'right';
    c.fillText(p.name, xs(p.intensity) + (room ? 10 : -10), ys(p.gflops) - 8);
  }
}

function line(c, path) {
  c.beginPath();
  path.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.stroke();
}

/** Powers of `base` inside a domain. */
function powers([from, to], base) {
  const out = [];
  for (let e = Math.ceil(Math.log(from) / Math.log(base)); base ** e <= to; e++) out.push(base ** e);
  return out;
}

function logScale(domain, range) {
  const [a, b] = domain.map(Math.log);
  const scale = (v) => range[0] + ((Math.log(v) - a) / (b - a)) * (range[1] - range[0]);
  return Object.assign(scale, { domain, range });
}
