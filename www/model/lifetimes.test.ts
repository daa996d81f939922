/** Claim: lifetimes are those of the objects whose request and free are in the log; what the log does not have is counted apart, and nothing twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifetimesOf, TEMPORARY, type Lifetimes, type SiteLives } from './lifetimes.ts';
import type { LogEntry, LogList } from './records.ts';

/** `operation event address [size [site]]`, the oldest first, as a log that begins with an operation and a sequence number. */
function log(text: string, { lost = 0, matching, operation = 0, sequence = 1 }: { lost?: number; matching?: number; operation?: number; sequence?: number } = {}): LogList {
  const entries = text.trim().split('\n').filter((line) => line.trim() !== '').map((line, index): LogEntry => {
    const [at = '', event = '', address = '', size = '8', site = '0'] = line.trim().split(/\s+/);
    return {
      sequence: (sequence + index) % 2 ** 32, event, operation: (operation + Number(at)) % 2 ** 32, time: 0, address: Number(address), size: Number(size), align: 8, cache: '', site: Number(site),
    };
  }).reverse();
  return { entries, matching: matching ?? entries.length, lost };
}

const row = ({ site, made, back, held, median, most, longest }: SiteLives): number[] => [site, made, back, held, median, most, longest];
const sizes = ({ site, bytes, heldBytes, temporary, temporaryBytes }: SiteLives): number[] => [site, bytes, heldBytes, temporary, temporaryBytes];
const apart = ({ unmade, unended }: Lifetimes): number[] => [unmade, unended];

test('objects of two sites: how long they lived, what is held, and what was temporary', () => {
  const found = lifetimesOf(log(`
    10 alloc 0x100 24 1
    11 alloc 0x200 40 2
    12 free 0x100
    15 alloc 0x300 1000 1
    16 alloc 0x400 16 1
    20 free 0x400
    400 free 0x300
    401 alloc 0x500 64 2`));
  assert.deepEqual(found.sites.map(row), [[1, 3, 3, 0, 4, 385, 385], [2, 2, 0, 2, 0, 0, 0]]);
  assert.deepEqual(found.sites.map(sizes), [[1, 1040, 0, 2, 40], [2, 104, 104, 0, 0]]);
  assert.deepEqual([row(found.all), sizes(found.all)], [[0, 5, 3, 2, 4, 385, 385], [0, 1144, 104, 2, 40]]);
  assert.deepEqual([found.calls, found.span, found.unread, found.lost, ...apart(found)], [8, 392, 0, 0, 0, 0]);
});

test('what lives for the limit is temporary, one operation longer is not; the most temporary bytes come first', () => {
  assert.equal(TEMPORARY, 100);
  const found = lifetimesOf(log(`
    0 alloc 0x100 8 1
    1 alloc 0x200 4 2
    101 free 0x100
    101 free 0x200`));
  assert.deepEqual(found.sites.map(sizes), [[2, 4, 0, 1, 4], [1, 8, 0, 0, 0]]);
});

test('quantiles are values that were seen: half, nine of ten, and all are no larger', () => {
  const lives = [7, 1, 90, 3, 4, 6, 2, 9, 8, 5];
  const text = lives.map((life, index) => `${1000 * index} alloc ${index + 1} 8 3\n${1000 * index + life} free ${index + 1}`).join('\n');
  assert.deepEqual(lifetimesOf(log(text)).sites.map(row), [[3, 10, 10, 0, 5, 9, 90]]);
});

test('an object that changes its size goes on where it is or elsewhere, is one, and has the most bytes that it had', () => {
  const found = lifetimesOf(log(`
    0 alloc 0x100 16 1
    3 realloc 0x100 16 9
    4 alloc 0x100 32 9
    7 realloc 0x100 32 9
    8 alloc 0x800 64 9
    10 realloc 0x800 64 9
    11 alloc 0x900 8 9
    30 free 0x900 8 5`));
  assert.deepEqual([found.sites.map(row), found.sites.map(sizes)], [[[1, 1, 1, 0, 30, 30, 30]], [[1, 64, 0, 1, 64]]]);
  assert.deepEqual(apart(found), [0, 0]);
});

