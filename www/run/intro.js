/**
 * What a view says before anything has run.
 */
import { el } from '../page/dom.js';

/** @type {(heading: string, ...sentences: string[]) => HTMLElement} */
export function intro(heading, ...paragraphs) {
  return el('div', { class: 'intro' }, el('h3', {}, heading), ...paragraphs.map((paragraph) => el('p', {}, paragraph)));
}
