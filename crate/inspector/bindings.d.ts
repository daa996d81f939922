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
  /** Whether it was imported, and goes back when it is all free. */
  imported: boolean;
}

/** An arena: the heap's own, then those whose records lie in the heap. Lengths are bytes for `heap` and `memory`, else numbers. */
export interface ArenaRow {
  /** Address of its record: tells it from others, over all samples. */
  id: number;
  name: string;
  /** `heap`: this heap's own; `memory`: its numbers are addresses of this memory; `numbers`: any others. */
  kind: 'heap' | 'memory' | 'numbers';
  /** `id` of the arena it imports from, where that is known. */
  parent?: number;
  quantum: number;
  spans: number;
  segments: number;
  /** Segments that are not free. */
  heldSegments: number;
  freeSegments: number;
  total: number;
  inUse: number;
  free: number;
  largestFree: number;
  /** Share of the free that is not in the longest free segment, 0 to 1; 0 where nothing is free. */
  fragmentation: number;
  /** Free, but waiting in magazines or in slabs of quantum caches; part of `inUse`. */
  cached: number;
  allocations: number;
  frees: number;
  failures: number;
  imports: number;
  releases: number;
  /** At most 1,000 spans; `spans` counts all. */
  spanList: SpanRow[];
  /** Free segments by length: element n counts those of at least 2^n and less than 2^(n+1) units of the quantum. As long as needed. */
  freeHistogram: { segments: number; total: number }[];
  /** Only of the heap's own. */
  heap?: {
    growths: number;
    pages: number;
    parkedBytes: number;
    largeLive: number;
    largeLiveBytes: number;
    slabBytes: number;
    metadataBytes: number;
  };
}

/** What a segment is. Of the heap's own arena a held one is one that the application holds; only it has parked ones and metadata. */
export type SegmentKind = 'free' | 'held' | 'parked' | 'slab' | 'metadata';

/** Which segments to list. Everything may be left out. */
export interface SegmentFilter {
  kinds?: SegmentKind[];
  minLength?: number;
  maxLength?: number;
  /** Segments that have a number in [from, to]. */
  from?: number;
  to?: number;
  /** `length` is longest first; default `address`. */
  order?: 'address' | 'length';
  offset?: number;
  /** Default 200, at most 10,000. */
  limit?: number;
}

/** A segment of an arena. */
export interface SegmentRow {
  start: number;
  length: number;
  kind: SegmentKind;
  span: SpanRow;
  /** Of a slab: object length, objects, and how many are held by callers. */
  objectLength?: number;
  objects?: number;
  live?: number;
}

/** Segments that a filter takes. */
export interface SegmentList {
  /** Segments that match. */
  matching: number;
  /** What they add up to. */
  length: number;
  rows: SegmentRow[];
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
  /** From the heap's arena inwards: each arena that has the address, with its segment there. Empty outside. */
  chain: { arena: number; name: string; segment: SegmentRow }[];
  /** All of it in a sentence. */
  sentence: string;
}

/** What a check of all invariants found. */
export interface CheckReport {
  ok: boolean;
  checked: { segments: number; slabs: number; objects: number; caches: number };
  problems: { invariant: string; address: number; sentence: string }[];
}
