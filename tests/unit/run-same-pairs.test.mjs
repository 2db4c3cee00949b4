/** Static scores are taken from the figure only where it shows these very pairs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samePairs } from '../../www/run/actions.js';

test('a relation of the same name and size is told apart by its pairs', () => {
  const result = { kept: [['Mary', 'Mary', 1, 1], ['John', 'John', 2, 2]], dropped: [['Xanthippe', 'Anne', 'the source is 3 tokens']] };
  assert.ok(samePairs([['Mary', 'Mary'], ['Xanthippe', 'Anne'], ['John', 'John']], result));
  assert.ok(!samePairs([['Mary', 'Mary'], ['Xanthippe', 'Anne'], ['John', 'Mary']], result));
  assert.ok(!samePairs([['Mary', 'Mary'], ['John', 'John']], result));
  assert.ok(!samePairs([['Mary', 'Mary'], ['Mary', 'Mary'], ['John', 'John']], result));
});
