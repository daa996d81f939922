/** Claim: a decoder that is not ours finds in a profile of pprof the stacks, the lines, the labels and the sums that were put there. */
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { test } from 'node:test';
import * as reader from 'pprof-format';
import { LIVE, MISCHIEF, PEAK, PLAIN, WHOLE } from '../test/fake-records.ts';
import { gzipped, pprof } from './pprof.ts';
import { profileOf, type Records } from './profile.ts';

interface Opened {
  profile: reader.Profile;
  /** Names of a sample's functions, the innermost first. */
  names(sample: reader.Sample): string[];
  sum(type: string): number;
  text(index: number | bigint): string;
}

function opened(records: Records): Opened {
  const profile = reader.Profile.decode(pprof(profileOf(records)));
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? '';
  const names = ({ locationId }: reader.Sample): string[] => locationId.flatMap((id) => (profile.location.find((location) => location.id === id)?.line ?? [])
    .map((line) => text(profile.function.find((found) => found.id === line.functionId)?.name ?? 0)));
  const sum = (type: string): number => {
    const at = profile.sampleType.findIndex((found) => text(found.type) === type);
    assert.ok(at >= 0, type);
    return profile.sample.reduce((all, sample) => all + Number(sample.value[at]), 0);
  };
  return { profile, names, sum, text };
}

test('sums are those of the inspector', () => {
  const { profile, sum, text } = opened(WHOLE);
  assert.deepEqual(profile.sampleType.map((found) => `${text(found.type)}/${text(found.unit)}`), [
    'alloc_objects/count', 'alloc_space/bytes', 'inuse_objects/count', 'inuse_space/bytes', 'peak_objects/count', 'peak_space/bytes',
  ]);
  assert.deepEqual([sum('inuse_space'), sum('inuse_objects'), sum('peak_space'), sum('peak_objects')], [LIVE.bytes, LIVE.count, PEAK.bytes, PEAK.count]);
  assert.equal(sum('alloc_space'), profileOf(WHOLE).total.bytes);
  assert.equal(text(profile.defaultSampleType), 'inuse_space');
  assert.equal(Number(profile.period), 524_288);
  assert.equal(BigInt(profile.timeNanos), BigInt(Date.UTC(2026, 10, 21, 12)) * 1_000_000n);
  assert.match(text(profile.comment[0] ?? 0), /^Call sites are estimates/);
});

test('stacks, lines, addresses and labels', () => {
  const { profile, names, text } = opened(WHOLE);
  const [first] = profile.sample;
  assert.ok(first !== undefined);
  assert.deepEqual(names(first), ['demo::csv::Column::push', 'demo::csv::read', 'demo::workbench::Workbench::open', 'workbench_open']);
  assert.deepEqual(first.label.map(({ key, str }) => `${text(key)}=${text(str)}`), ['tag=import › csv']);
  const location = profile.location.find(({ id }) => id === first.locationId[0]);
  assert.equal(Number(location?.address), 0x210);
  assert.equal(Number(location?.line[0]?.line), 88);
  const [mapping] = profile.mapping;
  assert.equal(text(mapping?.filename ?? 0), 'demo.wasm');
  // Line 88 and column 13 of that, which the decoder does not know.
  assert.ok(Buffer.from(pprof(profileOf(WHOLE))).includes(Buffer.from([0x10, 88, 0x18, 13])));
  // Inlined functions are lines of one location.
  const index = profile.location.find(({ address }) => Number(address) === 0x4f8);
  assert.equal(index?.line.length, 2);
  // The same call twice in one stack stays two.
  assert.ok(profile.sample.some((sample) => names(sample).filter((name) => name === 'demo::json::Parser::value').length === 2));
});

test('a build without diagnosis, and names of mischief', () => {
  const plain = opened(PLAIN);
  assert.deepEqual(plain.profile.sample.map(plain.names), [['in segments of their own', 'heap'], ['4 KiB', 'segments', 'heap'], ['24 B', 'size classes', 'heap'], ['pairs', 'object caches', 'heap']]);
  assert.equal(plain.sum('inuse_space'), 80_512);
  assert.ok(plain.profile.location.every(({ mappingId, address }) => Number(mappingId) === 0 && Number(address) === 0), 'a cache is no place in the module');
  assert.equal(plain.profile.sampleType.length, 4);
  assert.equal(opened(MISCHIEF).sum('inuse_space'), LIVE.bytes);
});

test('packed, it is the same', async () => {
  const bytes = pprof(profileOf(WHOLE));
  const packed = await gzipped(bytes);
  assert.deepEqual(new Uint8Array(gunzipSync(packed)), bytes);
  assert.ok(packed.length < bytes.length);
});
