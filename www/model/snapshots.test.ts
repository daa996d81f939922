/** Claim: what changed between two snapshots is told in rows that sort and filter, in a sentence, and by whom the peak was held. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { change, diff, figures, tally } from '../test/fake-snapshots.ts';
import { OBJECTS } from '../test/fake-objects.ts';
import { REPORT } from '../test/fake-audit.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { PeakWatch, type Peak } from './peak-watch.ts';
import { EMPTY, type Entry } from './shelf.ts';
import { CHANGE_COLUMNS, changeOrderTurned, changeRows, changesInOrder, changesWith, diffWords, figureWords, fileName, filterOf, holdersByCache, holdersByTag, largestSites, MOST, nameFor, surplus } from './snapshots.ts';

const NOTHING = tally(0, 0);
const FOUND = diff({
  objects: change(tally(3, 3_000), tally(1, 40), tally(7, 700)),
  allocations: 10,
  memoryBytes: { before: 131_072, after: 262_144 },
  caches: [
    { key: 'class:40', name: '40 B', size: 40, objects: change(NOTHING, tally(1, 40), tally(5, 200)), allocations: 4 },
    { key: 'class:1000', name: '1000 B', size: 1000, objects: change(tally(3, 3_000), NOTHING, NOTHING), allocations: 6 },
    { key: 'cache:2', name: 'nodes', size: 250, objects: change(NOTHING, NOTHING, tally(2, 500)), allocations: 0 },
  ],
  arenas: [
    { id: 1, name: 'ports', kind: 'numbers', held: change(tally(2, 30), NOTHING, NOTHING), inUse: { before: 0, after: 30 }, total: { before: 100, after: 100 }, allocations: 2 },
    { id: 2, name: 'heap', kind: 'heap', held: change(NOTHING, tally(1, 4_096), NOTHING), inUse: { before: 0, after: 0 }, total: { before: 0, after: 0 }, allocations: 0 },
  ],
  sites: [{ id: 4, tags: ['import', 'csv'], frames: [0x100], objects: change(tally(2.5, 2_000), NOTHING, NOTHING), asked: tally(2.5, 2_000) }],
  tags: [{ tags: [], objects: change(NOTHING, NOTHING, NOTHING), asked: NOTHING }, { tags: ['import', 'csv'], objects: change(tally(2.5, 2_000), NOTHING, NOTHING), asked: NOTHING }],
});

const names = (by: 'caches' | 'arenas' | 'sites' | 'tags'): string[] => changeRows(FOUND, by, new Map()).map(({ name, note }) => note === '' ? name : `${name} | ${note}`);

test('each thing that memory is told by has its rows', () => {
  assert.deepEqual(names('caches'), ['40 B', '1000 B', 'nodes | object cache']);
  assert.deepEqual(names('arenas'), ['ports | numbers', 'heap | segments, not slabs']);
  assert.deepEqual(names('sites'), ['+0x100 | import › csv']);
  assert.deepEqual(names('tags'), ['without a tag', 'import › csv']);
  const narrows = changeRows(FOUND, 'sites', new Map())[0]?.narrows;
  assert.deepEqual(narrows, { cache: undefined, site: 4 });
});

test('figures have units, a change has its sign, and numbers are no bytes', () => {
  const written = (by: 'caches' | 'arenas', index: number): string[] => {
    const row = changeRows(FOUND, by, new Map())[index] ?? assert.fail('a row');
    return CHANGE_COLUMNS.slice(1).map((column) => figureWords(row, column));
  };
  assert.deepEqual(written('caches', 0), ['−40 B', '0 B', '0', '40 B', '1', '200 B', '5', '4']);
  assert.deepEqual(written('caches', 1), ['+2.93 KiB', '2.93 KiB', '3', '0 B', '0', '0 B', '0', '6']);
  assert.deepEqual(written('arenas', 0), ['+30', '30', '2', '0', '0', '0', '0', '2']);
});

test('rows sort by every column both ways and are found by words', () => {
  const rows = changeRows(FOUND, 'caches', new Map());
  const order = (key: (typeof CHANGE_COLUMNS)[number]['key'], descending: boolean): string => changesInOrder(rows, { key, descending }).map(({ name }) => name).join();
  assert.equal(order('growth', true), '1000 B,nodes,40 B');
  assert.equal(order('growth', false), '40 B,nodes,1000 B');
  assert.equal(order('name', false), '40 B,1000 B,nodes');
  assert.equal(order('survivingCount', true), '40 B,nodes,1000 B');
  assert.equal(order('freedBytes', true), '40 B,1000 B,nodes', 'equal ones by name');
  assert.deepEqual(changeOrderTurned({ key: 'name', descending: false }, 'name'), { key: 'name', descending: true });
  assert.deepEqual(changeOrderTurned({ key: 'name', descending: false }, 'newBytes'), { key: 'newBytes', descending: true });
  assert.deepEqual(changesWith(rows, ' OBJECT no').map(({ name }) => name), ['nodes']);
  assert.equal(changesWith(rows, 'nothing').length, 0);
});

test('a comparison is said in words', () => {
  assert.equal(diffWords(FOUND), 'Live memory grew by 2.89 KiB: 3 objects (2.93 KiB) new, 1 object (40 B) freed, 7 objects (700 B) surviving; the memory grew by 2 pages. '
    + '10 objects were allocated between the two; the 7 that are not new here were given back, or have the address of one that was.');
  assert.equal(diffWords(diff()), 'Live memory is the same: 0 objects (0 B) new, 0 objects (0 B) freed, 0 objects (0 B) surviving; the memory did not grow. 0 objects were allocated between the two.');
});

test('the engine is asked for what is chosen, a page at a time', () => {
  assert.deepEqual(filterOf(EMPTY), { change: 'new', order: 'address', offset: 0, limit: 100 });
  assert.deepEqual(filterOf({ ...EMPTY, fate: 'freed', cache: 'class:40', longest: true, offset: 200 }), { change: 'freed', order: 'length', offset: 200, limit: 100, caches: ['class:40'] });
  assert.deepEqual(filterOf({ ...EMPTY, site: 4 }), { change: 'new', order: 'address', offset: 0, limit: 100, site: 4 });
});

test('names say why, and make names of files that harm nobody', () => {
  assert.equal(nameFor('asked', 3, EMPTY.auto), 'Snapshot 3');
  assert.equal(nameFor('time', 4, { minutes: 5, growth: 0 }), 'Snapshot 4, every 5 min');
  assert.equal(nameFor('growth', 5, { minutes: 0, growth: 16 * 1024 * 1024 }), 'Snapshot 5, +16 MiB');
  assert.equal(fileName('after the import'), 'after-the-import.flagsnap');
  assert.equal(fileName('../../etc/passwd'), 'etc-passwd.flagsnap');
  assert.equal(fileName('<b>näme</b>'), 'b-näme-b.flagsnap');
  assert.equal(fileName('///'), 'snapshot.flagsnap');
});

test('of too many the oldest that nobody asked for goes first', () => {
  const entry = (id: number, why: Entry['why']): Entry => ({ id, name: '', time: 0, why, figures: figures() });
  const asked = Array.from({ length: MOST }, (_, id) => entry(id, 'asked'));
  assert.equal(surplus(asked), undefined);
  assert.equal(surplus([...asked, entry(100, 'asked')])?.id, 0);
  assert.equal(surplus([...asked, entry(100, 'growth'), entry(101, 'time')])?.id, 100);
});

test('the peak is the sample with the most, since the beginning or a mark', () => {
  const { summary, caches } = new FakeHeap().sample();
  const at = (time: number, liveBytes: number): Peak => ({ time, liveBytes, liveObjects: 1, operations: 1, pages: summary.pages, caches, objectCaches: OBJECTS.objectCaches, sites: REPORT.sites });
  const watch = new PeakWatch();
  for (const [time, live] of [[1, 10], [2, 30], [3, 30], [4, 20]] as const) watch.note(at(time, live));
  assert.deepEqual([watch.peak?.time, watch.since], [2, 0]);
  watch.mark(4.5);
  assert.deepEqual([watch.peak, watch.since], [undefined, 4.5]);
  watch.note(at(5, 15));
  assert.equal(watch.peak?.time, 5);
});

test('holders are the largest of both kinds of caches, of sites and of tags', () => {
  const heap = new FakeHeap();
  heap.work(400_000);
  const { caches } = heap.sample();
  const peak: Peak = { time: 0, pages: 1, liveBytes: 1, liveObjects: 1, operations: 1, caches, objectCaches: OBJECTS.objectCaches, sites: REPORT.sites };
  const holders = holdersByCache(peak, 5);
  const all = [...caches, ...OBJECTS.objectCaches].map(({ liveBytes }) => liveBytes).sort((a, b) => b - a);
  assert.deepEqual(holders.map(({ bytes }) => bytes), all.slice(0, 5));
  const sites = largestSites(peak, 3);
  assert.deepEqual(sites.map(({ liveBytes }) => liveBytes), REPORT.sites.map(({ liveBytes }) => liveBytes).sort((a, b) => b - a).slice(0, 3));
  const sum = REPORT.sites.reduce((total, { liveBytes }) => total + liveBytes, 0);
  assert.equal(holdersByTag(peak, 100).reduce((total, { bytes }) => total + bytes, 0), sum);
});
