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

/** Opens the model in the library; leaves a forward pass on `globalThis.forward`. @returns the prompt's ids */
async function openOurs(page, backend, base) {
  const engine = await start(page, backend);
  if (engine.backend !== backend) throw new Error(`the ${NAME[backend]} does not run: ${engine.note}`);
  await fromAddress(page, base, null);
  return page.evaluate(async (text) => {
    const { model } = globalThis.bench;
    globalThis.forward = async () => {
      const begun = performance.now();
      const { tokens, top: [{ id, logit }] } = await model.runPrompt({ text });
      return { ms: performance.now() - begun, top: id, logit, ids: tokens.map((token) => token.id) };
    };
    return (await globalThis.forward()).ids;
  }, TEXT);
}

/** The same in onnxruntime-web. */
const openTheirs = (page, options) => page.evaluate(async ({ folder, provider, base, ids }) => {
  const { openGpt2 } = await import(new URL('peers/gpt2.mjs', location.href).href);
  const url = new URL(`${base}model.safetensors`, location.href).href;
  globalThis.forward = await openGpt2(new URL(folder, location.href).href, provider, { url, ids, nLayer: 12, nHead: 12 });
  await globalThis.forward();
}, options);

const forward = (page) => page.evaluate(() => globalThis.forward());

/**
 * In turns, for the machine's speed changes within minutes.
 * @param {{backend: 'cpu'|'webgpu', runs: number, limitMs: number}} options
 */
export async function run(table, context, { backend, runs, limitMs }) {
  const base = share(await weights('graded-small'), 'weights/graded-small');
  const folder = share(await onnxruntime(), 'ort');
  const provider = backend === 'webgpu' ? 'webgpu' : 'wasm';
  const options = { webgpu: backend === 'webgpu', limitMs };
  const [ours, theirs] = [{ times: [] }, { times: [] }];
  await inBrowser(context.site, options, async (page) => {
    ours.ids = await openOurs(page, backend, base);
    await inBrowser(context.site, options, async (other) => {
      await openTheirs(other, { folder, provider, base, ids: ours.ids });
      for (let i = 0; i < runs; i += 1) {
        for (const [side, of_] of [[ours, page], [theirs, other]]) {
          const { ms, top, logit } = await forward(of_);
          side.times.push(ms);
          Object.assign(side, { top, logit });
        }
      }
    });
  });

  const tokens = ours.ids.length;
  const rate = (ms) => `${(tokens / ms * 1e3).toFixed(1)} tokens/s`;
  table.add(`${NAME[backend]}: GPT-2 small's forward pass, ${tokens} tokens, logits of the last`, of(ours.times, rate), {
    goal: 'ahead of onnxruntime-web', reached: median(ours.times) < median(theirs.times),
  });
  table.add(`onnxruntime-web, ${provider}, one thread, the same pass`, of(theirs.times, rate));
  table.numbers[`run_${backend}`] = { ours: ours.times, theirs: theirs.times, tokens };
  const agrees = ours.top === theirs.top && Math.abs(ours.logit - theirs.logit) < CLOSE * Math.abs(theirs.logit);
  table.mustBeZero(`${NAME[backend]}: most likely next token not onnxruntime-web's (${ours.logit.toFixed(3)}, ${theirs.logit.toFixed(3)})`, Number(!agrees), 1);
}
