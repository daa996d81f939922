/** A heap of few figures, each written down, for what is told of heaps without a page. For tests only. */
import type { AuditReport, ArenaRow, CacheRow, CheckReport, LeakOptions, LeakReport, Sample, Summary, Verdict } from '../model/records.ts';
import type { Compared, Taken } from '../package/diff.ts';
import type { Told } from '../package/report.ts';
import type { DumpOrigin } from '../package/types/flagstone.d.ts';
import { COLUMN, QUIET, STRING } from './fake-audit.ts';
import { LISTS, UNKNOWN } from './fake-leaks.ts';
import { objectCacheRow } from './fake-objects.ts';

const SUMMARY: Summary = {
  layoutVersion: 9, root: 0x2010, memoryBytes: 262_144, pages: 4, quantum: 128, initialized: true, liveObjects: 161, liveBytes: 135_168, allocations: 300, frees: 139, failures: 1,
  growths: 2, grownPages: 3, foreignGrowths: 0, problems: [],
  composition: { staticData: 8192, stack: 65_536, live: 135_168, magazines: 2048, slabFree: 4096, slabOverhead: 1024, arenaFree: 40_960, metadata: 4096, foreign: 1024 },
};

function cache(name: string, size: number, live: number, rounds: number, free: number): CacheRow {
  return {
    class: size, name, size, slabBytes: 4096, objectsPerSlab: Math.floor(4096 / size), allocations: live * 2, frees: live, failures: 0, live, liveBytes: live * size, slabs: 1, emptySlabs: 0,
    objects: live + rounds + free, magazineRounds: rounds, magazineCapacity: 16, freeInSlabs: free, overheadBytes: 0, reclaimableBytes: 0, slabCreates: 1, slabDestroys: 0,
  };
}

const HEAP: ArenaRow = {
  id: 0x2000, name: 'heap', kind: 'heap', quantum: 128, spans: 1, segments: 9, heldSegments: 6, freeSegments: 3, total: 180_000, inUse: 139_040, free: 40_960, largestFree: 40_000,
  fragmentation: 0.02, cached: 0, allocations: 20, frees: 10, failures: 0, imports: 0, releases: 0, spanList: [], freeHistogram: [],
  heap: { growths: 2, pages: 3, parkedBytes: 0, largeLive: 1, largeLiveBytes: 102_400, slabBytes: 30_000, objectSlabBytes: 4096, metadataBytes: 4096 },
};

export class FakeInspector implements Told, Compared {
  origin: DumpOrigin | null = null;
  judged: Verdict = {
    cause: 'live', sentence: 'Half of the memory is live.', advice: 'Look at the call sites that hold it.', memoryBytes: 262_144, damaged: 0,
    findings: [
      { cause: 'live', bytes: 135_168, share: 0.515625, sentence: '132 KiB are live.', advice: 'Look at the call sites that hold it.', evidence: [{ sentence: '40 objects of 448 B', view: 'caches', cache: '448 B' }] },
      { cause: 'stack', bytes: 65_536, share: 0.25, sentence: 'The stack has 64 KiB.', advice: 'A smaller stack may do.', evidence: [{ sentence: '64 KiB from 0', view: 'map', address: 0 }] },
    ],
    pins: { pages: 2, freeBytes: 100_000, objects: 3, objectBytes: 1344, groups: [{ cache: '448 B', class: 7, objects: 3, bytes: 1344 }], list: [0x10_000, 0x20_000].map((start) => ({ start, freeBytes: 50_000, objects: [{ address: start + 64, size: 448, cache: '448 B', site: 0 }] })) },
  };
  /** What a test wants to be otherwise. */
  changed: Partial<Summary> = {};
  rows: CacheRow[] = [cache('64 B', 64, 100, 8, 20), cache('448 B', 448, 40, 0, 4), cache('1 KiB', 1024, 0, 0, 0)];
  diagnosis: AuditReport | null = { ...QUIET, sites: [COLUMN, STRING] };
  checked: CheckReport = { ok: true, checked: { segments: 9, slabs: 3, objects: 190, caches: 4 }, problems: [] };
  found: LeakReport = { ...UNKNOWN, damaged: false, groups: [LISTS], groupsLeft: 0, leaks: 214, lostObjects: 1684, lostBytes: 46_296, sentence: 'Nothing leads to 1684 of them.' };
  asked: LeakOptions | null | undefined;

  verdict(): Verdict {
    return this.judged;
  }

  sample(): Sample {
    return { summary: this.summary(), caches: this.rows, objectCaches: [objectCacheRow({ number: 1, name: 'tiles', size: 128, objectsPerSlab: 16, taken: [16, 4], loaded: 1 })], budgets: [], refusal: null, arenas: [HEAP] };
  }

  summary(): Summary {
    return { ...SUMMARY, ...this.changed };
  }

  audit(): AuditReport | null {
    return this.diagnosis;
  }

  check(): CheckReport {
    return this.checked;
  }

  leaks(options?: LeakOptions | null): LeakReport {
    this.asked = options;
    return this.found;
  }

  /** What changed to whatever comes later. */
  snapshot(): Taken {
    const tally = (count: number): { count: number; bytes: number } => ({ count, bytes: count * 448 });
    const objects = { before: tally(40), after: tally(50), new: tally(12), freed: tally(2), surviving: tally(38) };
    const nothing = { before: tally(0), after: tally(0), new: tally(0), freed: tally(0), surviving: tally(0) };
    const pair = <T>(value: T): { before: T; after: T } => ({ before: value, after: value });
    return {
      diff: () => ({
        objects, allocations: 12, failures: 0, growths: 1, memoryBytes: pair(0), pages: pair(0), composition: pair(SUMMARY.composition), arenas: [], sites: [], tags: [], toldApart: 0,
        caches: [{ key: 'class:64', name: '64 B', size: 64, objects: nothing, allocations: 0 }, { key: 'class:448', name: '448 B', size: 448, objects, allocations: 12 }],
        doubts: ['Nothing tells objects apart whose address was handed out again.'],
      }),
      free: () => undefined,
    };
  }
}
