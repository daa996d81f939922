/** Claim: each line of collapsed stacks can be read back as one stack and one whole number, and they add up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE, MISCHIEF, PLAIN, WHOLE } from '../test/fake-records.ts';
import { collapsed } from './collapsed.ts';
import { profileOf } from './profile.ts';

/** As those who read the format do it: the last blank is before the number. */
function read(text: string): { way: string[]; bytes: number }[] {
  return text.trimEnd().split('\n').map((line) => {
    const cut = line.lastIndexOf(' ');
    return { way: line.slice(0, cut).split(';'), bytes: Number(line.slice(cut + 1)) };
  });
}

test('a build without diagnosis, in full', () => {
  assert.equal(collapsed(profileOf(PLAIN)), 'heap;in segments of their own 70000\nheap;segments;4 KiB 8192\nheap;size classes;24 B 1200\nheap;object caches;pairs 1120\n');
});

test('all figures add up to what the profile says', () => {
  const profile = profileOf(WHOLE);
  for (const measure of ['live', 'total', 'peak'] as const) {
    assert.equal(read(collapsed(profile, measure)).reduce((sum, { bytes }) => sum + bytes, 0), profile[measure].bytes, measure);
  }
  assert.deepEqual(read(collapsed(profile))[0]?.way, ['[import]', '[csv]', 'workbench_open', 'demo::workbench::Workbench::open', 'demo::csv::read', 'demo::csv::Column::push']);
});

test('no name breaks a line or a stack', () => {
  const lines = read(collapsed(profileOf(MISCHIEF)));
  assert.equal(lines.reduce((sum, { bytes }) => sum + bytes, 0), LIVE.bytes);
  // Seven sites that are live, and what is at none.
  assert.equal(lines.length, 8);
  assert.ok(lines.every(({ way }) => way.every((name) => name !== '' && !/[\p{Cc}\u2028]/u.test(name))));
  // A tag, and a function for each of five offsets.
  assert.equal(lines[0]?.way.length, 6);
});
