/**
 * A profile: who holds memory, as stacks with figures that add up to what the inspector shows, to the byte. All formats are made from one.
 * Pure; relies on the records and on the stacks of the model.
 *
 * With diagnosis the stacks are those of its call sites. Their figures are estimates where requests are sampled, and begin when diagnosis
 * began, so they miss what is live: the difference is a stack of its own, `not sampled`. Estimates that come to more than what is live are
 * made smaller in proportion. Without call sites the stacks are the heap, its caches of each kind, and what lies in segments.
 *
 * `total` is what is known to have been asked for, ever. Of what no site and no cache counts, only what is live is known, so that is its total.
 * `peak` is the moment with the most live bytes of those that were read; without one it is the same as `live`.
 */
import { ownLines, stackLines } from '../model/frames.ts';
import type * as recorded from '../model/history.ts';
import type { Peak } from '../model/peak-watch.ts';
import type { AuditReport, CacheRow, LeakReport, LogList, ObjectCacheRow, Sample, SiteRow } from '../model/records.ts';
import type { Frame } from '../model/symbols.ts';
import { fitted, isNothing, most, NOTHING, plus, sane, type Amount } from './amounts.ts';

/** Figures of the heap at one moment of the past, and growth of memory from one to the next. */
export type Moment = recorded.Sample;
export type Growth = recorded.Growth;

/** Frames at an offset in the module, innermost first; none where nothing is known of it. */
export type Namer = (offset: number) => readonly Frame[];

/** What the engine said at one moment. */
export interface Reading {
  sample: Pick<Sample, 'summary' | 'caches' | 'objectCaches' | 'budgets' | 'refusal' | 'arenas'>;
  /** Null where the module was built without diagnosis. */
  audit: AuditReport | null;
}

/** Everything that is exported: what was read last, and what was recorded before. */
export interface Records {
  /** What the program is called, such as the name of its module. */
  program: string;
  /** Milliseconds since 1970 at which `now` was read. */
  at: number;
  now: Reading;
  /** The moment with the most live bytes, where that was kept. */
  peak?: Peak | undefined;
  name: Namer;
  /** Oldest first. */
  moments: readonly Moment[];
  growths: readonly Growth[];
  log?: LogList | undefined;
  leaks?: LeakReport | undefined;
}

/** A line of a stack. */
export interface Place {
  /** Byte offset in the module; none for what is no code. */
  address?: number | undefined;
  name: string;
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
  /** Its code is part of the next place's function, which has the same address. */
  inlined?: boolean | undefined;
}

export interface Stack {
  /** What it is of: a call site, a cache, or what neither knows. */
  kind: 'site' | 'cache' | 'rest';
  /** The innermost first. */
  places: readonly Place[];
  /** Names that the program gave to what it was doing, the outermost first. */
  tags: readonly string[];
  live: Amount;
  total: Amount;
  peak: Amount;
}

/** What a figure of a stack is. */
export type Measure = 'live' | 'total' | 'peak';

export interface Profile {
  program: string;
  at: number;
  /** Where the stacks are from. */
  source: 'sites' | 'caches';
  /** Bytes between two samples on the average; 0 where each request of a site is counted, or there are no sites. */
  samplingBytes: number;
  /** Those with the most live bytes first. */
  stacks: readonly Stack[];
  /** Sums over all stacks; `live` is what the inspector shows. */
  live: Amount;
  total: Amount;
  peak: Amount;
  /** Requests and releases of the heap, ever, and at the peak. */
  operations: number;
  peakOperations: number;
  /** Whether a peak was recorded. */
  peakKnown: boolean;
  /** What is to be known of the figures, in a sentence or two. */
  note: string;
  moments: readonly Moment[];
  growths: readonly Growth[];
}

export const NOT_SAMPLED = 'not sampled';
const NO_STACK = 'no stack recorded';
/** What lies in segments, and has no cache. */
const IN_SEGMENTS = 'in segments of their own';

