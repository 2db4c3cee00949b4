/** Tokens a second of the whole forward pass, beside onnxruntime-web on the same adapter with the same weights. */
import { fromAddress, start } from '../lib/page.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { median, of } from '../lib/table.mjs';
import { weights } from '../lib/weights.mjs';
import { NAME } from './figure.mjs';
import { onnxruntime } from './kernel.mjs';

/** About 128 tokens of plain words. */
const TEXT = Array.from({ length: 16 }, (_, i) => ` When Mary and John went to ${i % 2 ? 'the' : 'a'}`).join('');
/** A logit may differ by this share of itself: two float32 programs. */
const CLOSE = 1e-3;

/** @param {{backend: 'cpu'|'webgpu', runs: number, limitMs: number}} options */
export async function run(table, context, { backend, runs, limitMs }) {
  const base = share(await weights('graded-small'), 'weights/graded-small');
  const ort = share(await onnxruntime(), 'ort');
  const provider = backend === 'webgpu' ? 'webgpu' : 'wasm';
  const options = { webgpu: backend === 'webgpu', limitMs };
  const ours = await inBrowser(context.site, options, async (page) => {
    const engine = await start(page, backend);
    if (engine.backend !== backend) throw new Error(`the ${NAME[backend]} does not run: ${engine.note}`);
    await fromAddress(page, base, null);
    return page.evaluate(async ({ text, count }) => {
      const { model } = globalThis.bench;
      const times = [];
      let answer;
      for (let i = 0; i <= count; i++) {
        const begun = performance.now();
        answer = await model.runPrompt({ text });
        times.push(performance.now() - begun);
      }
      return { times: times.slice(1), ids: answer.tokens.map(({ id }) => id), top: answer.top[0] };
    }, { text: TEXT, count: runs });
  });
  const theirs = await inBrowser(context.site, options, (page) => page.evaluate(async ({ folder, weight, kind, ask }) => {
    const { timeGpt2 } = await import(new URL('peers/gpt2.mjs', location.href).href);
    return timeGpt2(new URL(folder, location.href).href, kind, { ...ask, url: new URL(`${weight}model.safetensors`, location.href).href });
  }, { folder: ort, weight: base, kind: provider, ask: { ids: ours.ids, nLayer: 12, nHead: 12, runs } }));

  const tokens = ours.ids.length;
  const rate = (ms) => `${(tokens / ms * 1e3).toFixed(1)} tokens/s`;
  table.add(`${NAME[backend]}: GPT-2 small's forward pass, ${tokens} tokens, logits of the last`, of(ours.times, rate), {
    goal: 'ahead of onnxruntime-web', reached: median(ours.times) < median(theirs.times),
  });
  table.add(`onnxruntime-web, ${provider}, one thread, the same pass`, of(theirs.times, rate));
  table.numbers[`run_${backend}`] = { ours: ours.times, theirs: theirs.times, tokens };
  const agrees = ours.top.id === theirs.top && Math.abs(ours.top.logit - theirs.logit) < CLOSE * Math.abs(theirs.logit);
  table.mustBeZero(`${NAME[backend]}: most likely next token not onnxruntime-web's (${ours.top.logit.toFixed(3)}, ${theirs.logit.toFixed(3)})`, Number(!agrees), 1);
}
