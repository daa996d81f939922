/** Claim: what only grows is told from what goes up and down, by site, tag and cache. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrowthWatch, type Holding } from './growth.ts';
import type { SiteRow, TagRow } from './records.ts';

const site = (id: number, tag: number, liveBytes: number): SiteRow =>
  ({ id, tag, tags: [], frames: [], liveBytes, liveCount: 1, bytes: 0, count: 0, samples: 1, liveSamples: 1, oldest: 0, newest: 0 });
const TAGS: TagRow[] = [{ id: 1, parent: 0, name: 'import', entries: 1 }, { id: 2, parent: 1, name: 'csv', entries: 1 }];
const cache = (number: number, name: string, liveBytes: number): Holding => ({ number, name, liveBytes });

function watch(readings: readonly { sites: SiteRow[]; caches?: Holding[] }[]): GrowthWatch {
  const growth = new GrowthWatch();
  readings.forEach(({ sites, caches }, index) => growth.add(1000 * index, { sites, tags: TAGS }, caches ?? []));
  return growth;
}

test('what only rises is told, what rose most first, by site, tag and cache', () => {
  const readings = [0, 1, 2, 3].map((n) => ({ sites: [site(1, 2, 100 + 50 * n), site(2, 1, 500 + 200 * n), site(3, 0, 900)], caches: [cache(1, 'nodes', 10 * n)] }));
  const growers = watch(readings).growers();
  assert.deepEqual(growers.map(({ kind, id, name, first, last }) => [kind, id, name, first, last]), [
    ['site', 2, '', 500, 1100], ['tag', 1, 'import', 500, 1100], ['site', 1, '', 100, 250], ['tag', 2, 'import › csv', 100, 250], ['cache', 1, 'nodes', 0, 30],
  ]);
  assert.equal(watch(readings).span, 3000);
});

test('what goes up and down is no leak, and what was read a few times is not known yet', () => {
  const sawtooth = [100, 900, 100, 900, 150, 950].map((bytes) => ({ sites: [site(1, 0, bytes)] }));
  assert.deepEqual(watch(sawtooth).growers(), []);
  assert.deepEqual(watch([100, 200, 300].map((bytes) => ({ sites: [site(1, 0, bytes)] }))).growers(), []);
  const mostly = [100, 1000, 990, 2000, 3000].map((bytes) => ({ sites: [site(1, 0, bytes)] }));
  assert.equal(watch(mostly).growers().length, 1, 'a little less now and then is no comfort');
});

test('what begins later began with nothing, and a new beginning forgets all', () => {
  const growth = watch([{ sites: [site(1, 0, 5)] }, ...[40, 50, 60, 70].map((bytes) => ({ sites: [site(1, 0, 5), site(2, 0, bytes)] }))]);
  assert.deepEqual(growth.growers().map(({ id, first, last }) => [id, first, last]), [[2, 0, 70]]);
  growth.clear();
  assert.deepEqual([growth.growers(), growth.span], [[], 0]);
});
