/** Claim: the ring keeps the newest samples in order, and growth between two samples becomes one event with its circumstances. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { History, TRAIL } from './history.ts';
import type { Summary } from './records.ts';

function summaryWith(pages: number, growths: number, live: number): Summary {
  const base = new FakeHeap().summary();
  const memoryBytes = pages * 65536;
  const composition = { staticData: 0, stack: 0, live, magazines: 0, slabFree: 0, slabOverhead: 0, arenaFree: memoryBytes - live, metadata: 0, foreign: 0 };
  return { ...base, pages, memoryBytes, growths, composition };
}

test('a full ring forgets the oldest sample and counts it still', () => {
  const history = new History(3);
  for (let time = 0; time < 5; time += 1) history.push(time, summaryWith(2, 0, time * 10), []);
  assert.equal(history.length, 3);
  assert.equal(history.recorded, 5);
  assert.deepEqual(history.columns().slice(0, 2), [[2, 3, 4], [20, 30, 40]]);
  assert.equal(history.at(0)?.time, 2);
  assert.equal(history.at(-1), undefined);
});

test('columns of the last seconds leave out what is older', () => {
  const history = new History();
  for (let time = 0; time < 10; time += 1) history.push(time, summaryWith(2, 0, 0), []);
  assert.deepEqual(history.columns(3)[0], [6, 7, 8, 9]);
});

test('growth is an event with calls, live bytes and what the program did', () => {
  const history = new History();
  history.push(0, summaryWith(2, 1, 100), []);
  history.push(1, summaryWith(2, 1, 900), []);
  history.push(2, summaryWith(10, 4, 400_000), [], 'opening a.json');
  assert.equal(history.growths.length, 1);
  const { time, fromPages, toPages, calls, foreignCalls, liveBefore, liveAfter, during } = history.growths[0] ?? assert.fail('no event');
  assert.deepEqual({ time, fromPages, toPages, calls, foreignCalls, liveBefore, liveAfter, during },
    { time: 2, fromPages: 2, toPages: 10, calls: 3, foreignCalls: 0, liveBefore: 900, liveAfter: 400_000, during: 'opening a.json' });
});

test('samples that do not add up are counted', () => {
  const history = new History();
  const wrong = summaryWith(2, 0, 0);
  wrong.composition.stack = 8;
  history.push(0, summaryWith(2, 0, 0), []);
  history.push(1, wrong, []);
  assert.equal(history.mismatches, 1);
  assert.equal(history.at(1)?.difference, 8);
});

test('a size class has a trail from its first use on, of bounded length', () => {
  const history = new History();
  const heap = new FakeHeap();
  history.push(0, heap.summary(), heap.caches());
  assert.deepEqual(history.trail(3), []);
  heap.work(100_000);
  for (let time = 1; time < TRAIL + 20; time += 1) history.push(time, heap.summary(), heap.caches());
  const row = heap.caches().find(({ live }) => live > 0) ?? assert.fail('nothing live');
  assert.equal(history.trail(row.class).length, TRAIL);
  assert.equal(history.trail(row.class).at(-1), row.liveBytes);
});
