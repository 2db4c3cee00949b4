/**
 * The data that comes with the page: relations, known heads, published values and the hub's models.
 */

/**
 * @param {string} base address of the page
 * @returns {Promise<{relations: object[], knownHeads: object[], published: object, models: object[]}>}
 * @throws {Error} `SourceUnreachable` with a sentence when a file is missing
 */
export async function loadCatalogue(base) {
  const [index, knownHeads, published, models] = await Promise.all([
    readJson(base, 'data/relations/index.json'),
    readJson(base, 'data/known-heads.json'),
    readJson(base, 'data/published.json'),
    readJson(base, 'data/models.json'),
  ]);
  const relations = await Promise.all(index.map(({ file }) => readJson(base, `data/relations/${file}`)));
  return { relations, knownHeads, published, models };
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
