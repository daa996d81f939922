/** All that is to be said of a heap at one moment, in plain records: what `report` gives and `flagstone report --json` prints. Relies on the engine's records. */
import { PARTS, reusable } from '../model/composition.ts';
import { assertions } from './assertions.ts';
import type { ArenaRow, CacheRow, Inspector, LeakReport, ObjectCacheRow, SiteRow, Verdict } from './types/flagstone.js';
import type { List, Report, ReportCache, ReportLeaks, ReportObjectCache, ReportOptions, ReportSite, ReportSummary } from './types/node.d.ts';

/** Rows of a list where nothing else is asked for. */
export const TOP = 20;

/** What is asked of a heap. */
export type Told = Pick<Inspector, 'sample' | 'audit' | 'verdict' | 'leaks' | 'check' | 'origin'>;

/** Tells of a heap; throws a sentence where it cannot be read, or where an option makes no sense. */
export function reportOn(heap: Told, { top = TOP, leaks = true, roots, assert = '' }: ReportOptions = {}): Report {
  if (!Number.isInteger(top) || top < 0) throw new Error(`${top} is no number of rows.`);
  const { summary, caches, arenas, objectCaches } = heap.sample();
  const audit = heap.audit();
  const told: Omit<Report, 'ok' | 'assertions'> = {
    format: 'flagstone report',
    version: 1,
    origin: heap.origin,
    verdict: verdictOf(heap, top),
    summary: {
      memoryBytes: summary.memoryBytes, pages: summary.pages, liveObjects: summary.liveObjects, liveBytes: summary.liveBytes,
      reusableBytes: reusable(summary.composition), allocations: summary.allocations, frees: summary.frees, failures: summary.failures,
      growths: summary.growths, grownPages: summary.grownPages, foreignGrowths: summary.foreignGrowths, ...large(arenas),
      layoutVersion: summary.layoutVersion, root: summary.root, problems: summary.problems,
    },
    composition: PARTS.map(({ key }) => ({ part: key, bytes: summary.composition[key], share: summary.memoryBytes === 0 ? 0 : summary.composition[key] / summary.memoryBytes })),
    caches: most(caches.map(cache).filter(({ live, free }) => live > 0 || free > 0), ({ liveBytes }) => liveBytes, top),
    objectCaches: most(objectCaches.map(objectCache), ({ memoryBytes }) => memoryBytes, top),
    sites: audit === null ? null : most(audit.sites.map(site), ({ liveBytes }) => liveBytes, top),
    leaks: leaks ? leaksOf(heap.leaks(roots === undefined ? {} : { roots }), top) : null,
    check: heap.check(),
    faults: audit === null ? null : { ever: audit.faultsEver, sentences: audit.faults.map(({ sentence }) => sentence) },
  };
  const held = assertions(told, assert);
  return { ...told, ok: told.check.ok && held.every(({ holds }) => holds), assertions: held };
}

/** The verdict, with so many of the pages that are pinned. */
function verdictOf(heap: Told, top: number): Verdict {
  const verdict = heap.verdict();
  return { ...verdict, pins: { ...verdict.pins, list: verdict.pins.list.slice(0, top) } };
}

function large(arenas: readonly ArenaRow[]): Pick<ReportSummary, 'largeObjects' | 'largeBytes'> {
  const own = arenas.find(({ kind }) => kind === 'heap')?.heap;
  return { largeObjects: own?.largeLive ?? 0, largeBytes: own?.largeLiveBytes ?? 0 };
}

/** A size class; those without slabs are of segments, and what is free of them is in magazines. */
export function cache({ name, size, live, liveBytes, freeInSlabs, magazineRounds, allocations, frees }: CacheRow): ReportCache {
  const free = freeInSlabs + magazineRounds;
  return { name, size, live, liveBytes, free, freeBytes: free * size, allocations, frees };
}

export function objectCache(row: ObjectCacheRow): ReportObjectCache {
  const { number, name, size, live, liveBytes, freeInSlabs, cached, stride, allocations, frees, memoryBytes, reclaimableBytes } = row;
  const free = freeInSlabs + cached;
  return { number, name, size, live, liveBytes, free, freeBytes: free * stride, allocations, frees, memoryBytes, reclaimableBytes };
}

function site({ id, tags, frames, liveBytes, liveCount, bytes, count }: SiteRow): ReportSite {
  return { id, tags, frames, liveBytes, liveCount, bytes, count };
}

function leaksOf({ certainty, leaks, lostObjects, lostBytes, sentence, groups, groupsLeft }: LeakReport, top: number): ReportLeaks {
  const rows = groups.slice(0, top).map((group) => ({
    what: group.what, size: group.size, count: group.count, bytes: group.bytes, held: group.held, heldBytes: group.heldBytes,
    cycle: group.cycle, site: group.site ?? null, certainty: group.certainty, addresses: group.examples.map(({ address }) => address),
  }));
  return { certainty, leaks, lostObjects, lostBytes, sentence, groups: { rows, left: groupsLeft + groups.length - rows.length } };
}

/** The first of the rows by a figure. */
export function most<Row>(rows: readonly Row[], figure: (row: Row) => number, top: number): List<Row> {
  const sorted = rows.toSorted((a, b) => figure(b) - figure(a));
  return { rows: sorted.slice(0, top), left: Math.max(0, sorted.length - top) };
}
