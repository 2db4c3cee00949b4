/** Workers that count tell each other in rounds: what each hears depends on what was told alone, not on who came first. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Meetings } from '../../www/meeting.js';
import { seeded } from './random.mjs';

const words = (...all) => Uint32Array.from(all);

/** Members whose messages lie in queues, one for each pair, until `deliver` takes the next of one. */
function members(n) {
  const queues = new Map();
  const all = Array.from({ length: n }, (_, i) => {
    const others = [...Array(n).keys()].filter((j) => j !== i);
    return new Meetings(n - 1, (other, message) => queues.get(`${i} ${others[other]}`).push(message));
  });
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) if (i !== j) queues.set(`${i} ${j}`, []);
  const waiting = () => [...queues].filter(([, queue]) => queue.length).map(([pair]) => pair);
  const deliver = (pair) => {
    const [i, j] = pair.split(' ').map(Number);
    all[j].hear(i < j ? i : i - 1, queues.get(pair).shift());
  };
  const deliverAll = () => { while (waiting().length) deliver(waiting()[0]); };
  return { all, waiting, deliver, deliverAll };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a round ends when everybody has told or has left', async () => {
  const { all, deliverAll } = members(3);
  const heard = [];
  const tell = (i, ...counts) => all[i].tell(1, words(...counts)).then((others) => heard.push([i, others && [...others]]));
  tell(0, 1, 10);
  tell(2, 3, 30);
  deliverAll();
  await settled();
  assert.deepEqual(heard, []);
  tell(1, 2, 20);
  deliverAll();
  await settled();
  assert.deepEqual(heard.splice(0).sort(), [[0, [5, 50]], [1, [4, 40]], [2, [3, 30]]]);
  tell(0, 4, 40);
  all[1].leave(1, words(7, 70));
  deliverAll();
  await settled();
  assert.deepEqual(heard, []);
  tell(2, 5, 50);
  deliverAll();
  await settled();
  assert.deepEqual(heard.splice(0).sort(), [[0, [12, 120]], [2, [11, 110]]]);
  all[0].leave(1, words(6, 60));
  deliverAll();
  // The last one hears those who left, at once.
  tell(2, 5, 50);
  await settled();
  assert.deepEqual(heard.splice(0), [[2, [13, 130]]]);
});

test('where somebody fails, or we are told so, nobody waits', async () => {
  for (const end of [(all) => all[1].fail(1), (all) => all[0].end(1), (all) => all[0].end()]) {
    const { all, deliverAll } = members(2);
    const first = all[0].tell(1, words(1));
    end(all);
    deliverAll();
    assert.equal(await first, null);
    assert.equal(await all[0].tell(1, words(2)), null);
  }
  // Before it has begun, and not after it is over.
  const { all, deliverAll } = members(2);
  all[0].end(1);
  assert.equal(await all[0].tell(1, words(1)), null);
  all[0].leave(1, words(1));
  all[0].end(1);
  all[1].leave(1, words(2));
  const next = all[0].tell(2, words(3));
  all[1].leave(2, words(4));
  deliverAll();
  assert.deepEqual(await next, words(4));
});

test('any order in which they come gives the same to hear, through several meetings', async () => {
  const dice = seeded(11);
  const rounds = [[3, 1, 4, 2], [0, 2, 2, 1], [1, 0, 0, 3]];
  const counts = (key, i, round) => words((10 ** i) * (round + 1), key);
  const play = async () => {
    const { all, waiting, deliver } = members(4);
    let going = 4;
    const one = async (meetings, i) => {
      const heard = [];
      for (let key = 1; key <= rounds.length; key += 1) {
        for (let round = 0; round < rounds[key - 1][i]; round += 1) heard.push([...await meetings.tell(key, counts(key, i, round))]);
        meetings.leave(key, counts(key, i, 8));
      }
      going -= 1;
      return heard;
    };
    const playing = Promise.all(all.map(one));
    while (going > 0) {
      const pairs = waiting();
      assert.ok(pairs.length, 'nobody waits for ever');
      deliver(pairs[Math.floor(dice() * pairs.length)]);
      await settled();
    }
    return playing;
  };
  const first = await play();
  assert.deepEqual(first.map((heard) => heard.length), [4, 3, 6, 6]);
  // In the second round member 1 has left, in the third member 3 too.
  assert.deepEqual(first[0].slice(0, 3), [[10 + 100 + 1000, 3], [90 + 200 + 2000, 3], [90 + 300 + 9000, 3]]);
  for (let i = 0; i < 50; i += 1) assert.deepEqual(await play(), first);
});
