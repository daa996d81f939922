// The pure parts of the runner, on figures written out by hand. `cargo xtask test native` runs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byTurns, choose } from './bench.mjs';
import { bytes, count, digits, figures, means, pagesBeyond, table } from './report.mjs';
import { geometricMean, median, ratio, spread } from './statistics.mjs';

const PAGE = 65536;
const BASE = { bytes: 20 * PAGE, heapBase: 19 * PAGE };
const WORKLOAD = { index: 0, name: 'churn-1k', kind: 'synthetic' };
const REQUESTS = { operations: 1000, peakLive: PAGE, stream: '0', checksum: '0' };

/** Runs of these lengths that end with so many pages. */
const runs = (pages, ...times) => times.map((milliseconds) => ({ milliseconds, bytes: pages * PAGE, checksum: '0' }));

test('a median is the middle value or the mean of two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 9, 2]), 3);
});

test('a mean of ratios does not prefer a side', () => {
  assert.ok(Math.abs(geometricMean([0.5, 2]) - 1) < 1e-12);
});

test('a ratio is taken within each repetition', () => {
  // The machine was ten times slower in the last one.
  assert.equal(ratio([1, 1, 10], [2, 2, 20]), 0.5);
});

test('the spread ignores the outer quarters', () => {
  assert.equal(spread([10, 11, 9, 1000]), (11 - 10) / 2 / 10.5);
});

test('allocators take turns in going first', () => {
  assert.deepEqual(byTurns(['a', 'b', 'c'], 0), ['a', 'b', 'c']);
  assert.deepEqual(byTurns(['a', 'b', 'c'], 5), ['c', 'a', 'b']);
});

test('parts of names choose, and unknown ones are refused', () => {
  const all = [{ name: 'churn-1k' }, { name: 'churn-10k' }, { name: 'json' }];
  assert.deepEqual(choose(all, []), all);
  assert.deepEqual(choose(all, ['10k', 'json']), [all[1], all[2]]);
  assert.throws(() => choose(all, ['xml']), /xml; there are churn-1k, churn-10k, json/);
});

test('memory counts from the reference, static tables of an allocator included', () => {
  assert.equal(pagesBeyond(BASE, 23 * PAGE), 3);
  const { allocators } = figures(WORKLOAD, REQUESTS, { dlmalloc: runs(21, 2, 2), talc: runs(23, 1, 1) }, BASE);
  assert.equal(allocators.talc.pages, 3);
  assert.equal(allocators.talc.overhead, 4);
  assert.equal(allocators.talc.ratio, 0.5);
  assert.equal(allocators.talc.nanosecondsPerOperation, 1000);
});

test('bars are set by rivals, never by the limit', () => {
  const misses = (limit, talc) =>
    figures(WORKLOAD, REQUESTS, { flagstone: runs(21, 2), dlmalloc: runs(21, 3), talc: runs(21, talc), limit: runs(21, limit) }, BASE).misses;
  assert.deepEqual(misses(1, 3), []);
  assert.deepEqual(misses(1, 1), ['time']);
});

test('a workload that takes too many pages is told', () => {
  const { misses } = figures(WORKLOAD, REQUESTS, { flagstone: runs(42, 1), dlmalloc: runs(40, 2) }, BASE);
  assert.deepEqual(misses, ['pages']);
});

test('means are taken for each kind apart', () => {
  const row = (kind, ratio) => ({ kind, allocators: { talc: { ratio, overhead: 1 } } });
  const found = means([row('synthetic', 1), row('synthetic', 4), row('programs', 3)], ['talc']);
  assert.deepEqual(found.map(({ kind, workloads }) => [kind, workloads]), [['synthetic', 2], ['programs', 1]]);
  assert.ok(Math.abs(found[0].allocators.talc.ratio - 2) < 1e-12);
});

test('figures are short to read', () => {
  assert.deepEqual([8, 4096, 3 * 2 ** 19].map(bytes), ['8 B', '4 KiB', '1.5 MiB']);
  assert.deepEqual([37246, 3e6].map(count), ['37246', '3.00 M']);
  assert.deepEqual([7.25, 140.4].map(digits), ['7.3', '140']);
  assert.equal(table([['name', 'a'], ['x', '10']]), 'name    a\nx      10');
});
