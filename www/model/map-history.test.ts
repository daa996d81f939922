/** Claim: past maps keep owners and live shares in few bytes, cover all of the time that somebody looked, and are never more than 4 MiB. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { CAPACITY, CELLS, DENSE, folded, MapHistory, packed, unpacked, type Cells } from './map-history.ts';

function cells(owner: readonly number[], live: readonly number[]): Cells {
  return { granule: 4096, cells: owner.length, owner: Uint8Array.from(owner), live: Uint8Array.from(live) };
}

const SMALL = cells([3, 5], [255, 0]);

/** A history that was looked at for so many seconds, twice a second. */
function looked(seconds: number, map = SMALL): MapHistory {
  const history = new MapHistory();
  for (let half = 0; half <= seconds * 2; half += 1) history.note(half / 2, 10, map);
  return history;
}

test('a map is kept every two seconds, with when it was and how many pages there were', () => {
  const history = looked(5);
  history.note(5.5, 12, SMALL);
  history.note(6, 12, SMALL);
  assert.deepEqual(history.all.map(({ time, pages }) => [time, pages]), [[0, 10], [2, 10], [4, 10], [6, 12]]);
});

test('cells of all owners and shares come out as they went in, to a thirty-first', () => {
  const map = cells([0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 8, 100, 128, 200, 254, 255]);
  const { cells: kept } = packed(map);
  assert.deepEqual([...kept], [0, 33, 65, (3 << 5) | 13, (4 << 5) | 16, (5 << 5) | 25, (6 << 5) | 31, 255]);
  const back = unpacked({ time: 0, pages: 1, granule: 4096, cells: kept }, 4096);
  assert.deepEqual([...back.owner], [...map.owner]);
  assert.deepEqual([...back.live], [0, 8, 8, 107, 132, 206, 255, 255]);
  assert.deepEqual([back.granule, back.cells, back.cache.length], [4096, 8, 8]);
});

test('folded cells have the owner of most of them, the first of several, and their mean share', () => {
  const map = cells([5, 3, 3, 3, 6, 6, 4, 4, 5, 5, 3, 6, 7], [0, 255, 255, 90, 0, 3, 0, 0, 0, 0, 0, 0, 40]);
  const four = folded(map, 4);
  assert.deepEqual([four.granule, four.cells], [16_384, 4]);
  assert.deepEqual([...four.owner], [3, 6, 5, 7]);
  assert.deepEqual([...four.live], [150, 1, 0, 40], 'a little is not nothing, and the last cell is of what there is');
  assert.equal(folded(map, 1), map);
});

test('a large memory is folded until it fits, and a past map into the cells of a coarser one', () => {
  const length = CELLS * 3;
  const map = cells(Array.from({ length }, (_, cell) => cell < length / 2 ? 3 : 5), Array.from({ length }, (_, cell) => cell < length / 2 ? 255 : 0));
  const { granule, cells: kept } = packed(map);
  assert.deepEqual([granule, kept.length], [4 * 4096, CELLS * 3 / 4]);
  const shown = unpacked({ time: 0, pages: 1, granule, cells: kept }, 2 * granule);
  assert.equal(shown.cells, CELLS * 3 / 8);
  assert.deepEqual([shown.owner[0], shown.live[0], shown.owner.at(-1), shown.live.at(-1)], [3, 255, 5, 0]);
});

test('the map of a heap has the same owners in the past', () => {
  const heap = new FakeHeap();
  heap.work(3_000_000);
  const map = heap.map(4096);
  const past = unpacked({ time: 0, pages: 1, ...packed(map) }, 4096);
  assert.deepEqual([...past.owner], [...map.owner]);
  map.live.forEach((share, cell) => assert.ok(Math.abs((past.live[cell] ?? 0) - share) <= 9, `${share} became ${past.live[cell] ?? 0}`));
});

test('an hour is covered from its begin: the newest two minutes densely, the rest evenly', () => {
  const { all } = looked(3600);
  assert.equal(all.length, CAPACITY);
  assert.equal(all[0]?.time, 0);
  assert.equal(all.at(-1)?.time, 3600);
  const gaps = all.slice(1).map(({ time }, index) => time - (all[index]?.time ?? 0));
  assert.deepEqual(gaps.slice(-(DENSE - 1)), Array.from({ length: DENSE - 1 }, () => 2));
  // 3,482 seconds over 180 gaps are 19.3 each: none is longer than twice the next power of two.
  assert.ok(Math.max(...gaps) <= 64, `${Math.max(...gaps)} s without a map`);
  assert.ok(gaps.every((gap) => gap > 0));
});

test('just over the limit every other one of the oldest goes, one by one', () => {
  const one = looked(CAPACITY * 2);
  assert.deepEqual(one.all.slice(0, 4).map(({ time }) => time), [0, 4, 6, 8]);
  assert.deepEqual(looked(CAPACITY * 2 + 4).all.slice(0, 5).map(({ time }) => time), [0, 4, 8, 12, 14]);
});

test('as many of the largest maps as there can be are less than 4 MiB', () => {
  const length = CELLS * 4 - 1;
  const map = cells(Array.from({ length }, () => 3), Array.from({ length }, () => 9));
  const history = new MapHistory();
  for (let time = 0; time < 1200; time += 2) history.note(time, 4096, map);
  const total = history.all.reduce((sum, { cells: kept }) => sum + kept.byteLength, 0);
  assert.equal(history.all.length, CAPACITY);
  assert.equal(total, 3.75 * 1024 * 1024);
});

test('a part of the time has the maps in it, its ends with them', () => {
  const history = looked(20);
  assert.deepEqual(history.within([4, 8]).map(({ time }) => time), [4, 6, 8]);
  assert.equal(history.within(undefined).length, 11);
  assert.deepEqual(history.within([100, 200]), []);
});
