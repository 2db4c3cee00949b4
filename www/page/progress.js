/**
 * How far a run is: a bar in counted work, the phase in words, the time left.
 */
import { el, setText } from './dom.js';
import { byteText, leftText } from './format.js';

const PHASES = Object.freeze({ reading: 'Reading weights', preparing: 'Preparing', scoring: 'Scoring heads' });

/**
 * @returns {{node: HTMLElement, render: (state: object) => void}}
 */
export function createProgress() {
  const bar = el('progress', { max: '1', value: 0, 'aria-label': 'Progress of the run', 'data-testid': 'progress' });
  const words = el('p', { 'data-testid': 'progress-text' });
  const node = el('div', { class: 'progress', hidden: true }, bar, words);
  return {
    node,
    render({ status, progress }) {
      node.hidden = status !== 'running' && status !== 'stopping';
      if (node.hidden) return;
      if (status === 'stopping') {
        setText(words, 'Stopping …');
        return;
      }
      bar.max = Math.max(1, progress?.total ?? 1);
      bar.value = progress?.done ?? 0;
      setText(words, progressWords(progress));
    },
  };
}

/**
 * @param {object | null} progress an event of scoreRelations
 * @returns {string} "Scoring layer 5 of 12 · 42 % · 120 MB of 286 MB read · about 4 s left"
 */
export function progressWords(progress) {
  if (!progress) return 'Starting …';
  const { phase, text, done, total, secondsLeft, bytesRead, bytesTotal, line } = progress;
  if (line?.waiting) return [line.waiting, fetchedWords(line)].join(' · ');
  if (line && line.fetched < line.total) {
    return [text || PHASES[phase] || phase, fetchedWords(line), line.rate ? `${byteText(Math.round(line.rate))}/s` : '', leftText(line.secondsLeft)].filter(Boolean).join(' · ');
  }
  return [
    text || PHASES[phase] || phase,
    total > 0 ? `${Math.floor((done / total) * 100)}\u00a0%` : '',
    bytesTotal > 0 && bytesRead < bytesTotal ? `${byteText(bytesRead)} of ${byteText(bytesTotal)} read` : '',
    leftText(secondsLeft),
  ].filter(Boolean).join(' · ');
}

const fetchedWords = ({ fetched, total }) => `${byteText(fetched)} of ${byteText(total)} fetched`;
