/**
 * A reader's own relation: JSON (a list of pairs, or an object with "pairs"), CSV or TSV, or lines typed
 * into the page. Everything is checked before a model sees it, and each refusal is a sentence.
 */

export const LARGEST_BYTES = 2_000_000;
export const MOST_PAIRS = 20_000;
export const LARGEST_SIDE_BYTES = 200;
/** A relation with fewer kept pairs is drawn, with a warning (Elhelo & Geva 2024 ask for 30). */
export const FEWEST_VALID = 30;

const utf8 = new TextEncoder();

function refuse(sentence) {
  const error = new Error(sentence);
  error.name = 'RelationInvalid';
  return error;
}

/**
 * @param {File} file
 * @returns {Promise<{name: string, title: string, k: number, pairs: [string, string][]}>}
 * @throws {Error} `RelationInvalid`, with a sentence that names the file
 */
export async function readRelationFile(file) {
  if (file.size > LARGEST_BYTES) {
    throw refuse(`"${file.name}" has ${(file.size / 1e6).toFixed(1)} MB; a relation may have 2 MB. Shorten the list.`);
  }
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw refuse(`"${file.name}" is not UTF-8 text. Save it as UTF-8 and choose it again.`);
  }
  return parseRelation(text, file.name);
}

/**
 * @param {string} text
 * @param {string} fileName decides nothing but the words of a refusal and the relation's name
 * @returns {{name: string, title: string, k: number, pairs: [string, string][]}}
 * @throws {Error} `RelationInvalid`
 */
export function parseRelation(text, fileName) {
  if (utf8.encode(text).length > LARGEST_BYTES) {
    throw refuse(`"${fileName}" is longer than 2 MB. Shorten the list.`);
  }
  const stem = fileName.replace(/\.[^.]*$/, '').slice(0, 80) || 'relation';
  const start = text.trimStart();
  const isJson = start.startsWith('[') || start.startsWith('{');
  const { pairs, title } = isJson ? fromJson(start, fileName) : { pairs: fromTable(text, fileName), title: null };
  checkPairs(pairs, fileName);
  // The published defaults: 1 for copying, 10 for every other relation.
  const copies = pairs.every(([source, target]) => source === target);
  return { name: stem, title: title ?? stem.replaceAll('_', ' '), pairs, k: copies ? 1 : 10 };
}

function fromJson(text, fileName) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`"${fileName}" is not valid JSON: ${error.message}. It should be a list of pairs: [["France", "Paris"], …].`);
  }
  const pairs = Array.isArray(value) ? value : value.pairs;
  const title = typeof value.title === 'string' ? value.title.slice(0, 80) : null;
  if (!Array.isArray(pairs)) {
    throw refuse(`"${fileName}" holds no list of pairs. It should look like [["France", "Paris"], …].`);
  }
  return { pairs, title };
}

function fromTable(text, fileName) {
  const firstLine = text.slice(0, text.search(/[\r\n]|$/));
  const separator = ['\t', ',', ';'].find((sign) => firstLine.includes(sign)) ?? ',';
  const rows = splitTable(text.replace(/^\uFEFF/, ''), separator, fileName);
  const filled = rows.filter((row) => row.cells.some((cell) => cell !== ''));
  const isHeader = filled.length > 0 && /^(source|subject|from)$/i.test(filled[0].cells[0]);
  return filled.slice(isHeader ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== 2) {
      const found = cells.length === 1 ? 'only one column' : `${cells.length} columns`;
      throw refuse(`"${fileName}", line ${line}: there should be a source and a target, but there ${cells.length === 1 ? 'is' : 'are'} ${found}.`);
    }
    return cells;
  });
}

/** Rows of RFC 4180 text: quotes may hold separators, line ends and doubled quotes. */
function splitTable(text, separator, fileName) {
  const rows = [];
  let cells = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let rowLine = 1;
  const endCell = () => { cells.push(cell.trim()); cell = ''; };
  const endRow = () => { endCell(); rows.push({ cells, line: rowLine }); cells = []; rowLine = line; };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '\n') line += 1;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; } else quoted = false;
    } else if (letter === '"' && cell.trim() === '') { cell = ''; quoted = true; }
    else if (letter === separator) endCell();
    else if (letter === '\n') endRow();
    else if (letter !== '\r') cell += letter;
  }
  if (quoted) throw refuse(`"${fileName}", line ${rowLine}: a quotation mark is opened and never closed.`);
  if (cell !== '' || cells.length > 0) endRow();
  return rows;
}

function checkPairs(pairs, fileName) {
  if (pairs.length === 0) throw refuse(`"${fileName}" holds no pairs. Give one source and one target for each.`);
  if (pairs.length > MOST_PAIRS) {
    throw refuse(`"${fileName}" holds ${pairs.length.toLocaleString('en')} pairs; at most 20,000 are allowed.`);
  }
  pairs.forEach((pair, index) => {
    const where = `"${fileName}", pair ${index + 1}`;
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((side) => typeof side !== 'string')) {
      throw refuse(`${where}: a pair is two texts, a source and a target.`);
    }
    if (pair.some((side) => side.trim() === '')) throw refuse(`${where}: one side is empty.`);
    if (pair.some((side) => utf8.encode(side).length > LARGEST_SIDE_BYTES)) {
      throw refuse(`${where}: a side is longer than 200 bytes.`);
    }
  });
}
