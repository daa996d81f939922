/** Claim: what is said of leaks is what the records say: how many, how large, why, what they hold, and how certain that is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CYCLES, IMAGE, KNOWN, LISTS, NONE, UNKNOWN } from '../test/fake-leaks.ts';
import { ageWords, asText, CERTAINTY, exampleWords, heldWords, isRunning, NO_SEARCH, reason, stepWords, timeWords, wholeBytes } from './leaks.ts';

test('a group is as large as its leaks and all that they hold', () => {
  assert.equal(wholeBytes(LISTS), 46_296);
  assert.equal(heldWords(LISTS), '1,470 objects, 40.2 KiB');
  assert.equal(heldWords({ ...LISTS, held: 1, heldBytes: 24 }), '1 object, 24 B');
  assert.equal(heldWords(IMAGE), 'nothing');
});

test('a cycle is told from what nothing points to', () => {
  assert.equal(reason(LISTS).label, 'no pointer');
  assert.equal(reason(CYCLES).label, 'a cycle');
  assert.notEqual(reason(LISTS).says, reason(CYCLES).says);
});

test('what JavaScript may hold is not called a leak', () => {
  assert.equal(CERTAINTY.leak.label, 'leak');
  assert.equal(CERTAINTY.js.label, 'out of reach');
  assert.match(CERTAINTY.js.says, /unless JavaScript holds/);
});

test('an example says how it begins and what it holds', () => {
  const [first, second] = LISTS.examples;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(exampleWords(first), 'Its first words: 00000000 00000001 61626364 f0000000.');
  assert.equal(exampleWords(second), 'Its first words: 00000000 00000001 61626364 f0000001. It alone holds 1.26 KiB more.');
});

test('a search says how far it is and how long it took', () => {
  assert.equal(stepWords({ kind: 'copying', share: 0.999 }), 'Copying the memory, 99 %');
  assert.equal(stepWords({ kind: 'searching', share: 0.5 }), 'Following pointers, 50 %');
  assert.deepEqual([NO_SEARCH, { kind: 'searching' as const, share: 0 }, { kind: 'failed' as const, sentence: '' }].map(isRunning), [false, true, false]);
  assert.equal(timeWords({ search: 1_234, pause: 21.4 }), 'The search took 1.2 s; for at most 21 ms of that the page stood still.');
});

test('as text each group is a line', () => {
  const lines = asText(KNOWN).split('\n');
  assert.equal(lines.length, 5);
  assert.equal(lines[0], KNOWN.sentence);
  assert.equal(lines[1], '1 × segments of 1.25 MiB (1.25 MiB), leak, no pointer: 0x00800000');
  assert.match(asText(UNKNOWN), /9 × objects of 64 B \(1\.69 KiB\), out of reach, a cycle: 0x00200040 0x00200080/);
  assert.equal(asText(NONE), NONE.sentence);
});

test('how old is what a site still holds is said where it is on record', () => {
  const site = { id: 3, tag: 0, tags: [], frames: [], liveBytes: 1, liveCount: 1, bytes: 1, count: 1, samples: 2, liveSamples: 1, oldest: 1200, newest: 5 };
  assert.equal(ageWords({ sites: [site] }, 3), ', of which it holds some since 1,200 operations ago');
  assert.equal(ageWords({ sites: [{ ...site, liveSamples: 0 }] }, 3), '');
  assert.equal(ageWords({ sites: [] }, 3), '');
  assert.equal(ageWords(undefined, 3), '');
});
