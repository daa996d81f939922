/** Claim: looks keep what was held two minutes ago and the highest they saw, and say nothing as long as there is nothing to compare with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { Looks } from './looks.ts';

function seen(heap: FakeHeap, liveBytes: number): Parameters<Looks['push']>[1] {
  const sample = heap.sample();
  return { ...sample, summary: { ...sample.summary, liveBytes } };
}

test('one look is nothing to compare with', () => {
  const looks = new Looks();
  assert.equal(looks.earlier(0), undefined);
  looks.push(0, seen(new FakeHeap(), 100));
  looks.push(3, seen(new FakeHeap(), 200));
  assert.equal(looks.earlier(3), undefined);
});

test('the oldest look that counts is two minutes old, and the peak is as old as it is', () => {
  const looks = new Looks();
  const heap = new FakeHeap();
  for (let time = 0; time <= 300; time += 1) looks.push(time, seen(heap, time === 40 ? 9000 : 1000 + time));
  const earlier = looks.earlier(300);
  assert.equal(earlier?.seconds, 120);
  assert.equal(earlier.liveBytes, 1180);
  assert.deepEqual(earlier.peak, { liveBytes: 9000, seconds: 260 });
});

test('what is held is known by the names that verdicts use', () => {
  const heap = new FakeHeap();
  heap.work(12_000_000);
  const looks = new Looks();
  looks.push(0, seen(heap, 1));
  const { caches = {} } = looks.earlier(10) ?? {};
  const { caches: rows, arenas } = heap.sample();
  assert.ok((caches['large segments'] ?? 0) > 0);
  assert.equal(caches['large segments'], arenas[0]?.heap?.largeLiveBytes);
  const small = rows.filter(({ slabBytes, liveBytes }) => slabBytes > 0 && liveBytes > 0);
  assert.equal(Object.keys(caches).length, small.length + 1);
  for (const row of small) assert.equal(caches[row.name], row.liveBytes);
});