export function profileOf(records: Records): Profile {
  const { now, peak, program, at, moments, growths } = records;
  const bySites = (now.audit?.sites.length ?? 0) > 0;
  const end = peakOf(now);
  const stacks = bySites ? ofSites(end, peak, records.name) : ofCaches(end, peak);
  const sum = (measure: Measure): Amount => stacks.reduce((all, stack) => plus(all, stack[measure]), NOTHING);
  const samplingBytes = bySites ? sane(now.audit?.samplingBytes ?? 0) : 0;
  return {
    program, at, source: bySites ? 'sites' : 'caches', samplingBytes,
    stacks: stacks.filter(({ live, total }) => !(isNothing(live) && isNothing(total)))
      .sort((a, b) => b.live.bytes - a.live.bytes || b.total.bytes - a.total.bytes),
    live: sum('live'), total: sum('total'), peak: sum('peak'),
    operations: end.operations, peakOperations: sane((peak ?? end).operations), peakKnown: peak !== undefined,
    note: noteOf(bySites, samplingBytes, peak !== undefined), moments, growths,
  };
}

/** All lines of a stack with its tags as the outermost ones, the innermost first; never empty. */
export function linesOf({ places, tags }: Stack): Place[] {
  const lines = [...places, ...tags.map((tag) => ({ name: `[${tag}]` })).reverse()];
  return places.length === 0 ? [{ name: NO_STACK }, ...lines] : lines;
}

/** Stacks that a format cannot tell apart become one, whose figures are the sums. The order is that of the first of each. */
export function merged<T>(stacks: readonly Stack[], key: (stack: Stack) => string, make: (stack: Stack) => T): { made: T; live: Amount; total: Amount; peak: Amount }[] {
  const found = new Map<string, { made: T; live: Amount; total: Amount; peak: Amount }>();
  for (const stack of stacks) {
    const known = found.get(key(stack));
    if (known === undefined) {
      found.set(key(stack), { made: make(stack), live: stack.live, total: stack.total, peak: stack.peak });
      continue;
    }
    known.live = plus(known.live, stack.live);
    known.total = plus(known.total, stack.total);
    known.peak = plus(known.peak, stack.peak);
  }
  return [...found.values()];
}

/** Who holds memory at the moment of a reading, as a peak says it. */
export function peakOf({ sample: { summary, caches, objectCaches }, audit }: Reading, time = 0): Peak {
  const { pages, liveBytes, liveObjects, allocations, frees } = summary;
  return { time, pages, liveBytes, liveObjects, operations: sane(allocations) + sane(frees), caches, objectCaches, sites: audit?.sites ?? [] };
}

function liveOf({ liveBytes, liveObjects }: Peak): Amount {
  return { bytes: Math.round(sane(liveBytes)), count: Math.round(sane(liveObjects)) };
}

/** What is live at call sites, and what of all that is live is at none. */
function siteAmounts(rows: readonly SiteRow[], all: Amount): { amounts: Map<number, Amount>; rest: Amount } {
  const bytes = fitted(rows.map((row) => row.liveBytes), all.bytes);
  const count = fitted(rows.map((row) => row.liveCount), all.count);
  const amounts = new Map(rows.map(({ id }, index) => [id, { bytes: bytes.values[index] ?? 0, count: count.values[index] ?? 0 }]));
  return { amounts, rest: { bytes: bytes.rest, count: count.rest } };
}

function ofSites(now: Peak, peak: Peak | undefined, name: Namer): Stack[] {
  const known = now.sites;
  const ids = new Set(known.map(({ id }) => id));
  const gone = (peak?.sites ?? []).filter(({ id }) => !ids.has(id)).map((row): SiteRow => ({ ...row, liveBytes: 0, liveCount: 0 }));
  const rows = [...known, ...gone];
  const live = siteAmounts(rows, liveOf(now));
  const before = peak === undefined ? live : siteAmounts(peak.sites, liveOf(peak));
  const names = new Map([...new Set(rows.flatMap(({ frames }) => frames))].map((offset) => [offset, name(offset)]));
  const stacks = rows.map((row): Stack => {
    const places = ownLines(stackLines(row.frames, names)).map(({ offset, frame, name: called, inlined }): Place =>
      ({ address: offset, name: called, file: frame.file, line: frame.line, column: frame.column, inlined }));
    const held = live.amounts.get(row.id) ?? NOTHING;
    const ever = { bytes: Math.round(sane(row.bytes)), count: Math.round(sane(row.count)) };
    const then = before.amounts.get(row.id) ?? NOTHING;
    return { kind: 'site', places, tags: row.tags, live: held, total: most(most(ever, held), then), peak: then };
  });
  return [...stacks, restOf([{ name: NOT_SAMPLED }], live.rest, before.rest)];
}

