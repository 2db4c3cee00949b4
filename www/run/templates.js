/**
 * Templates: texts with <X> where the source goes.
 */
import { coded } from '../errors.js';

export const MARK = '<X>';
/** Elhelo & Geva 2024. */
export const PAPER_TEMPLATES = Object.freeze([
  'No <X> means no',
  'The story of <X> contains',
  'This is a document about <X>',
  'When I think about <X> I think about',
]);
export const MOST_TEMPLATES = 32;
const LONGEST_BYTES = 2000;
const utf8 = new TextEncoder();

/**
 * One template a line. Spaces at a line's end are cut off, those at its beginning belong to the template.
 * @param {string} text
 * @returns {string[]}
 * @throws {Error} `TemplateInvalid`, with a sentence that names the line
 */
export function parseTemplates(text) {
  const lines = text.split(/\r\n|\r|\n/).map((line, index) => ({ template: line.trimEnd(), line: index + 1 })).filter(({ template }) => template !== '');
  if (lines.length === 0) throw coded('TemplateInvalid', `Write at least one template: a text with ${MARK} where the source goes.`);
  if (lines.length > MOST_TEMPLATES) throw coded('TemplateInvalid', `There are ${lines.length} templates; at most ${MOST_TEMPLATES} are allowed.`);
  return lines.map(({ template, line }) => checkTemplate(template, lines.length > 1 ? `Template ${line}` : 'The template'));
}

/**
 * @param {string} template
 * @param {string} name of it in a refusal
 * @returns {string} the template
 * @throws {Error} `TemplateInvalid`
 */
export function checkTemplate(template, name) {
  const said = `${name} ("${template.length > 60 ? `${template.slice(0, 60)}…` : template}")`;
  const marks = template.split(MARK).length - 1;
  if (marks === 0) throw coded('TemplateInvalid', `${said} has no ${MARK}. Write ${MARK} where the source goes, for example "${PAPER_TEMPLATES[1]}".`);
  if (marks > 1) throw coded('TemplateInvalid', `${said} has ${marks} times ${MARK}. The source goes to one place: write ${MARK} once.`);
  if (utf8.encode(template).length > LONGEST_BYTES) throw coded('TemplateInvalid', `${said} is longer than 2,000 bytes. Shorten it.`);
  return template;
}
