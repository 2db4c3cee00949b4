/** Workers that count tell each other in rounds: what each hears depends on what was told alone, not on who came first. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Meeting } from '../../www/meeting.js';
import { seeded } from './random.mjs';

const words = (...all) => Uint32Array.from(all);

test('a round ends when everybody has told or has left', () => {
  const meeting = new Meeting(3);
  const heard = [];
  const tell = (i, ...counts) => meeting.tell(i, words(...counts), (others) => heard.push([i, others && [...others]]));
  tell(0, 1, 10);
  tell(2, 3, 30);
  assert.deepEqual(heard, []);
  tell(1, 2, 20);
  assert.deepEqual(heard.splice(0).sort(), [[0, [5, 50]], [1, [4, 40]], [2, [3, 30]]]);
  tell(0, 4, 40);
  meeting.leave(1, words(7, 70));
  assert.deepEqual(heard, []);
  tell(2, 5, 50);
  assert.deepEqual(heard.splice(0).sort(), [[0, [12, 120]], [2, [11, 110]]]);
  meeting.leave(0, words(6, 60));
  // The last one hears those who left, at once.
  tell(2, 5, 50);
  assert.deepEqual(heard.splice(0), [[2, [13, 130]]]);
});

test('where somebody fails nobody waits', () => {
  const meeting = new Meeting(2);
  const heard = [];
  meeting.tell(0, words(1), (others) => heard.push(others));
  meeting.end();
  meeting.tell(0, words(2), (others) => heard.push(others));
  assert.deepEqual(heard, [null, null]);
});

test('any order in which they come gives the same to hear', () => {
  const dice = seeded(11);
  const members = 4;
  const rounds = [3, 1, 4, 2];
  const play = () => {
    const meeting = new Meeting(members);
    const heard = rounds.map(() => []);
    const round = new Array(members).fill(0);
    const waits = new Array(members).fill(false);
    const gone = new Array(members).fill(false);
    while (gone.some((is) => !is)) {
      const free = [...gone.keys()].filter((i) => !gone[i] && !waits[i]);
      const i = free[Math.floor(dice() * free.length)];
      if (round[i] === rounds[i]) {
        gone[i] = true;
        meeting.leave(i, words(100 * (i + 1)));
        continue;
      }
      waits[i] = true;
      round[i] += 1;
      meeting.tell(i, words(10 ** i * round[i]), (others) => { heard[i].push(others[0]); waits[i] = false; });
    }
    return heard;
  };
  const first = play();
  assert.deepEqual(first.map((list) => list.length), rounds);
  for (let i = 0; i < 200; i += 1) assert.deepEqual(play(), first);
});
