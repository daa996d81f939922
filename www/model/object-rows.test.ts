/** Claim: object caches are sorted, filtered, summed and judged as the table and the sentences say, and every counter is explained once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDLE, LEFT, OBJECTS, objectCacheRow, PAIRS, SPARSE, TOKENS, VOICES } from '../test/fake-objects.ts';
import { counted, COUNTER_GROUPS } from './object-counters.ts';
import {
  badges, budgetWords, change, chosenCache, FILL_LABELS, figure, fragmentationWords, gauge, inOrder, isOver, named, OBJECT_COLUMNS, orderBy, payees, stepped, totals, totalsWords, turned, use, verdict,
} from './object-rows.ts';

const rows = OBJECTS.objectCaches;
const names = (some: readonly { name: string }[]): string[] => some.map(({ name }) => name);

test('each column sorts both ways; equal rows stay in the order of their names', () => {
  for (const { key } of OBJECT_COLUMNS) {
    if (key === 'name') continue;
    const up = inOrder(rows, { key, descending: false }).map((row) => figure(row, key));
    assert.deepEqual(up, [...up].sort((a, b) => a - b), key);
    assert.deepEqual(inOrder(rows, { key, descending: true }).map((row) => figure(row, key)), up.reverse(), key);
  }
  assert.deepEqual(names(inOrder(rows, { key: 'name', descending: false })), ['a cache whose name is as long as', 'pairs', 'paragraphs', 'tokens', 'undo steps', 'voices']);
  assert.equal(inOrder(rows, { key: 'name', descending: true })[0]?.name, 'voices');
  const equal = [objectCacheRow({ number: 1, name: 'b10', size: 8, objectsPerSlab: 8, taken: [] }), objectCacheRow({ number: 2, name: 'b9', size: 8, objectsPerSlab: 8, taken: [] })];
  assert.deepEqual(names(inOrder(equal, orderBy('live'))), ['b9', 'b10']);
});

test('each column is explained', () => {
  for (const { key, says } of OBJECT_COLUMNS) assert.match(says, /^[A-Z].*\.$/, key);
});

test('a first click shows the largest first, and names from A; a second one turns', () => {
  assert.deepEqual(orderBy('use'), { key: 'use', descending: true });
  assert.deepEqual(orderBy('name'), { key: 'name', descending: false });
  assert.deepEqual(turned(orderBy('live'), 'live'), { key: 'live', descending: false });
  assert.deepEqual(turned({ key: 'live', descending: false }, 'name'), { key: 'name', descending: false });
});

test('the filter looks for a part of a name, also of one that shares the cache', () => {
  assert.deepEqual(names(named(rows, ' PA ')), ['paragraphs', 'pairs']);
  assert.deepEqual(names(named(rows, 'edge')), ['pairs']);
  assert.equal(named(rows, '').length, rows.length);
  assert.equal(named(rows, 'marble').length, 0);
});

test('sums are those of the rows; shares are weighed by places', () => {
  const two = [objectCacheRow({ number: 1, name: 'a', size: 64, objectsPerSlab: 16, taken: [16, 0] }), objectCacheRow({ number: 2, name: 'b', size: 1024, objectsPerSlab: 4, taken: [1, 1] })];
  const sums = totals(two);
  assert.equal(sums.live, 18);
  assert.equal(sums.slabs, 4);
  assert.equal(sums.memoryBytes, 2 * 1024 + 2 * 4096);
  assert.equal(sums.use, 18 / 40);
  assert.equal(sums.fragmentation, 22 / 40);
  assert.equal(sums.emptyBytes, 1024, 'the free slab of X15’s table');
  assert.equal(sums.reclaimableBytes, 1024 + 4096);
  assert.equal(totals([]).use, 0);
  assert.equal(totals([]).fragmentation, 0);
  assert.equal(use({ live: 1, total: 0 }), 0);
  assert.equal(totalsWords(two), '2 caches hold 10 KiB. 1 KiB of that is in empty slabs; if objects moved together, 5 KiB could go back.');
  assert.equal(totalsWords([PAIRS]), '1 cache holds 2 KiB. No slab is empty.');
});

test('a choice that is gone gives way to the first; keys lead from row to row', () => {
  assert.equal(chosenCache(rows, 3), VOICES);
  assert.equal(chosenCache(rows, 77), SPARSE);
  assert.equal(chosenCache([], 1), undefined);
  assert.equal(stepped(rows, 1, 'ArrowDown'), TOKENS);
  assert.equal(stepped(rows, 2, 'ArrowUp'), SPARSE);
  assert.equal(stepped(rows, 1, 'ArrowUp'), undefined);
  assert.equal(stepped(rows, 9, 'ArrowDown'), undefined);
  assert.equal(stepped(rows, 3, 'Home'), SPARSE);
  assert.equal(stepped(rows, 3, 'End'), IDLE);
  assert.equal(stepped(rows, 3, 'x'), undefined);
  assert.equal(stepped(rows, undefined, 'ArrowDown'), SPARSE, 'a filter hides what was chosen');
});

test('badges say what a cache is', () => {
  const of = (row: typeof SPARSE): string[] => badges(row).map(({ label }) => label);
  assert.deepEqual([SPARSE, TOKENS, VOICES, PAIRS, LEFT, IDLE].map(of), [['movable'], ['constructed'], ['zone'], ['shared'], ['orphan'], []]);
  assert.deepEqual(of({ ...PAIRS, aliases: [] }), [], 'one that others might share');
});

test('the sentences say what moving would do, and why it is not done', () => {
  assert.match(verdict(SPARSE), /^1,459 objects of 5,440 places \(26.8 %\) are live in 160 slabs; 41 more wait in magazines. Moving objects together would give back 115 slabs \(460 KiB\). Ticks do that slab by slab/);
  assert.match(verdict({ ...SPARSE, movable: false }), /these cannot be moved/);
  assert.match(verdict({ ...SPARSE, fragmented: false }), /when memory is short/);
  assert.match(verdict(VOICES), /^A zone: room for all its 66 objects was made at once and stays. 8 objects of 66 places/);
  assert.match(verdict(LEFT), /^Its owner is gone and left 1 object behind.*All that is taken lies in as few slabs as can be.$/);
  assert.equal(verdict(IDLE), 'It has no slab, so it holds no memory for objects.');
  assert.match(verdict({ ...PAIRS, cached: 1 }), /in 2 slabs; 1 more waits in magazines\./);
  const empties = objectCacheRow({ number: 1, name: 'a', size: 64, objectsPerSlab: 16, taken: [16, 0] });
  assert.match(verdict(empties), /1 slab \(1 KiB\) is empty and would go back without a move.$/);
});

test('the red line is at one eighth', () => {
  assert.match(fragmentationWords(SPARSE), /^72.4 % of the places in slabs are free, over the red line of 1\/8$/);
  assert.match(fragmentationWords(LEFT), /^50 % .* over the red line of 1\/8, but that is less than one slab$/);
  assert.deepEqual([SPARSE, LEFT, { ...SPARSE, fragmented: false }].map(isOver), [true, false, false]);
  assert.match(fragmentationWords({ ...SPARSE, fragmentation: 0.125, fragmented: false }), /^12.5 % .* not over the red line/);
});

test('all slabs are in the histogram, which has a label for each step', () => {
  assert.deepEqual(SPARSE.fill, [80, 20, 20, 20, 0, 0, 0, 20], 'the fake fills as the engine does');
  assert.equal(FILL_LABELS.length, 8);
  assert.deepEqual([FILL_LABELS[0], FILL_LABELS[6], FILL_LABELS[7]], ['Up to 1/8', 'Up to 7/8', 'Over 7/8']);
});

test('a change has its sign, and none is nothing', () => {
  assert.equal(change(7, 5, String), '+2');
  assert.equal(change(5, 7, String), '−2');
  assert.equal(change(5, 5, String), '');
});

test('bars of budgets fit what was used, the limit and the most there was', () => {
  const [documents, previews] = OBJECTS.budgets;
  assert.ok(documents !== undefined && previews !== undefined);
  assert.deepEqual(gauge({ ...documents, used: 50, limit: 200, peak: 100 }), { used: 0.25, peak: 0.5, limit: 1 });
  assert.deepEqual(gauge({ ...documents, used: 50, limit: 0, peak: 100 }), { used: 0.5, peak: 1, limit: 0 });
  assert.deepEqual(gauge({ ...documents, used: 0, limit: 0, peak: 0 }), { used: 0, peak: 0, limit: 0 });
  assert.equal(budgetWords(documents), '1.31 MiB of 2 MiB used (65.4 %); 2 MiB at most so far');
  assert.equal(budgetWords(previews), '80 KiB used, no limit; 640 KiB at most so far');
  assert.deepEqual(names(payees(documents, rows)), ['paragraphs', 'tokens']);
  assert.deepEqual(payees(previews, rows), []);
});

test('every number of a row is in one group, with words of its own', () => {
  const all = COUNTER_GROUPS.flatMap(({ counters }) => counters);
  const numbers = Object.entries(SPARSE).filter(([key, value]) => typeof value === 'number' && !['id', 'number', 'class', 'fragmentation'].includes(key)).map(([key]) => key);
  assert.deepEqual(all.map(({ key }): string => key).sort(), numbers.sort());
  assert.equal(new Set(all.map(({ says }) => says)).size, all.length);
  assert.deepEqual(COUNTER_GROUPS.map(({ counters }) => new Set(counters.map(({ label }) => label)).size), COUNTER_GROUPS.map(({ counters }) => counters.length));
});

test('counters are written with their unit', () => {
  const of = (key: string) => COUNTER_GROUPS.flatMap(({ counters }) => counters).find((counter) => counter.key === key) ?? assert.fail(key);
  assert.equal(counted(of('memoryBytes'), 2048), '2 KiB');
  assert.equal(counted(of('align'), 16), '16 B');
  assert.equal(counted(of('live'), 2048), '2,048');
  assert.equal(counted(of('limit'), 0), 'none');
  assert.equal(counted(of('magazineRounds'), 0), 'no magazines');
});
