/** Claim: every field of a composition is a part, the parts are summed, and the sentence fits the state of the heap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { PARTS, difference, reusable, total, verdict } from './composition.ts';

test('each field of a composition is one part', () => {
  const fields = Object.keys(new FakeHeap().summary().composition).sort();
  assert.deepEqual(PARTS.map(({ key }) => String(key)).sort(), fields);
});

test('the parts of a heap at work add up to its memory', () => {
  const heap = new FakeHeap();
  for (let step = 0; step < 5; step += 1) {
    heap.work(300_000);
    heap.drop(0.4);
    assert.equal(difference(heap.summary()), 0);
  }
});

test('a composition that misses bytes is noticed', () => {
  const summary = new FakeHeap().summary();
  summary.composition.metadata -= 24;
  assert.equal(difference(summary), -24);
  assert.equal(total(summary.composition), summary.memoryBytes - 24);
});

test('the sentence names what is live, and what is free where that matters', () => {
  const summary = new FakeHeap().summary();
  const bare = { staticData: 0, stack: 0, magazines: 0, slabFree: 0, slabOverhead: 0, metadata: 0, foreign: 0 };
  const full = { ...summary, memoryBytes: 1_048_576, composition: { ...bare, live: 1_024_000, arenaFree: 24_576 } };
  assert.match(verdict(full), /1,000 KiB of 1 MiB|0\.98 MiB of 1 MiB/);
  assert.match(verdict(full), /will make memory grow/);
  const empty = { ...full, composition: { ...bare, live: 48_576, arenaFree: 1_000_000 } };
  assert.match(verdict(empty), /977 KiB is free inside the heap/);
  assert.equal(reusable(empty.composition), 1_000_000);
  assert.match(verdict({ ...summary, initialized: false }), /has not allocated anything yet/);
});
