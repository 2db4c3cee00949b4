/**
 * The data that comes with the page: relations, known heads, published values and the hub's models.
 */

/** What the page does without when a file is missing; the relations it cannot do without. */
const EXTRAS = Object.freeze({
  knownHeads: ['data/known-heads.json', []],
  published: ['data/published.json', {}],
  models: ['data/models.json', []],
});

/**
 * @param {string} base address of the page
 * @param {(error: Error) => void} onMissing told of each extra that could not be read
 * @returns {Promise<{relations: object[], knownHeads: object[], published: object, models: object[]}>}
 * @throws {Error} `SourceUnreachable` with a sentence when a relation is missing
 */
export async function loadCatalogue(base, onMissing) {
  const extras = Object.entries(EXTRAS).map(async ([name, [path, without]]) => {
    try {
      return [name, await readJson(base, path)];
    } catch (error) {
      onMissing(error);
      return [name, without];
    }
  });
  const index = await readJson(base, 'data/relations/index.json');
  const relations = await Promise.all(index.map(({ file }) => readJson(base, `data/relations/${file}`)));
  return { relations, ...Object.fromEntries(await Promise.all(extras)) };
}

async function readJson(base, path) {
  let sentence = `"${path}", a part of this page, could not be read`;
  try {
    const answer = await fetch(new URL(path, base));
    if (answer.ok) return await answer.json();
    sentence += `: the server answered ${answer.status}`;
  } catch (error) {
    sentence += `: ${error.message}`;
  }
  const failure = new Error(`${sentence}. Reload the page; if that does not help, the site was not copied whole.`);
  failure.name = 'SourceUnreachable';
  throw failure;
}
