/**
 * The published values of the two figures beside the computed ones. They were read off pictures by eye, so
 * each is a range; a computed score agrees when it lies in the range, rounded as the eye rounds.
 */
import { readCell } from '../figure/grid.js';

/** Reading a colour off a picture is not finer than this. */
export const EYE = 0.05;

/**
 * Whether a model is the one that the figure was published for: the pinned revision of the hub, or a file
 * whose hash was checked. A file of the same shape and name is not enough.
 * @param {{source: string, repository: string | null, revision: string | null, sha256: string | null, checked?: string | null}} model
 * @param {{repository: string, revision: string, sha256: string | null}} entry of models.json
 * @returns {boolean}
 */
export function isPublished(model, entry) {
  if (model.checked === 'differs') return false;
  const pinned = model.source === 'hub' && model.repository === entry.repository && model.revision === entry.revision;
  const checked = entry.sha256 !== null && entry.sha256 !== undefined && model.sha256 === entry.sha256;
  return pinned || checked;
}

/**
 * @param {object} published published.json
 * @param {object[]} models models.json
 * @param {object} model of the figure on the page
 * @returns {object | null} the published figure of this model
 */
export function publishedFor(published, models, model) {
  if (model.planted) return null;
  const entry = models.find((each) => isPublished(model, each));
  const key = entry?.repository.split('/').pop();
  return key && Object.hasOwn(published, key) ? published[key] : null;
}

/**
 * @param {{panels: {relation: string, sign: string, values: number[][]}[]}} figure of published.json
 * @param {object[]} panels of panelsOf
 * @returns {{title: string, layer: number, head: number, low: number, high: number, score: number | null, agrees: boolean | null}[]}
 */
export function comparePublished(figure, panels) {
  return figure.panels.flatMap(({ relation, sign, values }) => {
    const panel = panels.find((each) => each.relation === relation && each.sign === sign);
    if (!panel) return [];
    return values
      .filter(([layer, head]) => layer < panel.grid.nLayer && head < panel.grid.nHead)
      .map(([layer, head, low, high]) => {
        const { score } = readCell(panel.grid, layer, head);
        const agrees = score === null ? null : score >= low - EYE && score <= high + EYE;
        return { title: panel.barName, layer, head, low, high, score, agrees };
      });
  });
}
