/** Twenty relations of 130 pairs in one job against name copying alone. */
import { join } from 'node:path';
import { pkg } from '../../scripts/lib/paths.mjs';
import { atHand, fromAddress, kept, start } from '../lib/page.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { median, of, percent, seconds } from '../lib/table.mjs';
import { readJson, weights } from '../lib/weights.mjs';
import { names } from './figure.mjs';

const RELATIONS = 20;
const PAIRS = 130;
const MOST = 12;

/** Lower-case words of four letters and more that are one token, in the tokenizer's order. */
function words() {
  const { model: { vocab } } = readJson(join(pkg, 'models/gpt2-tokenizer.json'));
  const all = Object.entries(vocab).sort((a, b) => a[1] - b[1]).map(([word]) => word);
  return all.filter((word) => /^Ġ[a-z]{4,}$/.test(word)).map((word) => word.slice(1));
}

/** `target(i)`: index of the target of word i. */
function twenty(target) {
  const list = words();
  return Array.from({ length: RELATIONS }, (_, r) => ({
    name: `words ${r + 1}`, k: 1,
    pairs: Array.from({ length: PAIRS }, (_unused, i) => [list[r * PAIRS + i], list[target(r * PAIRS + i)]]),
  }));
}

export async function relations(table, context, { runs, limitMs }) {
  const base = share(await weights('faint-small'), 'weights/faint-small');
  await inBrowser(context.site, { limitMs }, async (page) => {
    await start(page, 'cpu');
    await fromAddress(page, base, null);
    const pairs = (await kept(page, names())).slice(0, 132).map(([s, t]) => [s, t]);
    const alone = [{ name: 'name copying', k: 1, pairs }];
    const measure = async (asked) => {
      await atHand(page, asked, 1);
      const { seconds: times, result } = await atHand(page, asked, runs);
      return { times, share: result.multiply_adds / result.full_projection_multiply_adds };
    };
    const one = await measure(alone);
    table.add('name copying alone, weights at hand', of(one.times, seconds));
    const cases = [
      ['twenty relations of 130 pairs, words to themselves', twenty((i) => i), true],
      ['twenty relations of 130 pairs, words to other words', twenty((i) => (i + 1) % (RELATIONS * PAIRS)), false],
    ];
    for (const [what, asked, judged] of cases) {
      const { times, share: part } = await measure(asked);
      const ratio = median(times) / median(one.times);
      table.add(`${what}: against name copying alone`, `${ratio.toFixed(1)} times: ${of(times, seconds)}, ${percent(part)} of the full projection`,
        judged ? { goal: `at most ${MOST} times`, reached: ratio <= MOST } : {});
      table.numbers[what] = { seconds: times, share: part, alone: one.times };
    }
  });
}
