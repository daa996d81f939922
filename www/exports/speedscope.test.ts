/** Claim: a file of speedscope has frames once, stacks from the root on, and weights that add up to the end of each profile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE, MISCHIEF, PEAK, PLAIN, WHOLE } from '../test/fake-records.ts';
import { profileOf } from './profile.ts';
import { speedscope } from './speedscope.ts';
import { list, number, record, text } from './readers.ts';

const read = (json: string) => record<{ shared: { frames: { name: string }[] }; profiles: { name: string; unit: string; endValue: number; samples: number[][]; weights: number[] }[] }>({
  shared: record<{ frames: { name: string }[] }>({ frames: list(record<{ name: string }>({ name: text })) }),
  profiles: list(record<{ name: string; unit: string; endValue: number; samples: number[][]; weights: number[] }>({
    name: text, unit: text, endValue: number, samples: list(list(number)), weights: list(number),
  })),
})(JSON.parse(json), 'file');

test('each profile adds up', () => {
  const { profiles } = read(speedscope(profileOf(WHOLE)));
  assert.deepEqual(profiles.map(({ name, endValue }) => [name, endValue]), [
    ['Live bytes', LIVE.bytes], ['Live objects', LIVE.count], ['Bytes asked for, ever', profileOf(WHOLE).total.bytes], ['Objects asked for, ever', profileOf(WHOLE).total.count],
    ['Bytes at the peak', PEAK.bytes],
  ]);
  for (const { name, endValue, weights, samples } of profiles) {
    assert.equal(weights.reduce((a, b) => a + b, 0), endValue, name);
    assert.equal(samples.length, weights.length);
    assert.ok(weights.every((weight) => weight > 0));
  }
});

test('stacks go from the root to the leaf over frames that are there once', () => {
  const { shared, profiles } = read(speedscope(profileOf(PLAIN)));
  assert.deepEqual(profiles[0]?.samples.map((way) => way.map((index) => shared.frames[index]?.name)), [
    ['heap', 'in segments of their own'], ['heap', 'segments', '4 KiB'], ['heap', 'size classes', '24 B'], ['heap', 'object caches', 'pairs'],
  ]);
  assert.deepEqual(profiles[0]?.weights, [70_000, 8192, 1200, 1120]);
  assert.equal(new Set(shared.frames.map(({ name }) => name)).size, shared.frames.length);
  assert.equal(profiles.length, 4, 'no peak is made up');
});

test('names stay what they are, whatever they are', () => {
  const { shared } = read(speedscope(profileOf(MISCHIEF)));
  assert.ok(shared.frames.some(({ name }) => name.startsWith('=cmd|"/c calc"!A1;\r\n<script>')));
});
