/** Lines of the table, and the machine that they were measured on. */
import { cpus, loadavg } from 'node:os';
import { output } from '../../scripts/lib/run.mjs';

/** The middle of the values; of an even number the upper of the two. */
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

export const seconds = (s) => `${s < 10 ? s.toFixed(2) : s.toFixed(1)} s`;
export const percent = (x) => `${(100 * x).toFixed(2)} %`;
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
export const gflops = (x) => `${x < 10 ? x.toFixed(2) : x.toFixed(1)} GFLOP/s`;
/** "median (of n: all of them)" */
export const of = (values, unit) => `${unit(median(values))} (${values.map((v) => unit(v).split(' ')[0]).join(', ')})`;

export class Table {
  lines = [];
  numbers = {};
  /** Sentences about what must hold and does not. */
  wrong = [];

  /**
   * @param {string} what @param {string} measured
   * @param {{goal?: string, reached?: boolean}} [goal]
   */
  add(what, measured, { goal = '', reached } = {}) {
    this.lines.push([what, measured, goal, reached === undefined ? '' : reached ? 'yes' : 'no']);
    // At once, too: a run that is stopped has not measured for nothing.
    console.error(`  ${what}: ${measured}`);
  }

  /** What must be zero; anything else makes the benchmark fail. */
  mustBeZero(what, count, of_) {
    this.add(what, `${count} of ${of_}`, { goal: '0', reached: count === 0 });
    if (count !== 0) this.wrong.push(`${what}: ${count} of ${of_}`);
  }

  markdown() {
    const rows = [['', 'measured', 'goal', 'reached'], ['---', '---', '---', '---'], ...this.lines];
    return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  }
}

const loads = [];
/** Notes how busy the machine is; the table says the most. */
export const noteLoad = () => loads.push(loadavg()[0]);

/** One line: date, processor, browser, load. */
export function machine(browserVersion) {
  const [cpu] = cpus();
  const revision = output('git', ['rev-parse', '--short', 'HEAD']) ?? 'unknown';
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${cpus().length} x ${cpu.model.trim()}, Node ${process.versions.node}, ` +
    `Chromium ${browserVersion} headless, revision ${revision}; load average when each part began: ${loads.map((l) => l.toFixed(1)).join(', ')}`;
}
