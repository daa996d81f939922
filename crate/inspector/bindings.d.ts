/** A heap in a memory. Without `root` the memory is looked through for one. */
export interface Target {
  memory: WebAssembly.Memory;
  root?: number | WebAssembly.Global | undefined;
}

/** Bytes of the memory by use; they add up to `memoryBytes`. */
export interface Composition {
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

/** A heap in a few figures; bytes unless a name says otherwise. */
export interface Summary {
  layoutVersion: number;
  root: number;
  memoryBytes: number;
  pages: number;
  quantum: number;
  initialized: boolean;
  composition: Composition;
  liveObjects: number;
  liveBytes: number;
  allocations: number;
  frees: number;
  failures: number;
  growths: number;
  grownPages: number;
  foreignGrowths: number;
  /** What does not hold together, in sentences. */
  problems: string[];
}

/**
 * A cache: counts of objects, slabs or events since the start, unless a name says bytes. `slabBytes` is 0 for a cache of
 * segments of the arena; its `allocations` are those from its magazines, its `frees` are counted by the arena.
 */
export interface CacheRow {
  class: number;
  name: string;
  size: number;
  slabBytes: number;
  objectsPerSlab: number;
  allocations: number;
  frees: number;
  failures: number;
  live: number;
  liveBytes: number;
  slabs: number;
  emptySlabs: number;
  objects: number;
  magazineRounds: number;
  magazineCapacity: number;
  freeInSlabs: number;
  overheadBytes: number;
  slabCreates: number;
  slabDestroys: number;
}

/** A span of an arena. */
export interface SpanRow {
  start: number;
  length: number;
}

/** An arena; bytes unless a name says otherwise. */
export interface ArenaRow {
  name: string;
  quantum: number;
  spans: number;
  segments: number;
  total: number;
  inUse: number;
  free: number;
  freeSegments: number;
  largestFree: number;
  allocations: number;
  frees: number;
  failures: number;
  growths: number;
  pages: number;
  parkedBytes: number;
  largeLive: number;
  largeLiveBytes: number;
  slabBytes: number;
  metadataBytes: number;
  spanList: SpanRow[];
}

/** The memory in cells of `granule` bytes; cell `i` covers `[i * granule, (i + 1) * granule)`. */
export interface HeapMap {
  granule: number;
  cells: number;
  /** Main owner: 0 foreign, 1 static data, 2 stack, 3 slab, 4 segment held, 5 free in the arena, 6 metadata, 7 segment in a magazine. */
  owner: Uint8Array;
  /** Size class plus one where the owner is a slab, or a segment that is as long as a class, else 0. */
  cache: Uint8Array;
  /** Share that the application holds, of 255. */
  live: Uint8Array;
}

/** All figures of one moment, from one walk over the heap. */
export interface Sample {
  summary: Summary;
  caches: CacheRow[];
  arenas: ArenaRow[];
  /** Where a granule was given. */
  map?: HeapMap;
}

/** What is at an address. */
export interface Whatis {
  address: number;
  kind: 'static data' | 'stack' | 'object' | 'slab overhead' | 'large' | 'parked' | 'arena free' | 'metadata' | 'foreign' | 'outside';
  state?: 'live' | 'magazine' | 'free';
  start: number;
  length: number;
  offset: number;
  /** The size class of the slab, or of a segment that is as long as a class. */
  cache?: number;
  objectSize?: number;
  slab?: {
    start: number;
    length: number;
    objectSize: number;
    objects: number;
    used: number;
    /** For each object 0 free, 1 live, 2 in a magazine. */
    states: Uint8Array;
  };
  segment?: { start: number; length: number; kind: 'free' | 'large' | 'parked' | 'slab' | 'metadata' };
  span?: SpanRow;
  /** All of it in a sentence. */
  sentence: string;
}

/** What a check of all invariants found. */
export interface CheckReport {
  ok: boolean;
  checked: { segments: number; slabs: number; objects: number; caches: number };
  problems: { invariant: string; address: number; sentence: string }[];
}
