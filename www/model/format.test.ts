/** Claim: numbers are written with their unit, rounded to three digits, and typed addresses are read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, bytes, count, duration, exactBytes, moment, parseAddress, plural, range, share, unbroken } from './format.ts';

test('bytes have three digits and a binary unit', () => {
  const expected: [number, string][] = [
    [0, '0 B'], [1, '1 B'], [1023, '1,023 B'], [1024, '1 KiB'], [1280, '1.25 KiB'], [65536, '64 KiB'], [102_400, '100 KiB'],
    [1_022_976, '999 KiB'], [1_023_488, '0.98 MiB'], [1_048_576, '1 MiB'], [5_308_416, '5.06 MiB'], [20_000_000, '19.1 MiB'], [4_294_967_296, '4 GiB'], [-2048, '−2 KiB'],
  ];
  for (const [value, text] of expected) assert.equal(bytes(value), text);
});

test('exact bytes, counts and plurals have separators', () => {
  assert.equal(exactBytes(5_308_416), '5,308,416 bytes');
  assert.equal(count(1_234_567), '1,234,567');
  assert.equal(plural(1, 'page'), '1 page');
  assert.equal(plural(1200, 'size class', 'size classes'), '1,200 size classes');
});

test('a share is never rounded to nothing or to everything', () => {
  const expected: [number, number, string][] = [
    [0, 10, '0 %'], [1, 8, '12.5 %'], [1, 100_000, '< 0.1 %'], [99_999, 100_000, '> 99.9 %'], [10, 10, '100 %'], [1, 0, '–'],
  ];
  for (const [part, whole, text] of expected) assert.equal(share(part, whole), text);
});

test('durations and moments', () => {
  const durations: [number, string][] = [[0.04, '0 ms'], [1.26, '1.3 ms'], [849.6, '850 ms'], [999.7, '1 s'], [12_340, '12.3 s'], [125_000, '2 min 5 s'], [59_960, '1 min 0 s']];
  for (const [value, text] of durations) assert.equal(duration(value), text);
  const moments: [number, string][] = [[0, '0:00.0'], [5.25, '0:05.3'], [59.96, '1:00.0'], [754, '12:34.0'], [3723.4, '1:02:03.4']];
  for (const [value, text] of moments) assert.equal(moment(value), text);
});

test('addresses are written with eight digits and read in the ways people write them', () => {
  assert.equal(address(0x1a000), '0x0001a000');
  assert.equal(range(0x1000, 0x1000), '0x00001000 – 0x00002000');
  const read: [string, number | undefined][] = [
    ['0x1A000', 106_496], [' 1a000h ', 106_496], ['106,496', 106_496], ['0xffff_ffff', 4_294_967_295], ['4294967296', undefined], ['0x', undefined], ['stone', undefined], ['', undefined], ['-4', undefined],
  ];
  for (const [text, value] of read) assert.equal(parseAddress(text), value, text);
});

test('a number is not torn from its unit', () => {
  assert.equal(unbroken('12 KiB of 3 MiB (0.4 %) in 2 runs'), '12\u00a0KiB of 3\u00a0MiB (0.4\u00a0%) in 2 runs');
});
