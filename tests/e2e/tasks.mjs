/** How long the page's main thread was at one task: of the processor's time, since the machine may be busy with others. */
import assert from 'node:assert/strict';

/** Longer tasks can be felt. */
export const LONGEST_TASK_MS = 50;

/**
 * Watches the tasks of all pages of a browser while `action` runs.
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} action
 * @returns {Promise<number[]>} milliseconds of processor time of each task, the longest first
 */
export async function tasksDuring(browser, page, action) {
  await browser.startTracing(page, { categories: ['-*', 'toplevel'] });
  let trace;
  try {
    await action();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString());
  const key = ({ pid, tid }) => `${pid}/${tid}`;
  const pages = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(key));
  const tasks = traceEvents.filter((event) => event.name === 'ThreadControllerImpl::RunTask' && pages.has(key(event)));
  assert.ok(tasks.length > 10 && tasks.some(({ tdur }) => tdur > 0), `${tasks.length} tasks were seen`);
  // The shortest have no time of their own.
  return tasks.map(({ tdur, dur }) => (tdur ?? dur ?? 0) / 1000).sort((a, b) => b - a);
}
