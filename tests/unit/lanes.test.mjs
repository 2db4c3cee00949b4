/** How many requests at a time, on lines of a clock that the test moves. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LANES, Lanes } from '../../www/source/lanes.js';

const REQUEST = 16e6;

/**
 * Fetches requests one after the other over a line, `total` bytes a second for all and `each` for one connection.
 * @returns {{most: number, seconds: number, running: number[]}} running: requests at work, each 50 ms
 */
function fetchOver({ total, each = Infinity, requests = 12, lanes, clock }) {
  const [step, begun] = [50, clock.now];
  let waiting = requests;
  let at = [];
  const running = [];
  while (waiting || at.length) {
    while (waiting && lanes.may(at.length, at.reduce((sum, left) => sum + left, 0))) {
      at.push(REQUEST);
      waiting -= 1;
    }
    clock.now += step;
    const rate = Math.min(each, (typeof total === 'function' ? total(clock.now) : total) / at.length);
    at = at.map((left) => {
      const came = Math.min(left, rate * step / 1000);
      lanes.came(came, at.length);
      return left - came;
    });
    running.push(at.length);
    at = at.filter((left) => left > 0);
  }
  return { running, seconds: (clock.now - begun) / 1000 };
}

function overNewLine(options) {
  const clock = { now: 1 };
  return fetchOver({ ...options, clock, lanes: new Lanes(() => clock.now) });
}

const share = (running, n) => running.filter((count) => count === n).length / running.length;

test('a line that one request fills brings one after the other, and stays full', () => {
  const { running, seconds } = overNewLine({ total: 5e6, requests: 12 });
  // The first three end together; from then on one at a time, the next beginning shortly before its end.
  const later = running.slice(Math.ceil((3 * REQUEST / 5e6) / 0.05) + 1);
  assert.ok(share(later, 1) > 0.8, `${share(later, 1)}`);
  assert.ok(later.every((count) => count <= 2));
  assert.ok(seconds <= 1.03 * 12 * REQUEST / 5e6, `${seconds} s`);
});

test('where each connection is slow, several stay', () => {
  const { running, seconds } = overNewLine({ total: 30e6, each: 3e6, requests: 24 });
  assert.ok(share(running, LANES) > 0.75, `${share(running, LANES)}`);
  assert.ok(seconds <= 1.2 * 24 * REQUEST / (LANES * 3e6), `${seconds} s`);
});

test('a fast line keeps several at work without a trial', () => {
  const { running } = overNewLine({ total: 100e6, requests: 60 });
  assert.ok(share(running, LANES) > 0.9, `${share(running, LANES)}`);
});

test('a line that becomes faster is tried anew', () => {
  const clock = { now: 1 };
  const lanes = new Lanes(() => clock.now);
  fetchOver({ total: 5e6, requests: 6, lanes, clock });
  const { running } = fetchOver({ total: 200e6, requests: 200, lanes, clock });
  assert.ok(share(running.slice(60), LANES) > 0.8, `${share(running.slice(60), LANES)}`);
});

test('a pause says nothing of the line', () => {
  const clock = { now: 1 };
  const lanes = new Lanes(() => clock.now);
  for (let i = 0; i < 100; i += 1) {
    clock.now += 50;
    lanes.came(4e6, 3);
  }
  lanes.rest();
  clock.now += 60_000;
  for (let i = 0; i < 2; i += 1) lanes.came(4e6, 3);
  assert.ok(lanes.may(2, 40e6), '80 MB a second before the pause');
});
