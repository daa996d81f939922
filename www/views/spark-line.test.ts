/** Claim: a trail fills its line from the right, its lowest value at the foot and its highest at the top. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkPoints } from './spark-line.ts';

test('points run from foot to top and end at the right', () => {
  assert.equal(sparkPoints([0, 5, 10], 3), '0.0,18.0 42.0,10.0 84.0,2.0');
  assert.equal(sparkPoints([3, 4], 3), '42.0,18.0 84.0,2.0');
});

test('what does not change is a level line, nothing at the foot', () => {
  assert.equal(sparkPoints([7, 7], 2), '0.0,10.0 84.0,10.0');
  assert.equal(sparkPoints([0, 0], 2), '0.0,18.0 84.0,18.0');
});
