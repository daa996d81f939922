/** Claim: every field of a composition is a part, and the parts are summed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { PARTS, difference, reusable, total } from './composition.ts';

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

test('what can be handed out again is in magazines, in slabs and in the arena', () => {
  const composition = { staticData: 1, stack: 2, live: 4, magazines: 8, slabFree: 16, slabOverhead: 32, arenaFree: 64, metadata: 128, foreign: 256 };
  assert.equal(reusable(composition), 88);
});