test('a change of size that nothing follows has no end, and the next request is another object', () => {
  const found = lifetimesOf(log(`
    0 alloc 0x100 16 1
    3 realloc 0x100 16 1
    5 alloc 0x200 32 2
    6 free 0x200`));
  assert.deepEqual([found.sites.map(row), apart(found)], [[[2, 1, 1, 0, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0]], [0, 1]]);
  const last = lifetimesOf(log('0 alloc 0x100 16 1\n3 realloc 0x100 16 1'));
  assert.deepEqual([last.sites.map(row), last.sites.map(sizes), apart(last)], [[[1, 1, 0, 0, 0, 0, 0]], [[1, 16, 0, 0, 0]], [0, 1]]);
});

test('an address that is used again is another object; without a free between, the first one has no end', () => {
  const found = lifetimesOf(log(`
    1 alloc 0x100 8 1
    2 free 0x100
    3 alloc 0x100 8 2
    9 free 0x100
    10 alloc 0x100 8 3
    20 alloc 0x100 8 4
    21 free 0x100`));
  assert.deepEqual(found.sites.map(row), [[1, 1, 1, 0, 1, 1, 1], [2, 1, 1, 0, 6, 6, 6], [4, 1, 1, 0, 1, 1, 1], [3, 1, 0, 0, 0, 0, 0]]);
  assert.deepEqual(apart(found), [0, 1]);
});

test('the ring has lost the requests of what is given back: no lifetimes, no sites, and each object counts once', () => {
  const found = lifetimesOf(log(`
    900 free 0x100 8 1
    901 realloc 0x200 8 1
    902 alloc 0x300 16 1
    903 realloc 0x300 16 1
    904 alloc 0x400 32 1
    905 free 0x400 32 1
    906 free 0x500 8 2`, { lost: 77, matching: 10 }));
  assert.deepEqual([found.sites, apart(found)], [[], [3, 0]]);
  assert.deepEqual([found.calls, found.unread, found.lost, found.span], [7, 3, 77, 7]);
  const held = lifetimesOf(log('901 realloc 0x200 8 1\n902 alloc 0x300 16 1\n903 alloc 0x300 24 2'));
  assert.deepEqual([held.sites.map(row), apart(held)], [[[2, 1, 0, 1, 0, 0, 0]], [1, 0]]);
});

test('numbers that wrap around at 32 bits go on, also in entries that are not in order', () => {
  const text = `
    0 alloc 0x100 8 1
    5 alloc 0x200 8 1
    6 free 0x100
    12 free 0x200`;
  const wrapped = log(text, { operation: 2 ** 32 - 6, sequence: 2 ** 32 - 2 });
  assert.deepEqual(wrapped.entries.map(({ operation }) => operation), [6, 0, 4_294_967_295, 4_294_967_290]);
  const found = lifetimesOf({ ...wrapped, entries: [1, 3, 0, 2].flatMap((index) => wrapped.entries[index] ?? []) });
  assert.deepEqual([found.sites.map(row), found.span, apart(found)], [[[1, 2, 2, 0, 6, 7, 7]], 13, [0, 0]]);
});

test('what is no call is passed over, and requests without a site are one row', () => {
  const found = lifetimesOf(log(`
    1 contents 0x100
    2 alloc 0x100
    3 check 0
    4 free 0x100
    4 released 0x100
    5 alloc 0x110`));
  assert.deepEqual([found.sites.map(row), found.calls, found.span], [[[0, 2, 1, 1, 2, 2, 2]], 3, 4]);
});

test('an empty log says nothing', () => {
  const found = lifetimesOf({ entries: [], matching: 0, lost: 0 });
  assert.deepEqual(found, {
    calls: 0, unread: 0, lost: 0, span: 0, sites: [], unmade: 0, unended: 0,
    all: { site: 0, made: 0, bytes: 0, back: 0, held: 0, heldBytes: 0, temporary: 0, temporaryBytes: 0, median: 0, most: 0, longest: 0 },
  });
});

test('each request is given back, held, or without an end, in ten thousand calls at a few addresses', () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const lines = Array.from({ length: 10_000 }, (_, index) => `${index} ${['alloc', 'alloc', 'free', 'realloc'][random(4)] ?? ''} ${16 * (1 + random(40))} ${8 * (1 + random(9))} ${random(6)}`);
  const found = lifetimesOf(log(lines.join('\n')));
  const { made, back, held } = found.all;
  assert.ok(made > 1000 && back > 500 && held > 0 && found.unended > 500 && found.unmade > 500, JSON.stringify(found.all));
  assert.equal(made, back + held + found.unended);
  for (const key of ['made', 'back', 'held', 'bytes', 'temporaryBytes'] as const) assert.equal(found.sites.reduce((sum, site) => sum + site[key], 0), found.all[key], key);
});
