/** Claim: estimates become whole numbers that come to the total with their rest, whatever they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../demo/generate.ts';
import { fitted, sane } from './amounts.ts';

test('what estimates miss is the rest', () => {
  assert.deepEqual(fitted([10, 20.5, 0.25, 0.25], 100), { values: [10, 21, 0, 0], rest: 69 });
});

test('estimates that come to more are made smaller in proportion', () => {
  assert.deepEqual(fitted([300, 100], 40), { values: [30, 10], rest: 0 });
});

test('figures that make no sense are nothing', () => {
  assert.deepEqual(fitted([Number.NaN, -3, 5], 9), { values: [0, 0, 5], rest: 4 });
  assert.deepEqual(fitted([1, 2], Number.NaN), { values: [0, 0], rest: 0 });
  assert.equal(sane(Infinity), 0);
});

test('the sum is the total, to the byte, and no value is off by one or more', () => {
  const next = random(11);
  for (let round = 0; round < 300; round += 1) {
    const estimates = Array.from({ length: Math.floor(next() * 50) }, () => next() * 10 ** Math.floor(next() * 9));
    const total = Math.floor(next() * 1e9);
    const { values, rest } = fitted(estimates, total);
    assert.equal(values.reduce((a, b) => a + b, 0) + rest, total);
    assert.ok(rest >= 0 && values.every((value) => Number.isInteger(value) && value >= 0));
    const sum = estimates.reduce((a, b) => a + b, 0);
    if (sum <= total) values.forEach((value, index) => assert.ok(Math.abs(value - (estimates[index] ?? 0)) <= 1));
  }
});
