/**
 * The two published figures and the single panel: which relation and sign each panel shows, and the
 * words around it (titles and colour bars as Elhelo & Geva 2024 word them).
 */

const COPYING = 'name_copying';
const CAPITAL = 'country_to_capital';

/** What each figure scores and in what corner its legend stands. */
const FIGURES = Object.freeze({
  A: {
    relations: [COPYING],
    corner: 'top',
    panels: [
      { relation: COPYING, sign: 'relation', title: 'Name-Copying heads', barName: 'Name Copying score' },
      { relation: COPYING, sign: 'suppression', title: '(Suppression) Name-Copying heads', barName: '(Suppression) Name Copying score' },
    ],
  },
  B: {
    relations: [COPYING, CAPITAL],
    corner: 'bottom',
    panels: [
      { relation: COPYING, sign: 'relation', title: 'Name Copying heads', barName: 'Name Copying score' },
      { relation: CAPITAL, sign: 'relation', title: 'Country to capital heads', barName: 'Country to capital score' },
    ],
  },
});

/**
 * @typedef {object} PanelPlan
 * @property {string} relation  name of the relation in the result
 * @property {'relation' | 'suppression'} sign
 * @property {string} title     without the model
 * @property {string} barName
 * @property {'top' | 'bottom'} corner of the legend
 */

/**
 * @param {'A' | 'B'} figure
 * @returns {string[]} names of the relations it scores
 */
export function figureRelations(figure) {
  return FIGURES[figure].relations;
}

/**
 * @param {'A' | 'B' | 'single'} figure
 * @param {{name: string, title: string}[]} relations what was scored; without a published figure each
 *   relation has one panel
 * @param {'relation' | 'suppression'} sign of those panels
 * @returns {PanelPlan[]}
 */
export function panelPlans(figure, relations, sign) {
  if (figure !== 'single') {
    const { corner, panels } = FIGURES[figure];
    return panels.map((panel) => ({ ...panel, corner }));
  }
  const prefix = sign === 'suppression' ? '(Suppression) ' : '';
  return relations.map(({ name, title }) => ({
    relation: name,
    sign,
    title: `${prefix}${title} heads`,
    barName: `${prefix}${title} score`,
    corner: 'top',
  }));
}

/** How the papers write the names of the hub's repositories. */
const WRITTEN = Object.freeze({
  gpt2: 'GPT-2',
  'gpt2-medium': 'GPT-2 medium',
  'gpt2-large': 'GPT-2 large',
  'gpt2-xl': 'GPT-2 XL',
  distilgpt2: 'DistilGPT-2',
});

/**
 * @param {{name: string, repository?: string | null, planted?: boolean, source?: string}} model
 * @returns {string} the model's name as a title writes it
 */
export function modelTitle({ name, repository, planted, source }) {
  if (planted && source === 'bundled') return 'Planted model';
  const last = (repository ?? '').split('/').pop();
  return WRITTEN[last] ?? WRITTEN[name] ?? name;
}

/**
 * The known heads that belong on a panel: of the first set that names the panel's relation, or else of the first
 * that has heads for its sign.
 * @param {object[]} sets entries of known-heads.json
 * @param {PanelPlan} plan
 * @param {{nLayer: number, nHead: number}} shape heads outside it are left out
 * @returns {{title: string, corner: string, groups: object[]} | null} null when the panel has none
 */
export function marksFor(sets, plan, { nLayer, nHead }) {
  const fits = ([layer, head]) => layer < nLayer && head < nHead;
  const candidates = sets.map((set) => ({
    title: set.title,
    corner: plan.corner,
    groups: set.groups
      .filter((group) => group.panel === 'any' || group.panel === plan.sign)
      .filter((group) => !group.relation || group.relation === plan.relation)
      .map((group) => ({ ...group, heads: group.heads.filter(fits) }))
      .filter((group) => group.heads.length > 0),
  })).filter(({ groups }) => groups.length > 0);
  return candidates.find(({ groups }) => groups.some((group) => group.relation === plan.relation)) ?? candidates[0] ?? null;
}

/**
 * @param {{groups: {name: string, heads: number[][]}[]} | null} marks
 * @param {{layer: number, head: number}} cell
 * @returns {string[]} classes of a known head, in the legend's words
 */
export function classesOf(marks, { layer, head }) {
  if (!marks) return [];
  return marks.groups
    .filter((group) => group.heads.some(([l, h]) => l === layer && h === head))
    .map((group) => group.name);
}
