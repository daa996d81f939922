/**
 * What a byte of memory is put down to: `live` (the program holds it), `growth` (and ever more), `peak` (free in long runs, needed once),
 * `fragmentation` (free between what is held), `hoarding` (free in magazines, empty slabs, the quarantine), `foreign` (somebody else's),
 * `staticData`, `stack`, or `records` (what the heap itself costs).
 */
export type Cause = 'live' | 'growth' | 'peak' | 'fragmentation' | 'hoarding' | 'foreign' | 'staticData' | 'stack' | 'records';

/** What somebody saw who looked before. An image does not say what was: without this nothing counts as growth. */
export interface Earlier {
  /** Seconds from then to now. */
  seconds: number;
  liveBytes: number;
  /** The most that were held at any look so far, and how many seconds ago. */
  peak?: { liveBytes: number; seconds: number } | undefined;
  /** Bytes that objects of each cache held, by its name; those of large segments by `large segments`. */
  caches?: { readonly [name: string]: number } | undefined;
}

/** A figure that a finding rests on, and where to look at it. */
export interface Evidence {
  sentence: string;
  /** The view that shows it. */
  view: 'overview' | 'caches' | 'objects' | 'arenas' | 'map' | 'leaks' | 'sites' | 'faults';
  /** What it is about, where it is about one such thing. */
  cache?: string;
  address?: number;
  site?: number;
}

/** A cause of high memory. */
export interface Finding {
  cause: Cause;
  bytes: number;
  /** Of the memory, 0 to 1. */
  share: number;
  sentence: string;
  advice: string;
  evidence: Evidence[];
}

/** An object that keeps a page from being free. */
export interface PinRow {
  address: number;
  size: number;
  /** The name of its cache; null of a large segment. */
  cache: string | null;
  /** Number of the site that asked for it; 0 where that is not on record. */
  site: number;
}

/** Pages of 64 KiB that are free to at least three quarters and have 1 to 16 live objects. */
export interface Pins {
  pages: number;
  /** Bytes that are free in them. */
  freeBytes: number;
  objects: number;
  objectBytes: number;
  /** By cache, the most objects first; `class` is null of large segments. */
  groups: { cache: string; class: number | null; objects: number; bytes: number }[];
  /** At most a hundred of the pages, those with the fewest objects first. */
  list: { start: number; freeBytes: number; objects: PinRow[] }[];
}

/** Something else than owners to colour the cells of the map by; cell `i` covers `[i * granule, (i + 1) * granule)`. */
export interface MapLayer {
  kind: 'pins' | 'age' | 'site';
  granule: number;
  /**
   * Of `pins` 255 where an object lies that pins its page, 128 in the rest of such pages, else 0. Of `age` 255 for the oldest object on
   * record, 1 for one just made, 0 where none is on record. Of `site` 1 to 9 for `sites`, 10 for any other site, 0 where none is on record.
   */
  values: Uint8Array;
  /** Numbers of the sites with a value of their own, those that hold most; that of value 1 first. */
  sites: number[];
  /** Of `age`: operations since the oldest object on record was made. */
  oldest: number;
}

/** Why the memory is high. */
export interface Verdict {
  cause: Cause;
  /** The cause that has at least half as many bytes. */
  second?: Cause;
  /** The answer in one sentence. */
  sentence: string;
  /** What to do about it. */
  advice: string;
  memoryBytes: number;
  /** The largest first; their bytes add up to `memoryBytes`. */
  findings: Finding[];
  pins: Pins;
  /** Records of the heap that are damaged: with any, figures may be wrong. */
  damaged: number;
}
