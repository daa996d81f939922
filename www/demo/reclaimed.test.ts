/** Claim: what each step of giving memory back gave is said with its unit, and that nothing was given is said, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from './reclaimed.ts';

test('every step has its figure, in the order of the steps', () => {
  const sentence = told({ depots: 1024, slabs: 2048, owners: 0, moves: 300 });
  assert.deepEqual(sentence.match(/\d[\d.,]* (B|KiB|MiB)/g), ['3.29 KiB', '1 KiB', '2 KiB', '0 B', '300 B']);
  assert.match(sentence, /^[^.]+(\.\d+[^.]+)*\.$/);
});

test('nothing is said to be nothing', () => {
  assert.match(told({ depots: 0, slabs: 0, owners: 0, moves: 0 }), /^Nothing was left/);
});
