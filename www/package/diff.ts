/** What changed from one heap to another: what `diff` gives and `flagstone diff --json` prints. Relies on the engine's records and the report's. */
import { PARTS, reusable } from '../model/composition.ts';
import { growthAssertions } from './assertions.ts';
import { cache, most, objectCache, TOP } from './report.ts';
import type { Inspector, Sample, SiteRow, SnapshotDiff } from './types/flagstone.js';
import type { Change, Diff, DiffOptions, DiffRow, List, ReportCache } from './types/node.d.ts';

/** What is asked of a snapshot. */
export interface Taken {
  diff(later: Taken, options?: { changedOnly?: boolean }): SnapshotDiff;
  free(): void;
}

/** What is asked of each of two heaps. */
export type Compared = Pick<Inspector, 'sample' | 'audit'> & { snapshot(): Taken };

/** Compares two heaps; throws a sentence where one cannot be read, or where an option makes no sense. */
export function diffOf(before: Compared, after: Compared, { top = TOP, assert = '' }: DiffOptions = {}): Diff {
  if (!Number.isInteger(top) || top < 0) throw new Error(`${top} is no number of rows.`);
  const [one, two] = [before.sample(), after.sample()];
  const [sitesOne, sitesTwo] = [before.audit()?.sites, after.audit()?.sites];
  const told: Omit<Diff, 'ok' | 'assertions'> = {
    format: 'flagstone diff',
    version: 1,
    summary: summary(one, two),
    composition: PARTS.map(({ key }) => ({ part: key, ...change(one.summary.composition[key], two.summary.composition[key]) })),
    objects: objects(before, after, top),
    caches: rows(one.caches.map(cache), two.caches.map(cache), top),
    objectCaches: rows(one.objectCaches.map(objectCache), two.objectCaches.map(objectCache), top),
    sites: sitesOne === undefined || sitesTwo === undefined ? null : sites(sitesOne, sitesTwo, top),
  };
  const held = growthAssertions(told, assert);
  return { ...told, ok: held.every(({ holds }) => holds), assertions: held };
}

function change(before: number, after: number): Change {
  return { before, after, change: after - before };
}

function summary({ summary: one }: Sample, { summary: two }: Sample): Diff['summary'] {
  return {
    memoryBytes: change(one.memoryBytes, two.memoryBytes),
    pages: change(one.pages, two.pages),
    liveObjects: change(one.liveObjects, two.liveObjects),
    liveBytes: change(one.liveBytes, two.liveBytes),
    reusableBytes: change(reusable(one.composition), reusable(two.composition)),
    allocations: change(one.allocations, two.allocations),
    frees: change(one.frees, two.frees),
    failures: change(one.failures, two.failures),
    growths: change(one.growths, two.growths),
    foreignGrowths: change(one.foreignGrowths, two.foreignGrowths),
  };
}

function objects(before: Compared, after: Compared, top: number): Diff['objects'] {
  const [one, two] = [before.snapshot(), after.snapshot()];
  try {
    const { objects: all, caches, doubts } = one.diff(two, { changedOnly: true });
    return { all, caches: most(caches, (row) => row.objects.new.bytes, top), doubts };
  } finally {
    one.free();
    two.free();
  }
}

/** Rows of the same name and size are of the same cache; those of several such caches are taken together. */
function rows(before: readonly ReportCache[], after: readonly ReportCache[], top: number): List<DiffRow> {
  const found = new Map<string, DiffRow>();
  const add = (of: ReportCache, side: 'before' | 'after'): void => {
    const key = JSON.stringify([of.name, of.size]);
    const row = found.get(key) ?? { name: of.name, size: of.size, live: change(0, 0), liveBytes: change(0, 0), freeBytes: change(0, 0) };
    for (const figure of ['live', 'liveBytes', 'freeBytes'] as const) row[figure] = plus(row[figure], side, of[figure]);
    found.set(key, row);
  };
  for (const row of before) add(row, 'before');
  for (const row of after) add(row, 'after');
  const changed = [...found.values()].filter(({ live, freeBytes }) => live.change !== 0 || freeBytes.change !== 0);
  return most(changed, ({ liveBytes, freeBytes }) => Math.abs(liveBytes.change) + Math.abs(freeBytes.change), top);
}

/** Numbers of sites are those of one run; what tells them from others in any run are their tags and frames. */
function sites(before: readonly SiteRow[], after: readonly SiteRow[], top: number): NonNullable<Diff['sites']> {
  const found = new Map<string, NonNullable<Diff['sites']>['rows'][number]>();
  const add = ({ tags, frames, liveCount, liveBytes }: SiteRow, side: 'before' | 'after'): void => {
    const key = JSON.stringify([tags, frames]);
    const row = found.get(key) ?? { tags, frames, live: change(0, 0), liveBytes: change(0, 0) };
    row.live = plus(row.live, side, liveCount);
    row.liveBytes = plus(row.liveBytes, side, liveBytes);
    found.set(key, row);
  };
  for (const row of before) add(row, 'before');
  for (const row of after) add(row, 'after');
  return most([...found.values()].filter(({ liveBytes, live }) => liveBytes.change !== 0 || live.change !== 0), ({ liveBytes }) => Math.abs(liveBytes.change), top);
}

function plus({ before, after }: Change, side: 'before' | 'after', figure: number): Change {
  return side === 'before' ? change(before + figure, after) : change(before, after + figure);
}
