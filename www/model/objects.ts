/**
 * What the whole page says of object caches: what could be given back, what was refused, and where they are on the map. Pure; relies on the
 * records and the formats. What their own view says is in `object-rows.ts`, which is loaded with that view.
 */
import { bytes, count, plural } from './format.ts';
import type { ObjectCacheRow, RefusalRow, Sample } from './records.ts';

/** What a sample says of object caches. */
export type Objects = Pick<Sample, 'objectCaches' | 'budgets' | 'refusal'>;

export const NOTHING: Objects = { objectCaches: [], budgets: [], refusal: null };

/** The share of places in slabs that may be free: as much as a slab may waste at its end. */
export const RED_LINE = 1 / 8;

export type ObjectKey = 'name' | 'size' | 'live' | 'cached' | 'freeInSlabs' | 'slabs' | 'memoryBytes' | 'use' | 'fragmentation' | 'reclaimableBytes';

/** The order of the table of object caches. */
export interface ObjectOrder {
  key: ObjectKey;
  descending: boolean;
}

/** What the map's spotlight is called for an object cache: size classes are 0 and more, and its class changes when another cache goes. */
export function spotlightOf({ number }: Pick<ObjectCacheRow, 'number'>): number {
  return -number;
}

/** The number of the object cache that a spotlight is on; none where it is on a size class, or on nothing. */
export function litNumber(spotlight: number | undefined): number | undefined {
  return spotlight !== undefined && spotlight < 0 ? -spotlight : undefined;
}

/** The class of the cells that a spotlight shows. */
export function litClass(spotlight: number | undefined, rows: readonly ObjectCacheRow[]): number | undefined {
  const wanted = litNumber(spotlight);
  if (wanted === undefined) return spotlight;
  const row = rows.find(({ number }) => number === wanted);
  // Cells tell classes by a byte; the last ones share one.
  return row === undefined ? undefined : Math.min(row.class, 254);
}

/** Bytes in full magazines that nobody needed lately. */
export function idleBytes(row: ObjectCacheRow): number {
  return row.idleMagazines * row.magazineRounds * row.stride;
}

/** Caches are named in the overview when they could give back a page of memory, and an eighth of what they hold. */
const MUCH = 65_536;

/** Which caches have much to give back; nothing where there are none. */
export function advice(rows: readonly ObjectCacheRow[]): string[] {
  const much = (row: ObjectCacheRow, gain: number): boolean => gain >= MUCH && gain > row.memoryBytes * RED_LINE;
  const list = (value: (row: ObjectCacheRow) => number, words: (names: string, gain: string, one: boolean) => string): string[] => {
    const found = rows.filter((row) => much(row, value(row))).sort((a, b) => value(b) - value(a));
    if (found.length === 0) return [];
    const names = found.slice(0, 2).map(({ name }) => name);
    if (found.length > 2) names.push(plural(found.length - 2, 'other'));
    const last = names.pop() ?? '';
    return [words(names.length === 0 ? last : `${names.join(', ')} and ${last}`, bytes(found.reduce((sum, row) => sum + value(row), 0)), found.length === 1)];
  };
  return [
    ...list((row) => row.fragmented ? row.reclaimableBytes : 0, (names, gain, one) =>
      `The object ${one ? 'cache' : 'caches'} ${names} ${one ? 'is' : 'are'} fragmented: ${gain} would go back if objects moved together.`),
    ...list(idleBytes, (names, gain, one) =>
      `The object ${one ? 'cache' : 'caches'} ${names} ${one ? 'keeps' : 'keep'} ${gain} in magazines that nobody needed lately: a reclaim gives that back.`),
  ];
}

/** Bits of a request's flags, as people say them. */
const FLAGS = ['zeroed', 'without growth', 'without reclaim', 'must not fail', 'quiet', 'from the reserve'];

/** The request that was refused last. */
export function refusalWords({ count: times, size, align, flags }: RefusalRow): string {
  const asked = FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0);
  const how = asked.length === 0 ? '' : ` (${asked.join(', ')})`;
  return `The last request that was refused asked for ${bytes(size)} at a multiple of ${count(align)}${how}; ${times === 1 ? 'it is the only one' : `${count(times)} were refused in all`}.`;
}
