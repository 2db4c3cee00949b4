/** Reading the figure's numbers from the page in each way in which it shows them. */
import { byId } from './harness.mjs';

/** Every cell of a panel as the keyboard reads it: `[layer][head]` of `{ hits, total }`. */
export async function readByKeyboard(page, panel, { layers, heads }) {
  const canvas = byId(page, `panel-${panel}`);
  await canvas.focus();
  await page.keyboard.press('Control+Home');
  const cells = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const column = [];
    for (let head = 0; head < heads; head += 1) {
      column.push(await reading(page, layer, head));
      if (head < heads - 1) await page.keyboard.press('ArrowDown');
    }
    cells.push(column);
    for (let head = 1; head < heads; head += 1) await page.keyboard.press('ArrowUp');
    if (layer < layers - 1) await page.keyboard.press('ArrowRight');
  }
  return cells;
}

async function reading(page, layer, head) {
  const place = `layer ${layer}, head ${head}: `;
  const said = byId(page, 'cell-reading').filter({ hasText: place });
  const text = await said.textContent();
  const match = /^layer (\d+), head (\d+): (\d\.\d\d) \((\d+) of (\d+) pairs\)$/.exec(text);
  if (!match) throw new Error(`the page says "${text}"`);
  return { hits: Number(match[4]), total: Number(match[5]), score: match[3] };
}

/** The tables behind the figure: for each panel `[layer][head]` of the hits and the score's text. */
export async function readTables(page) {
  const details = byId(page, 'score-table');
  if (!(await details.evaluate((node) => node.open))) await details.locator('summary').click();
  await details.locator('tbody tr').first().waitFor();
  return details.evaluate((node) =>
    [...node.querySelectorAll('table')].map((table) => {
      const rows = [...table.querySelectorAll('tbody tr')].map((row) => [...row.querySelectorAll('td')]);
      return rows[0].map((_, layer) =>
        rows.map((row) => ({
          score: row[layer].firstChild.textContent.trim(),
          hits: Number(row[layer].querySelector('small').textContent),
        })));
    }));
}

/**
 * The colour of each cell of a panel's canvas, `[layer][head]` of `[r, g, b]`, sampled near the cell's
 * upper left corner, where no marker is drawn. The cells' places come from the ring that the page
 * itself puts around the cell that is read.
 */
export async function readColours(page, panel, { layers, heads }) {
  const canvas = byId(page, `panel-${panel}`);
  await canvas.focus();
  const box = async () => byId(page, `ring-${panel}`).evaluate((ring) => {
    const { m41: x, m42: y } = new DOMMatrix(getComputedStyle(ring).transform);
    return { x: x + 2, y: y + 2, width: ring.offsetWidth - 4, height: ring.offsetHeight - 4 };
  });
  await page.keyboard.press('Control+Home');
  await byId(page, 'cell-reading').filter({ hasText: 'layer 0, head 0:' }).waitFor();
  const first = await box();
  await page.keyboard.press('Control+End');
  await byId(page, 'cell-reading').filter({ hasText: `layer ${layers - 1}, head ${heads - 1}:` }).waitFor();
  const last = await box();
  return canvas.evaluate((node, { first: a, last: b, layers: nLayer, heads: nHead }) => {
    const ratio = node.width / node.clientWidth;
    const context = node.getContext('2d');
    const step = (from, to, count) => (count > 1 ? (to - from) / (count - 1) : 0);
    return Array.from({ length: nLayer }, (_, layer) =>
      Array.from({ length: nHead }, (__, head) => {
        const x = (a.x + layer * step(a.x, b.x, nLayer) + a.width * 0.12) * ratio;
        const y = (a.y + head * step(a.y, b.y, nHead) + a.height * 0.12) * ratio;
        return [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data.slice(0, 3)];
      }));
  }, { first, last, layers, heads });
}
