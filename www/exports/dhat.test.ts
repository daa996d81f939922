/** Claim: a file of DHAT has every field that its viewers ask for, no stack twice, and figures that add up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE, MISCHIEF, PEAK, PLAIN, WHOLE } from '../test/fake-records.ts';
import { dhat } from './dhat.ts';
import { peakOf, profileOf } from './profile.ts';
import { flag, list, number, numbers, record, text } from './readers.ts';

interface Point { tb: number; tbk: number; tl: number; mb: number; mbk: number; gb: number; gbk: number; eb: number; ebk: number; fs: number[] }
const point = record<Point>({ ...numbers('tb', 'tbk', 'tl', 'mb', 'mbk', 'gb', 'gbk', 'eb', 'ebk'), fs: list(number) });
const read = (json: string) => record<{ dhatFileVersion: number; cmd: string; bklt: boolean; te: number; tg: number; pps: Point[]; ftbl: string[] }>({
  dhatFileVersion: number, cmd: text, bklt: flag, te: number, tg: number, pps: list(point), ftbl: list(text),
})(JSON.parse(json), 'file');
const sum = (points: readonly Point[], key: 'eb' | 'ebk' | 'gb' | 'tb'): number => points.reduce((all, found) => all + found[key], 0);

test('figures add up', () => {
  const { pps, ftbl, te, tg } = read(dhat(profileOf(WHOLE)));
  assert.equal(sum(pps, 'eb'), LIVE.bytes);
  assert.equal(sum(pps, 'ebk'), LIVE.count);
  assert.equal(sum(pps, 'gb'), PEAK.bytes);
  assert.equal(ftbl[0], '[root]');
  assert.ok(tg <= te && pps.every(({ mb, gb, eb, tb }) => mb >= gb && mb >= eb && tb >= eb));
  assert.ok(pps.every(({ fs }) => fs.length > 0 && fs.every((index) => index > 0 && index < ftbl.length)));
});

test('frames are written as viewers take them apart', () => {
  const { pps, ftbl } = read(dhat(profileOf(WHOLE)));
  // The pattern by which the Firefox Profiler reads them.
  const pattern = /^0x([0-9a-f]+): (.+) \((?:in )?(.+?)(?::(\d+))?(?::(\d+))?\)$/i;
  assert.deepEqual([...(pattern.exec(ftbl[pps[0]?.fs[0] ?? 0] ?? '') ?? [])].slice(1), ['210', 'demo::csv::Column::push', 'src/csv.rs', '88', '13']);
  const nameless = ftbl.find((text) => text.includes('0x8F8'));
  assert.equal(nameless, '0x8F8: +0x8f8 (in demo.wasm)');
  assert.ok(ftbl.includes('not sampled') && ftbl.includes('[import]'));
});

test('stacks that differ in nothing a file can say are one', () => {
  const [first] = PLAIN.now.sample.caches;
  assert.ok(first !== undefined);
  const { sample } = PLAIN.now;
  const twins = { ...PLAIN, now: { audit: null, sample: { ...sample, caches: [...sample.caches, { ...first, class: 99 }], summary: { ...sample.summary, liveBytes: 90_000, liveObjects: 200 } } } };
  const { pps } = read(dhat(profileOf({ ...twins, peak: peakOf(twins.now) })));
  assert.equal(new Set(pps.map(({ fs }) => fs.join())).size, pps.length);
  assert.equal(sum(pps, 'eb'), 90_000);
  assert.ok(pps.some(({ eb, ebk, gb, tb }) => eb === 2400 && ebk === 100 && gb === 2400 && tb === 4320));
});

test('the maximum of a stack is what it holds at the end, where that is more than at the peak', () => {
  const { sample } = PLAIN.now;
  // At the peak all that there was lay in segments.
  const peak = { audit: null, sample: { ...sample, caches: [], objectCaches: [], summary: { ...sample.summary, liveBytes: 100_000 } } };
  const { pps } = read(dhat(profileOf({ ...PLAIN, peak: peakOf(peak) })));
  assert.deepEqual(pps.map(({ mb, gb, eb }) => [mb, gb, eb]), [[100_000, 100_000, 70_000], [8192, 0, 8192], [1200, 0, 1200], [1120, 0, 1120]]);
});

test('names of mischief are one line each', () => {
  const { ftbl } = read(dhat(profileOf(MISCHIEF)));
  assert.ok(ftbl.every((text) => !/[\r\n\u2028]/.test(text)));
});
