/** Claim: a profile adds up to what the inspector shows, with call sites or without, and says what no site knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAMAGED, LIVE, PEAK, PLAIN, REST, WHOLE } from '../test/fake-records.ts';
import { linesOf, NOT_SAMPLED, peakOf, profileOf, type Stack } from './profile.ts';

const names = (stack: Stack): string[] => linesOf(stack).map(({ name }) => name);

test('call sites and what they miss come to what is live', () => {
  const profile = profileOf(WHOLE);
  assert.deepEqual(profile.live, LIVE);
  assert.deepEqual(profile.peak, PEAK);
  const rest = profile.stacks.find(({ kind }) => kind === 'rest');
  assert.deepEqual(rest?.live, REST);
  assert.deepEqual(rest?.places, [{ name: NOT_SAMPLED }]);
  // 15,000,000 less the 8 MiB of the csv reader and what the others hold.
  assert.equal(rest?.peak.bytes, 15_000_000 - 8_388_608 - (10_047_488 - 6_291_456));
  assert.equal(profile.stacks.length, 9);
  assert.match(profile.note, /samples every 524288 bytes.*highest of the moments/);
});

test('stacks begin with the program’s own function and end with the tags', () => {
  const [first] = profileOf(WHOLE).stacks;
  assert.ok(first !== undefined);
  assert.deepEqual(names(first), ['demo::csv::Column::push', 'demo::csv::read', 'demo::workbench::Workbench::open', 'workbench_open', '[csv]', '[import]']);
  assert.deepEqual(first.live, { bytes: 6_291_456, count: 1537 });
  assert.deepEqual(first.total, { bytes: 20_971_520, count: 5120 });
  assert.deepEqual(first.peak, { bytes: 8_388_608, count: 2048 });
  assert.deepEqual(first.places[0], { address: 0x210, name: 'demo::csv::Column::push', file: 'src/csv.rs', line: 88, column: 13, inlined: false });
  const tagged = profileOf(WHOLE).stacks.find(({ tags }) => tags[0] === 'worker');
  assert.deepEqual(tagged && names(tagged), ['no stack recorded', '[worker]']);
});

test('a build without diagnosis has its caches, and what lies in segments', () => {
  const profile = profileOf(PLAIN);
  assert.equal(profile.source, 'caches');
  assert.deepEqual(profile.live, { bytes: 80_512, count: 123 });
  assert.deepEqual(profile.stacks.map((stack) => [names(stack).reverse().join('/'), stack.live.bytes, stack.live.count]), [
    ['heap/in segments of their own', 70_000, 1], ['heap/segments/4 KiB', 8192, 2], ['heap/size classes/24 B', 1200, 50], ['heap/object caches/pairs', 1120, 70],
  ]);
  assert.deepEqual(profile.stacks[2]?.total, { bytes: 2160, count: 90 });
  assert.deepEqual(profile.peak, profile.live, 'without a peak the end is the peak');
  assert.equal(profile.operations, 1877);
});

test('sites that come to more than is live are made smaller', () => {
  const { now } = WHOLE;
  const summary = { ...now.sample.summary, liveBytes: 1_000_000, liveObjects: 100 };
  const profile = profileOf({ ...WHOLE, peak: undefined, now: { ...now, sample: { ...now.sample, summary } } });
  assert.deepEqual(profile.live, { bytes: 1_000_000, count: 100 });
  assert.equal(profile.stacks[0]?.live.bytes, Math.round((1_000_000 * 6_291_456) / 10_047_488));
});

test('a site and a cache that are gone still are part of the peak', () => {
  const { audit, sample } = WHOLE.now;
  assert.ok(audit !== null);
  const profile = profileOf({ ...WHOLE, now: { sample, audit: { ...audit, sites: audit.sites.filter(({ id }) => id !== 1) } } });
  assert.deepEqual(profile.peak, PEAK);
  assert.deepEqual(profile.live, LIVE);
  const plain = profileOf({ ...PLAIN, peak: peakOf(PLAIN.now), now: { ...PLAIN.now, sample: { ...PLAIN.now.sample, objectCaches: [] } } });
  assert.equal(plain.peak.bytes, 80_512);
  assert.equal(plain.stacks.find((stack) => names(stack)[0] === 'pairs')?.peak.bytes, 1120);
});

test('the peak has its own time', () => {
  const { sample } = PLAIN.now;
  const peak = { audit: null, sample: { ...sample, summary: { ...sample.summary, allocations: 500, frees: 100 } } };
  const profile = profileOf({ ...PLAIN, peak: peakOf(peak) });
  assert.deepEqual([profile.operations, profile.peakOperations], [1877, 600]);
});

test('figures of a damaged memory do not spoil the sum', () => {
  const profile = profileOf(DAMAGED);
  assert.deepEqual(profile.live, LIVE);
  assert.ok(profile.stacks.every(({ live, total, peak }) => total.bytes >= live.bytes && total.bytes >= peak.bytes && total.count >= live.count), 'what is live was asked for');
  assert.ok(profile.stacks.every(({ live, total }) => [live.bytes, live.count, total.bytes, total.count].every(Number.isSafeInteger)));
});
