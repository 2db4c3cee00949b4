/** The growth as a picture: small panels, both axes logarithmic, with a line of slope 1 through the last point. */
const PANEL = { width: 250, height: 210, left: 62, top: 40, gap: 92 };
const INK = '#565c64';

const escape = (s) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const text = (x, y, words, extra = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${INK}" ${extra}>${escape(words)}</text>`;

function scale([from, to], [a, b]) {
  return (v) => a + ((Math.log(v) - Math.log(from)) / (Math.log(to) - Math.log(from))) * (b - a);
}

function panel({ title, x: nameX, points }, index) {
  const left = PANEL.left + index * (PANEL.width + PANEL.gap);
  const [right, bottom] = [left + PANEL.width, PANEL.top + PANEL.height];
  const widen = (values) => [Math.min(...values) / 1.4, Math.max(...values) * 1.4];
  const x = scale(widen(points.map((p) => p.x)), [left, right]);
  const y = scale(widen(points.map((p) => p.y)), [bottom, PANEL.top]);
  const last = points.at(-1);
  const first = points[0];
  const out = [
    `<rect x="${left}" y="${PANEL.top}" width="${PANEL.width}" height="${PANEL.height}" fill="none" stroke="#c9c5bb"/>`,
    `<clipPath id="p${index}"><rect x="${left}" y="${PANEL.top}" width="${PANEL.width}" height="${PANEL.height}"/></clipPath>`,
    `<line clip-path="url(#p${index})" x1="${x(first.x).toFixed(1)}" y1="${y((last.y * first.x) / last.x).toFixed(1)}" x2="${x(last.x).toFixed(1)}" y2="${y(last.y).toFixed(1)}" stroke="#a9acb0" stroke-dasharray="4 4"/>`,
    text(left, PANEL.top - 14, title, 'font-weight="600"'),
    text((left + right) / 2, bottom + 38, nameX, 'text-anchor="middle"'),
  ];
  for (const p of points) {
    out.push(`<circle cx="${x(p.x).toFixed(1)}" cy="${y(p.y).toFixed(1)}" r="4" fill="#21918c"/>`);
    // The first stands beside the axis.
    if (p.label) out.push(text(x(p.x) + (p === first ? 8 : -8), y(p.y) - 8, p.label, `text-anchor="${p === first ? 'start' : 'end'}" font-size="11"`));
  }
  for (const p of points.length > 5 ? [first, points[points.length >> 1], last] : points) {
    out.push(text(x(p.x), bottom + 18, p.xText ?? String(p.x), 'text-anchor="middle" font-size="11"'));
    out.push(text(left - 6, y(p.y) + 4, p.y >= 10 ? p.y.toFixed(0) : p.y.toFixed(2), 'text-anchor="end" font-size="11"'));
  }
  return out.join('\n');
}

/** @param {{title: string, x: string, points: {x: number, y: number, label?: string, xText?: string}[]}[]} panels @returns {string} an SVG file */
export function plot(panels) {
  const width = PANEL.left + panels.length * (PANEL.width + PANEL.gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL.top + PANEL.height + 56}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.map(panel).join('\n')}
</svg>
`;
}

/** @param {object} series of parts/growth.mjs */
export function growthPlot({ pairs, layers, shapes }) {
  const billions = (n) => `${(n / 1e9).toFixed(0)}`;
  return plot([
    { title: 'Seconds against pairs', x: 'pairs (GPT-2 small’s shape)', points: pairs.map((p) => ({ x: p.n, y: p.seconds })) },
    { title: 'Seconds against layers', x: 'layers done, from HTTP', points: layers.map((p) => ({ x: p.n, y: p.seconds })) },
    {
      title: 'Billion multiply-adds against size', x: 'billion multiply-adds of the full projection',
      points: shapes.map((p) => ({ x: p.full, y: p.multiply_adds / 1e9, label: p.shape, xText: billions(p.full) })),
    },
  ]);
}
