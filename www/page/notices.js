/**
 * The one place where a failure is shown: a panel with the sentence, and a way to put it aside.
 */
import { el } from './dom.js';

/**
 * @param {{onDismiss: (id: number) => void}} options
 * @returns {{node: HTMLElement, render: (notices: {id: number, kind: string, text: string, code: string | null}[]) => void}}
 */
export function createNotices({ onDismiss }) {
  const errors = el('div', { role: 'alert', 'data-testid': 'errors' });
  const notes = el('div', { role: 'status', 'data-testid': 'notes' });
  const node = el('div', { class: 'notices' }, errors, notes);
  const written = new Map();

  return {
    node,
    render(notices) {
      const ids = new Set(notices.map(({ id }) => id));
      for (const [id, panel] of written) {
        if (!ids.has(id)) {
          panel.remove();
          written.delete(id);
        }
      }
      for (const notice of notices) {
        if (written.has(notice.id)) continue;
        const panel = noticePanel(notice, onDismiss);
        written.set(notice.id, panel);
        (notice.kind === 'error' ? errors : notes).append(panel);
      }
    },
  };
}

function noticePanel({ id, kind, text, code }, onDismiss) {
  return el('div', { class: `notice ${kind}`, 'data-testid': kind, 'data-code': code },
    el('p', {}, text),
    el('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss this message', on: { click: () => onDismiss(id) } }, 'Dismiss'));
}
