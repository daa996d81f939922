/** Claim: the page names caches with much to give back and the last refusal, and finds a cache on the map. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DENSE, IDLE, LEFT, OBJECTS, PAIRS, SPARSE, TOKENS, VOICES } from '../test/fake-objects.ts';
import { advice, idleBytes, litClass, litNumber, refusalWords, spotlightOf } from './objects.ts';

const rows = OBJECTS.objectCaches;

test('a spotlight on the map stays with its cache, whatever its class is', () => {
  assert.equal(litClass(undefined, rows), undefined);
  assert.equal(litClass(4, rows), 4, 'a size class');
  assert.equal(litClass(spotlightOf(TOKENS), rows), TOKENS.class);
  assert.deepEqual([spotlightOf(TOKENS), 3, 0, undefined].map(litNumber), [TOKENS.number, undefined, undefined, undefined]);
  assert.equal(litClass(spotlightOf(TOKENS), [{ ...TOKENS, class: 400 }]), 254);
  assert.equal(litClass(spotlightOf(TOKENS), [SPARSE]), undefined);
});

test('the overview hears of caches that could give back a page and more, and of no others', () => {
  assert.deepEqual(advice([VOICES, PAIRS, LEFT, IDLE, DENSE]), []);
  assert.equal(idleBytes(TOKENS), 290 * 15 * 24);
  assert.deepEqual(advice([SPARSE, PAIRS]), ['The object cache paragraphs is fragmented: 460 KiB would go back if objects moved together.']);
  assert.deepEqual(advice([{ ...SPARSE, fragmented: false }]), []);
  assert.deepEqual(advice([{ ...SPARSE, reclaimableBytes: 65_535 }]), []);
  const three = [SPARSE, { ...SPARSE, number: 11, name: 'b', reclaimableBytes: 700_000 }, { ...SPARSE, number: 12, name: 'c' }];
  assert.match(advice(three)[0] ?? '', /^The object caches b, paragraphs and 1 other are fragmented: 1.57 MiB/);
  assert.match(advice(three.slice(0, 2))[0] ?? '', /caches b and paragraphs are/);
  const idle = { ...TOKENS, memoryBytes: 500_000 };
  assert.match(advice([idle])[0] ?? '', /^The object cache tokens keeps 102 KiB in magazines that nobody needed lately/);
});

test('the last refusal is told with what was asked besides', () => {
  assert.equal(refusalWords({ count: 3, size: 4096, align: 16, flags: 3 }), 'The last request that was refused asked for 4 KiB at a multiple of 16 (zeroed, without growth); 3 were refused in all.');
  assert.equal(refusalWords({ count: 1, size: 8, align: 8, flags: 0 }), 'The last request that was refused asked for 8 B at a multiple of 8; it is the only one.');
  assert.match(refusalWords({ count: 1, size: 8, align: 8, flags: 40 }), /must not fail, from the reserve/);
});
