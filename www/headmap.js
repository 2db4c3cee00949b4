/**
 * Headmap as a library: what every attention head of GPT-2 copies, computed in the reader's browser.
 *
 *   import { createAnalyzer } from './headmap.js';
 *   const analyzer = await createAnalyzer();
 *   const model = await analyzer.loadModel({ kind: 'files', files });
 *   const result = await model.scoreRelation({ name: 'name copying', pairs: [['Mary', 'Mary']], k: 1 });
 *
 * The result object is described in docs/result.md.
 */
export { createAnalyzer } from './analyzer.js';
