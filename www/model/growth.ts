/**
 * What only grows: call sites, tags and object caches whose live bytes were read again and again and never fell much. That is what a leak
 * looks like which is still reachable: a cache without a limit, a list that nobody empties. Pure; relies on the records.
 */
import type { AuditReport, ObjectCacheRow } from './records.ts';

/** Readings before anything is said. */
const READINGS = 4;
/** What fell, as a part of what rose, above which something is no leak but goes up and down. */
const FALLEN = 0.1;

/** What of an object cache is read. */
export type Holding = Pick<ObjectCacheRow, 'number' | 'name' | 'liveBytes'>;

export interface Grower {
  kind: 'site' | 'tag' | 'cache';
  /** Number of the site, tag or object cache. */
  id: number;
  /** The name of a tag, with those it is within, or of a cache; empty for a site. */
  name: string;
  /** Live bytes when it was first read, and now. */
  first: number;
  last: number;
  /** Bytes by which it rose and fell in between. */
  rose: number;
  fell: number;
  readings: number;
}

/** Reads the same figures again and again. */
export class GrowthWatch {
  readonly #known = new Map<string, Grower>();
  #began = 0;
  #time = 0;

  /** Milliseconds from the first reading to the last. */
  get span(): number {
    return this.#time - this.#began;
  }

  /** Adds what was read at a time, in milliseconds. */
  add(time: number, { sites, tags }: Pick<AuditReport, 'sites' | 'tags'>, caches: readonly Holding[]): void {
    if (this.#known.size === 0) this.#began = time;
    this.#time = time;
    const byTag = new Map<number, number>();
    for (const { id, tag, liveBytes } of sites) {
      this.#note('site', id, '', liveBytes);
      byTag.set(tag, (byTag.get(tag) ?? 0) + liveBytes);
    }
    const parents = new Map(tags.map((tag) => [tag.id, tag]));
    for (const tag of tags) {
      const path = [tag.name];
      // A tag is within an older one, with a smaller number.
      for (let at = parents.get(tag.parent); at !== undefined; at = parents.get(at.parent)) path.unshift(at.name);
      this.#note('tag', tag.id, path.join(' › '), byTag.get(tag.id) ?? 0);
    }
    for (const { number, name, liveBytes } of caches) this.#note('cache', number, name, liveBytes);
  }

  #note(kind: Grower['kind'], id: number, name: string, bytes: number): void {
    const known = this.#known.get(`${kind} ${id}`);
    if (known === undefined) {
      // What is made later began with nothing.
      const first = this.#time === this.#began ? bytes : 0;
      this.#known.set(`${kind} ${id}`, { kind, id, name, first, last: bytes, rose: bytes - first, fell: 0, readings: 1 });
      return;
    }
    const change = bytes - known.last;
    if (change > 0) known.rose += change;
    else known.fell -= change;
    known.last = bytes;
    known.readings += 1;
  }

  /** What only grows, what grew most first. */
  growers(): Grower[] {
    const grows = ({ first, last, rose, fell, readings }: Grower): boolean => readings >= READINGS && last > first && fell <= rose * FALLEN;
    return [...this.#known.values()].filter(grows).sort((a, b) => b.last - b.first - (a.last - a.first));
  }

  /** Begins anew. */
  clear(): void {
    this.#known.clear();
    this.#began = 0;
    this.#time = 0;
  }
}
