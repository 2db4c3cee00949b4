/**
 * Choosing the model: one that comes with the page, one of the hub's, files of the reader's own, or a
 * mirror's address. Nothing is fetched from elsewhere before a click.
 */
import { coded } from '../errors.js';
import { choice, el, labelled, setText } from './dom.js';
import { modelFiles } from './file-drop.js';
import { byteText } from './format.js';
import { recallFiles } from './remembered-files.js';

const FILES = 'files';
const MIRROR = 'mirror';

const sizeText = (entry) => `${entry.bytes_approximate ? 'about ' : ''}${byteText(entry.bytes)}`;

/**
 * @param {object} options
 * @param {{models: {id: string, label: string, repository: string, revision: string, bytes: number}[]}} options.catalogue
 * @param {object} options.session
 * @param {{id: string, label: string, words: string, spec: object}[]} options.bundled models that come with the page
 * @param {{id: string}} options.first the one that is opened with the page
 * @returns {{node: HTMLElement, offer: (files: File[]) => void, render: (state: object) => void}}
 */
export function createModelChooser({ catalogue, session, bundled, first }) {
  let chosen = first.id;
  let busy = false;
  const select = choice('model-select', async (value) => {
    chosen = value;
    show();
    // It is here already and takes a moment: no button is worth it.
    const here = bundled.find(({ id }) => id === value);
    if (here && await session.open(here.spec, here.words)) session.run();
  });
  select.setOptions([
    ...bundled.map(({ id, label }) => ({ value: id, label })),
    ...catalogue.models.map((entry) => ({ value: entry.repository, label: `${entry.label} · ${sizeText(entry)}` })),
    { value: FILES, label: 'Files on this computer' },
    { value: MIRROR, label: 'A mirror’s address' },
  ], chosen);

  const hubButton = el('button', { type: 'button', 'data-testid': 'open-hub', on: { click: openHub } });
  const hubHint = el('p', { class: 'hint' });
  const hub = el('div', { class: 'way' }, hubButton, hubHint);

  const fileInput = el('input', { type: 'file', multiple: true, accept: '.safetensors,.json', 'data-testid': 'model-files', on: { change: () => openFiles(fileInput) } });
  const folderInput = el('input', { type: 'file', webkitdirectory: true, 'data-testid': 'model-folder', on: { change: () => openFiles(folderInput) } });
  const drop = el('div', { class: 'drop', 'data-testid': 'model-drop' },
    el('p', {}, 'Drop ', el('code', {}, 'model.safetensors'), ' here, or its folder; ', el('code', {}, 'config.json'),
      ' and ', el('code', {}, 'tokenizer.json'), ' are read when they are there.'),
    el('div', { class: 'buttons' },
      el('label', { class: 'button' }, 'Choose files', fileInput),
      el('label', { class: 'button' }, 'Choose a folder', folderInput)));
  const again = el('button', { type: 'button', hidden: true, 'data-testid': 'model-again' });
  recallFiles().then((last) => {
    if (!last) return;
    setText(again, `Open "${last.name}" of the last visit`);
    again.hidden = false;
    again.addEventListener('click', () => last.files().then(offer, session.fail));
  });
  const files = el('div', { class: 'way' }, drop, again, el('p', { class: 'hint' }, 'The files stay on this computer.'));

  const address = el('input', { type: 'url', placeholder: 'https://example.org/gpt2/', autocomplete: 'off', spellcheck: 'false', 'data-testid': 'mirror-address' });
  const mirrorButton = el('button', { type: 'submit', 'data-testid': 'open-mirror' }, 'Open');
  const mirror = el('form', { class: 'way', on: { submit: openMirror } },
    labelled('Base address', address, 'The folder that holds model.safetensors, or its manifest.json. The server must answer ranges and allow this page (CORS).'),
    mirrorButton);

  const node = el('section', { class: 'choice', 'aria-labelledby': 'choose-model' },
    el('h2', { id: 'choose-model' }, 'Model'), labelled('Which weights', select.node), hub, files, mirror);

  function show() {
    hub.hidden = !catalogue.models.some(({ repository }) => repository === chosen);
    files.hidden = chosen !== FILES;
    mirror.hidden = chosen !== MIRROR;
    const entry = catalogue.models.find(({ repository }) => repository === chosen);
    if (entry) {
      setText(hubButton, `Open ${entry.label}`);
      setText(hubHint, `Reads the header of the file first, a few kilobytes of ${sizeText(entry)}. The weights are fetched when you press the button that names their megabytes.`);
    }
  }

  function openHub() {
    const entry = catalogue.models.find(({ repository }) => repository === chosen);
    if (!entry || busy) return;
    session.open({
      kind: 'url',
      base: `https://huggingface.co/${entry.repository}/resolve/${entry.revision}/`,
      kindOfSource: 'hub',
      name: entry.label,
      repository: entry.repository,
      revision: entry.revision,
    }, entry.label);
  }

  function openMirror(event) {
    event.preventDefault();
    if (busy) return;
    let base;
    try {
      base = new URL(address.value.trim(), document.baseURI);
      if (!/^https?:$/.test(base.protocol)) throw new Error('protocol');
    } catch {
      session.fail(coded('SourceUnreachable', `"${address.value}" is not an address. Give one that begins with https://.`));
      return;
    }
    if (!base.pathname.endsWith('/') && !base.pathname.endsWith('.json')) base.pathname += '/';
    session.open({ kind: 'url', base: base.href, kindOfSource: 'mirror', name: base.pathname.endsWith('.json') ? undefined : base.pathname.split('/').filter(Boolean).pop() ?? base.host }, base.host);
  }

  function openFiles(input) {
    const picked = [...input.files];
    // The same file can be chosen again after an error.
    input.value = '';
    offer(picked);
  }

  function offer(picked) {
    if (busy || picked.length === 0) return;
    const wanted = modelFiles(picked);
    const planted = wanted.some(({ name }) => name === 'planted.json');
    session.open({ kind: 'files', files: wanted, planted }, wanted[0].name);
  }

  drop.addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('over'); });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    // The page takes what is dropped anywhere; here it only has to look caught.
    event.preventDefault();
    drop.classList.remove('over');
  });
  show();

  return {
    node,
    /** Files dropped anywhere on the page. */
    offer(picked) {
      chosen = FILES;
      select.node.value = FILES;
      show();
      offer(picked);
    },
    render(state) {
      busy = state.status !== 'ready';
      for (const control of [select.node, hubButton, mirrorButton, fileInput, folderInput]) control.disabled = busy;
      node.classList.toggle('busy', busy);
    },
  };
}
