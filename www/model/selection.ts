/**
 * What is chosen, in whichever view: a cache, a call site, an address, a part of the time. One choice for all views: they mark what belongs to
 * it, and the log lists only that as far as it knows (`narrowed`). Pure; relies on the records.
 */
import type { LogQuery } from './diagnosis.ts';
import { address as hex } from './format.ts';
import { litNumber, spotlightOf } from './objects.ts';
import type { CacheRow, FaultRow, LeakGroup, ObjectCacheRow } from './records.ts';

export interface Choice {
  /** As the map's spotlight calls it, and as comparisons do, with its name; an object cache, which programs make, or a size class. */
  cache?: { spotlight: number; key: string; name: string; made: boolean } | undefined;
  site?: number | undefined;
  address?: number | undefined;
  /** Seconds since the recording began, from and to. */
  range?: readonly [number, number] | undefined;
}

export const NO_CHOICE: Choice = {};

export function isNoChoice(choice: Choice): boolean {
  return Object.values(choice).every((part) => part === undefined);
}

/** The cache that a spotlight is on. An object cache that is gone is said to be; of what is of it nothing is known. */
export function chosenCache(spotlight: number | undefined, caches: readonly CacheRow[], made: readonly ObjectCacheRow[]): Choice['cache'] {
  // Before the first sample nothing is known to be gone.
  if (spotlight === undefined || caches.length === 0) return undefined;
  const row = made.find((known) => spotlightOf(known) === spotlight);
  if (row !== undefined) return { spotlight, key: `cache:${row.number}`, name: row.name, made: true };
  const gone = litNumber(spotlight);
  if (gone !== undefined) return { spotlight, key: `cache:${gone}`, name: `number ${gone}, which is gone`, made: false };
  const known = caches.find((cache) => cache.class === spotlight);
  return known === undefined ? undefined : { spotlight, key: `class:${known.size}`, name: known.name, made: false };
}

/** Whether a group of leaks is of the cache, or of the site, that is chosen. */
export function ofLeak({ cache, site }: Choice, group: LeakGroup): boolean {
  const sameCache = cache !== undefined && (cache.made ? group.objectCache === cache.name : group.objectCache === undefined && group.class === cache.spotlight);
  return sameCache || (site !== undefined && group.site === site);
}

/** Whether a fault is of the cache, the site, or the object at the address that is chosen. */
export function ofFault({ cache, site, address }: Choice, fault: FaultRow): boolean {
  return (cache !== undefined && [fault.cache, fault.givenCache].includes(cache.name))
    || (site !== undefined && [fault.allocSite, fault.freeSite, fault.site].includes(site))
    || (address !== undefined && (fault.address === address || (address >= fault.object && address < fault.object + fault.size)));
}

/** Whether something of `length` bytes from `start` on holds the address that is chosen. */
export function ofRange({ address }: Choice, start: number, length: number): boolean {
  return address !== undefined && address >= start && address < start + length;
}

/** Whether a row of a comparison, by what it narrows the list of objects to, is of the cache or of the site that is chosen. */
export function ofChange({ cache, site }: Choice, narrows: { cache?: string | undefined; site?: number | undefined }): boolean {
  return (cache !== undefined && narrows.cache === cache.key) || (site !== undefined && narrows.site === site);
}

/** Whether a moment is in the part of the time that is chosen. */
export function ofTime({ range }: Choice, time: number | undefined): boolean {
  return range !== undefined && time !== undefined && time >= range[0] && time <= range[1];
}

/** A query of the log, with what is chosen where nothing was typed. Size classes are not in the log, and times there are counts of operations. */
export function narrowed(query: LogQuery, { cache, site, address }: Choice): LogQuery {
  return {
    ...query,
    cache: query.cache === '' && cache?.made === true ? cache.name : query.cache,
    site: query.site.trim() === '' && site !== undefined ? String(site) : query.site,
    address: query.address.trim() === '' && address !== undefined ? hex(address) : query.address,
  };
}
