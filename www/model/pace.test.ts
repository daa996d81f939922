/** Claim: rests follow what work usually takes, and one slow run does not count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENTLE_INTERVAL, GENTLE_REST, Pace } from './pace.ts';

test('a rest is so many times what the work takes', () => {
  const pace = new Pace(10_000);
  assert.equal(pace.rest(GENTLE_REST), 0, 'nothing is known yet');
  pace.note(40);
  assert.equal(pace.rest(GENTLE_REST), 0, 'what runs the first time is slow');
  pace.note(2);
  assert.equal(pace.rest(GENTLE_REST), 500);
  assert.ok(2 / (2 + pace.rest(GENTLE_REST)) < 0.005);
});

test('what is slow once does not count, what stays slow does', () => {
  const pace = new Pace(10_000);
  for (const cost of [2, 60, 2, 4, 4]) pace.note(cost);
  assert.equal(pace.rest(100), 300);
  for (const cost of [10, 12, 60, 14, 16]) pace.note(cost);
  assert.equal(pace.rest(100), 1300);
});

test('no rest is so long that the page seems to stand still', () => {
  const pace = new Pace(10_000);
  pace.note(5000);
  pace.note(5000);
  assert.equal(pace.rest(GENTLE_REST), 10_000);
  assert.ok(GENTLE_INTERVAL < 10_000);
});
