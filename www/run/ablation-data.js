/**
 * From an ablation document to the curve and its table.
 */
import { titleOfModel } from './in-use-data.js';
import { accuracies } from './tasks.js';

/**
 * @param {object} document valid
 * @returns {object} what figure/curve.js draws, with `tasks` (id, title, total, clean ...) and `order`
 */
export function curveOf(document) {
  const [main, ...rest] = document.tasks;
  const { ranked, random } = accuracies(main);
  return {
    title: `${titleOfModel(document)}: ${main.title}, heads removed`,
    xName: 'Heads removed', yName: 'Prompts answered right',
    ranked: { name: 'Highest static scores first', values: ranked },
    random: random && { name: `Other heads at random (mean, range of ${main.random.length})`, ...random },
    controls: rest.map((task) => ({ name: `Control: ${task.title}`, values: accuracies(task).ranked })),
    document,
  };
}

/** A share of a count: "12 of 155 (0.08)". */
export const shareText = (count, total) => `${count} of ${total} (${(count / total).toFixed(2)})`;

/**
 * @param {object} document
 * @param {number} step heads removed
 * @returns {{counts: number[], mean: number, low: number, high: number} | null} right answers of the first task over the draws, or null
 *   where not every draw goes so far
 */
export function drawsAt({ tasks: [main] }, step) {
  const counts = main.random.map((draw) => (step === 0 ? main.clean : draw[step - 1]));
  if (counts.length === 0 || counts.some((count) => count === undefined)) return null;
  return { counts, mean: counts.reduce((sum, count) => sum + count, 0) / counts.length, low: Math.min(...counts), high: Math.max(...counts) };
}

/**
 * @param {object} document
 * @param {number} step heads removed
 * @returns {string} what the curve says there, in words
 */
export function stepText(document, step) {
  const { order, tasks } = document;
  const [main, ...rest] = tasks;
  const right = (task) => (step === 0 ? task.clean : task.ranked[step - 1]);
  const removed = step === 0 ? 'No head removed' : `${step} ${step === 1 ? 'head' : 'heads'} removed, the last one layer ${order[step - 1][0]}, head ${order[step - 1][1]}`;
  const draws = drawsAt(document, step);
  return [
    `${removed}: ${shareText(right(main), main.total)} right`,
    draws && step > 0 ? `at random ${draws.mean.toFixed(1)} (${draws.low} to ${draws.high})` : '',
    ...rest.map((task) => `${task.title} ${shareText(right(task), task.total)}`),
  ].filter(Boolean).join(' · ');
}
