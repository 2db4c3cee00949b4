/**
 * Making elements. Text only ever goes in as text nodes, so that nothing a file says becomes markup.
 */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on` holds event listeners; a `false` or `null` attribute is
 *   left out; `true` gives an attribute without a value; `value` and `checked` are set as properties
 * @param {...(Node | string | null | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === 'value' || name === 'checked') {
      node[name] = value;
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== false));
  return node;
}

/**
 * Change text without touching a node that already says it (a live region would speak twice).
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let controls = 0;

/**
 * A labelled control.
 * @param {string} label
 * @param {HTMLElement} control gets an id
 * @param {string} [hint] small text under it
 * @returns {HTMLElement}
 */
export function labelled(label, control, hint) {
  controls += 1;
  control.id = control.id || `control-${controls}`;
  if (hint) control.setAttribute('aria-describedby', `${control.id}-hint`);
  return el('div', { class: 'control' },
    el('label', { for: control.id }, label),
    control,
    hint ? el('p', { class: 'hint', id: `${control.id}-hint` }, hint) : null);
}

/**
 * A `<select>` whose options can be replaced without losing the choice.
 * @param {string} testid
 * @param {(value: string) => void} onChange
 * @returns {{node: HTMLSelectElement, setOptions: (options: {value: string, label: string}[], chosen: string) => void}}
 */
export function choice(testid, onChange) {
  const node = el('select', { 'data-testid': testid, on: { change: () => onChange(node.value) } });
  let written = '';
  return {
    node,
    setOptions(options, chosen) {
      const now = JSON.stringify(options);
      if (now !== written) {
        node.replaceChildren(...options.map(({ value, label }) => el('option', { value }, label)));
        written = now;
      }
      if (node.value !== chosen) node.value = chosen;
    },
  };
}

/**
 * A row of radio buttons that looks like one switch.
 * @param {object} options
 * @param {string} options.legend
 * @param {boolean} [options.quiet] the legend is for screen readers only
 * @param {string} options.name of the group; also the beginning of the test ids
 * @param {{value: string, label: string}[]} options.options
 * @param {(value: string) => void} options.onChange
 * @returns {{node: HTMLElement, set: (value: string) => void}}
 */
export function radios({ legend, quiet = false, name, options, onChange }) {
  const inputs = options.map(({ value }) => {
    const input = el('input', { type: 'radio', name, id: `${name}-${value}`, 'data-testid': `${name}-${value}` });
    input.addEventListener('change', () => onChange(value));
    return input;
  });
  const node = el('fieldset', { class: 'radios' }, el('legend', { class: quiet ? 'unseen' : null }, legend),
    el('div', { class: 'switch' }, ...options.flatMap(({ value, label }, index) => [
      inputs[index], el('label', { for: `${name}-${value}` }, label),
    ])));
  return {
    node,
    set(value) {
      options.forEach((option, index) => { inputs[index].checked = option.value === value; });
    },
  };
}

/**
 * Terms and their descriptions.
 * @param {[string, string | Node][]} rows
 * @param {Record<string, unknown>} [attributes]
 * @returns {HTMLElement}
 */
export function definitions(rows, attributes = {}) {
  return el('dl', attributes, ...rows.map(([term, text]) => el('div', {}, el('dt', {}, term), el('dd', {}, text))));
}
