/** Records to export that are made up: with call sites, and with none but caches. Figures that tests expect are said here. For tests only. */
import { NOTHING, type Objects } from '../model/objects.ts';
import type { AuditReport, CacheRow, SiteRow, Summary } from '../model/records.ts';
import { peakOf, type Reading, type Records } from '../exports/profile.ts';
import { ENTRIES, FRAMES, REPORT, SITES } from './fake-audit.ts';
import { FakeHeap } from './fake-engine.ts';
import { KNOWN } from './fake-leaks.ts';
import { OBJECTS, PAIRS } from './fake-objects.ts';

/** What is live; the sites of `fake-audit.ts` come to 10,047,488 bytes and 70,621.75 objects of it. */
export const LIVE = { bytes: 12_000_000, count: 80_000 };
/** So much, and so many, are at no site. */
export const REST = { bytes: 1_952_512, count: 9378 };
/** At the peak; of the sites only the csv reader held more, 8 MiB, and the others what they hold now. */
export const PEAK = { bytes: 15_000_000, count: 90_000 };

function readingOf(live: { bytes: number; count: number }, audit: AuditReport | null, objects: Objects = OBJECTS): Reading {
  const heap = new FakeHeap();
  heap.work(300_000);
  const { summary, caches, arenas } = heap.sample();
  return { sample: { summary: { ...summary, liveBytes: live.bytes, liveObjects: live.count }, caches, arenas, ...objects }, audit };
}

const COLUMN_AT_PEAK = 8_388_608;
const atPeak = (row: SiteRow): SiteRow => row.id === 1 ? { ...row, liveBytes: COLUMN_AT_PEAK, liveCount: 2048 } : row;

/** With all that there may be. */
export const WHOLE: Records = {
  program: 'demo.wasm', at: Date.UTC(2026, 10, 21, 12), now: readingOf(LIVE, REPORT), peak: peakOf(readingOf(PEAK, { ...REPORT, sites: SITES.map(atPeak) })),
  name: (offset) => FRAMES.get(offset) ?? [], log: { entries: [...ENTRIES], matching: ENTRIES.length, lost: 0 }, leaks: KNOWN,
  moments: [
    { time: 0, pages: 17, memoryBytes: 1_114_112, liveBytes: 200_000, heldBytes: 300_000, difference: 0 },
    { time: 0.25, pages: 190, memoryBytes: 12_451_840, liveBytes: LIVE.bytes, heldBytes: 12_300_000, difference: 0 },
  ],
  growths: [{ time: 0.25, fromPages: 17, toPages: 190, calls: 3, foreignCalls: 1, liveBefore: 200_000, liveAfter: LIVE.bytes, during: 'open "a;b".csv' }],
};

const cache = (row: Partial<CacheRow>): CacheRow => ({
  class: 0, name: '', size: 0, slabBytes: 16_384, objectsPerSlab: 0, allocations: 0, frees: 0, failures: 0, live: 0, liveBytes: 0, slabs: 0, emptySlabs: 0, objects: 0, magazineRounds: 0,
  magazineCapacity: 0, freeInSlabs: 0, overheadBytes: 0, reclaimableBytes: 0, slabCreates: 0, slabDestroys: 0, ...row,
});

/** Of a build without diagnosis: 1,200 B in a size class, 8 KiB in segments of one, 1,120 B in the object cache pairs, and 70,000 B in one segment. */
export const PLAIN: Records = (() => {
  const reading = readingOf({ bytes: 1200 + 8192 + 1120 + 70_000, count: 50 + 2 + 70 + 1 }, null, { ...NOTHING, objectCaches: [PAIRS] });
  const summary: Summary = { ...reading.sample.summary, allocations: 1000, frees: 877 };
  const caches = [
    cache({ class: 2, name: '24 B', size: 24, live: 50, liveBytes: 1200, allocations: 90, frees: 40 }),
    cache({ class: 5, name: '48 B', size: 48 }),
    cache({ class: 30, name: '4 KiB', size: 4096, slabBytes: 0, live: 2, liveBytes: 8192, allocations: 1 }),
  ];
  return { ...WHOLE, now: { ...reading, sample: { ...reading.sample, summary, caches } }, peak: undefined, log: undefined, leaks: undefined, moments: [], growths: [] };
})();

/** A name of every kind of mischief. */
export const HOSTILE = '=cmd|"/c calc"!A1;\r\n<script>alert(1)</script>\u2028\u0000,`${x}` 7';

/** Records whose names are all of that kind. */
export const MISCHIEF: Records = {
  ...WHOLE, program: HOSTILE, name: (offset) => [{ function: `${HOSTILE}${offset}`, file: HOSTILE, line: 1, column: undefined, inlined: false }],
  now: {
    audit: { ...REPORT, sites: SITES.map((row) => ({ ...row, tags: [HOSTILE] })), tags: [{ id: 1, parent: 0, name: HOSTILE, entries: 1 }] },
    sample: { ...WHOLE.now.sample, caches: WHOLE.now.sample.caches.map((row) => ({ ...row, name: HOSTILE })) },
  },
};

/** Records of a memory that is damaged: figures that make no sense. */
export const DAMAGED: Records = {
  ...WHOLE,
  now: {
    sample: WHOLE.now.sample,
    audit: { ...REPORT, sites: SITES.map((row, index) => ({ ...row, liveBytes: [Number.NaN, -5, 1e300, Infinity][index] ?? row.liveBytes, bytes: index % 2 === 0 ? -1 : 1e308 })) },
  },
};