function restOf(places: readonly Place[], live: Amount, peak: Amount): Stack {
  return { kind: 'rest', places, tags: [], live, total: most(live, peak), peak };
}

/** A cache, or what has none, as the end of a stack. */
interface Holder {
  key: string;
  places: readonly Place[];
  live: Amount;
  total: Amount;
}

function ofCaches(now: Peak, peak: Peak | undefined): Stack[] {
  const held = holders(now);
  const before = peak === undefined ? undefined : holders(peak);
  const then = new Map((before ?? held).holders.map(({ key, live }) => [key, live]));
  const gone = (before?.holders ?? []).filter(({ key }) => !held.holders.some((holder) => holder.key === key))
    .map(({ places, live, total }): Stack => ({ kind: 'cache', places, tags: [], live: NOTHING, total: most(total, live), peak: live }));
  const stacks = held.holders.map(({ key, places, live, total }): Stack => {
    const highest = then.get(key) ?? NOTHING;
    return { kind: 'cache', places, tags: [], live, total: most(most(total, live), highest), peak: highest };
  });
  return [...stacks, ...gone, restOf(path(IN_SEGMENTS, 'heap'), held.rest, (before ?? held).rest)];
}

function path(...names: readonly string[]): Place[] {
  return names.map((name) => ({ name }));
}

/** What each cache holds; their sum with the rest is what is live. */
function holders(holding: Peak): { holders: Holder[]; rest: Amount } {
  const { caches, objectCaches } = holding;
  const ofClass = (row: CacheRow): Holder => {
    // A cache of segments counts only what its magazines gave out.
    const slabs = row.slabBytes > 0;
    const total = slabs ? { bytes: sane(row.allocations) * sane(row.size), count: sane(row.allocations) } : NOTHING;
    return { key: `class ${row.class}`, places: path(row.name, slabs ? 'size classes' : 'segments', 'heap'), live: { bytes: row.liveBytes, count: row.live }, total };
  };
  const ofObjects = (row: ObjectCacheRow): Holder => ({
    key: `objects ${row.number}`, places: path(row.name, 'object caches', 'heap'), live: { bytes: row.liveBytes, count: row.live },
    total: { bytes: sane(row.allocations) * sane(row.stride), count: sane(row.allocations) },
  });
  const found = [...caches.map(ofClass), ...objectCaches.map(ofObjects)];
  const all = liveOf(holding);
  const bytes = fitted(found.map(({ live }) => live.bytes), all.bytes);
  const count = fitted(found.map(({ live }) => live.count), all.count);
  return {
    holders: found.map((holder, index) => ({ ...holder, live: { bytes: bytes.values[index] ?? 0, count: count.values[index] ?? 0 } })),
    rest: { bytes: bytes.rest, count: count.rest },
  };
}

function noteOf(bySites: boolean, samplingBytes: number, peakKnown: boolean): string {
  const from = !bySites ? 'No call sites are on record: stacks are the caches of the heap.'
    : samplingBytes > 0 ? `Call sites are estimates from samples every ${samplingBytes} bytes; what they miss of the live bytes is "${NOT_SAMPLED}".`
      : `What is live and was asked for before call sites were recorded, and what requests are rounded up by, is "${NOT_SAMPLED}".`;
  return `${from} ${peakKnown ? 'The peak is the highest of the moments that were read.' : 'No earlier moment is on record, so the peak is the end.'}`;
}
