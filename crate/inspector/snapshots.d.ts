/** What a person calls a snapshot, and when it was taken: milliseconds since 1970, 0 where nobody says. */
export interface SnapshotNote {
  name?: string;
  time?: number;
}

/** How many objects, and their bytes. Of arenas: how many pieces, and what they add up to. Of call sites and tags worked out from samples. */
export interface Tally {
  count: number;
  bytes: number;
}

/** Bytes of the memory by use, as in a summary; they add up to its length. */
export interface SnapshotParts {
  staticData: number;
  stack: number;
  live: number;
  magazines: number;
  slabFree: number;
  slabOverhead: number;
  arenaFree: number;
  metadata: number;
  foreign: number;
}

/** A snapshot in figures; bytes unless a name says otherwise. */
export interface SnapshotFigures {
  name: string;
  time: number;
  /** What the snapshot takes itself. */
  heldBytes: number;
  memoryBytes: number;
  pages: number;
  composition: SnapshotParts;
  /** Objects and segments that the application held. */
  live: Tally;
  allocations: number;
  failures: number;
  growths: number;
  grownPages: number;
  /** How much did not hold together and was left out. */
  problems: number;
  /** Operations that diagnosis had on record; null of a module without it. */
  operations: number | null;
  /** Objects that diagnosis had on record. */
  watched: number;
  /** Caches that were ever used. */
  caches: SnapshotCache[];
  /** The heap's own first. */
  arenas: SnapshotArena[];
  sites: SnapshotSite[];
}

/** A cache of a snapshot. */
export interface SnapshotCache {
  /** `class:48`, `segments:2048`, `cache:3` (an object cache by its number), `segments` or `guarded`: tells caches apart in all snapshots of a heap. */
  key: string;
  name: string;
  /** Bytes from one object to the next; 0 where they are not all the same. */
  size: number;
  live: Tally;
  allocations: number;
  /** 0 of segments. */
  slabBytes: number;
}

/** An arena of a snapshot. */
export interface SnapshotArena {
  id: number;
  name: string;
  kind: 'heap' | 'memory' | 'numbers';
  /** What callers held; of the heap's own: segments, not slabs. */
  held: Tally;
  inUse: number;
  total: number;
  allocations: number;
}

/** A call site of a snapshot. */
export interface SnapshotSite {
  id: number;
  /** Names of its tags, the outermost first. */
  tags: string[];
  /** Byte offsets in the module, the innermost first. */
  frames: number[];
  live: Tally;
  ever: Tally;
}

/** What was held in two snapshots: `before` is freed and surviving ones, `after` new and surviving ones. */
export interface Change {
  before: Tally;
  after: Tally;
  new: Tally;
  freed: Tally;
  surviving: Tally;
}

/** A figure of both snapshots. */
export interface Pair<T> {
  before: T;
  after: T;
}

/** What changed of a cache. `allocations` are those between the two, exactly: less what is new of them, that many were freed again. */
export interface CacheChange {
  key: string;
  name: string;
  size: number;
  objects: Change;
  allocations: number;
}

/** What changed of an arena. */
export interface ArenaChange {
  id: number;
  name: string;
  kind: 'heap' | 'memory' | 'numbers';
  held: Change;
  inUse: Pair<number>;
  total: Pair<number>;
  allocations: number;
}

/** What changed of a call site. */
export interface SiteChange {
  /** Its number in the later one, or in the earlier one where it is in that alone. */
  id: number;
  tags: string[];
  frames: number[];
  objects: Change;
  /** What was asked for between the two. */
  asked: Tally;
}

/** What changed of the sites with a tag as their innermost; no tags: of those without. */
export interface TagChange {
  tags: string[];
  objects: Change;
  asked: Tally;
}

/**
 * What changed between two snapshots. An object is the same where its address and its cache are, a segment where its address and its
 * length are, and of what diagnosis has on record where the operation is that made it. Without that, an object whose address was given
 * back and handed out again counts as one that survives.
 */
export interface SnapshotDiff {
  objects: Change;
  allocations: number;
  failures: number;
  growths: number;
  memoryBytes: Pair<number>;
  pages: Pair<number>;
  composition: Pair<SnapshotParts>;
  caches: CacheChange[];
  arenas: ArenaChange[];
  sites: SiteChange[];
  tags: TagChange[];
  /** Objects of the later one that diagnosis had on record. */
  toldApart: number;
  /** Why the two may not belong together, or not be right, in sentences. */
  doubts: string[];
}

/** What a comparison lists. */
export interface DiffOptions {
  /** Only rows in which something was allocated or freed. */
  changedOnly?: boolean;
}

/** Which objects of two snapshots to list. Everything may be left out. */
export interface ObjectFilter {
  /** Default `new`. */
  change?: 'new' | 'freed' | 'surviving';
  /** Keys of caches. */
  caches?: string[];
  /** Number of a call site, of the snapshot whose objects are listed. */
  site?: number;
  /** Objects that have an address in [from, to]. */
  from?: number;
  to?: number;
  minLength?: number;
  maxLength?: number;
  /** `length` is longest first; default `address`. */
  order?: 'address' | 'length';
  offset?: number;
  /** Default 200, at most 10,000. */
  limit?: number;
}

/** An object of a list. */
export interface ObjectRow {
  address: number;
  /** Bytes that it takes in its slab or its segment. */
  length: number;
  /** The key of its cache, and what that is called. */
  cache: string;
  name: string;
  /** Where diagnosis has it on record: bytes asked for, the number of its call site, operations since it was made. */
  asked: number | null;
  site: number | null;
  age: number | null;
}

/** Objects that a filter takes. */
export interface ObjectList {
  matching: number;
  bytes: number;
  rows: ObjectRow[];
}

/** The memory in cells of `granule` bytes: for each the share, of 255, that is new since a snapshot, that was freed, and that survives. */
export interface ChangeMap {
  granule: number;
  cells: number;
  new: Uint8Array;
  freed: Uint8Array;
  surviving: Uint8Array;
}
