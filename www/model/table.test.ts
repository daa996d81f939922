/** Claim: the cache table shows the rows that the filter asks for, in the order that is asked for, with sums of just these. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { COLUMNS, filtered, occupancy, ofSegments, reordered, sorted, sums } from './table.ts';

function rows(): ReturnType<FakeHeap['caches']> {
  const heap = new FakeHeap();
  heap.work(400_000);
  heap.drop(0.3);
  return heap.caches();
}

test('each column sorts both ways', () => {
  for (const column of COLUMNS) {
    const up = sorted(rows(), { key: column.key, descending: false }).map((row) => column.value(row));
    const down = sorted(rows(), { key: column.key, descending: true }).map((row) => column.value(row));
    assert.deepEqual(up, [...up].sort((a, b) => a - b), column.key);
    assert.deepEqual(down, [...up].reverse(), column.key);
  }
});

test('a second click turns the order, a first one shows the largest first, sizes the smallest', () => {
  assert.deepEqual(reordered({ key: 'live', descending: true }, 'live'), { key: 'live', descending: false });
  assert.deepEqual(reordered({ key: 'live', descending: false }, 'slabs'), { key: 'slabs', descending: true });
  assert.deepEqual(reordered({ key: 'live', descending: true }, 'size'), { key: 'size', descending: false });
});

test('the filter takes sizes, ranges, comparisons and names', () => {
  const sizes = (text: string): number[] => filtered(rows(), text, false).map(({ size }) => size);
  assert.deepEqual(sizes('64'), [64]);
  assert.deepEqual(sizes('32-56'), [32, 40, 48, 56]);
  assert.deepEqual(sizes('>=1536'), [1536, 1792, 2048, 4096, 8192, 12_288, 16_384]);
  assert.deepEqual(sizes(' < 24 '), [8, 16]);
  assert.deepEqual(sizes('> 12288'), [16_384]);
  assert.deepEqual(sizes('segments'), [4096, 8192, 12_288, 16_384]);
  assert.deepEqual(sizes('<=8'), [8]);
  assert.deepEqual(sizes('marble'), []);
  assert.equal(sizes('').length, rows().length);
});

test('unused classes are left out only when asked', () => {
  const unused = { allocations: 0, live: 0, magazineRounds: 0 };
  const [first, second, third, ...rest] = rows().map((row) => ({ ...row, allocations: 1 }));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  // Segments that no magazine has served yet are live or parked all the same.
  const some = [{ ...first, ...unused }, { ...second, ...unused, live: 1 }, { ...third, ...unused, magazineRounds: 1 }, ...rest];
  assert.deepEqual(filtered(some, '', true), some.slice(1));
  assert.equal(filtered(some, '', false).length, some.length);
});

test('sums are those of the rows shown; occupancy is weighed by places', () => {
  const shown = rows().slice(0, 2).map((row, index) => ({ ...row, live: index === 0 ? 10 : 30, objects: index === 0 ? 100 : 60 }));
  assert.equal(sums(shown).get('live'), 40);
  assert.equal(sums(shown).get('occupancy'), 0.25);
  const segments = rows().find(ofSegments) ?? assert.fail('no cache of segments');
  assert.equal(sums([...shown, { ...segments, live: 9 }]).get('occupancy'), 0.25, 'segments are in no slab');
  assert.equal(sums([...shown, { ...segments, live: 9 }]).get('live'), 49);
  assert.equal(sums([]).get('occupancy'), 0);
  assert.equal(occupancy({ ...(shown[0] ?? assert.fail('no row')), objects: 0 }), 0);
});
