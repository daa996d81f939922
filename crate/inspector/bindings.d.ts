/** A heap in a memory. Without `root` the memory is looked through for one. */
export interface Target {
  memory: WebAssembly.Memory;
  root?: number | WebAssembly.Global | undefined;
  /**
   * Says which addresses JavaScript holds, all of them: `__wbg_ptr` of the wrappers of exported structs that were not freed, and what
   * else was handed out as a number. With it, what `leaks` finds are leaks; without it JavaScript may hold them.
   */
  roots?: (() => number[]) | undefined;
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
  /** What would go back if objects could move together, which those of a size class cannot. */
  reclaimableBytes: number;
  slabCreates: number;
  slabDestroys: number;
}

/**
 * An object cache: objects of one kind, made and named by the program. Counts of objects, slabs, magazines or events since the
 * start, unless a name says bytes.
 */
export interface ObjectCacheRow {
  /** Address of its record: tells it from others, over all samples. */
  id: number;
  /** Its number among the object caches that the heap ever had, from 1 on. */
  number: number;
  /** What the cells of a map and the answers of `whatis` call it in this sample: behind the size classes. */
  class: number;
  name: string;
  /** Other names of a cache that several share. */
  aliases: string[];
  /** All its objects were made at once and stay. */
  zone: boolean;
  /** Objects are constructed when they leave their slab. */
  constructed: boolean;
  /** Objects can be moved together. */
  movable: boolean;
  /** Its owner is gone and left objects behind. */
  orphan: boolean;
  /** Others with objects of the same shape may share it. */
  shared: boolean;
  /** The name of the budget that pays for its slabs. */
  budget: string | null;
  /** Bytes of an object, its alignment, and bytes from one to the next. */
  size: number;
  align: number;
  stride: number;
  slabBytes: number;
  objectsPerSlab: number;
  /** The most objects out of slabs; 0 for any number. */
  limit: number;
  /** Objects for which slabs stay. */
  keep: number;
  /** How many of the limit only urgent requests get. */
  reserve: number;
  allocations: number;
  frees: number;
  failures: number;
  /** Of the failures, those of the constructor. */
  constructorFailures: number;
  /** Of the failures, those because of the limit. */
  limitFailures: number;
  /** Objects that the application holds, and their bytes from one object to the next. */
  live: number;
  liveBytes: number;
  /** Free objects in the loaded and the previous magazine. */
  cachedLoaded: number;
  /** Free objects in the full magazines of the depot. */
  cachedDepot: number;
  /** Both. */
  cached: number;
  freeInSlabs: number;
  /** Objects of all slabs, free or not, and the most there were. */
  total: number;
  totalMax: number;
  /** Slabs: empty, partial and full ones add up to them; stuck ones have an object that refused to move. */
  slabs: number;
  emptySlabs: number;
  partialSlabs: number;
  fullSlabs: number;
  stuckSlabs: number;
  /** Slabs that wait for the end of a move, and are none of `slabs`. */
  deadSlabs: number;
  slabCreates: number;
  slabDestroys: number;
  /** Objects taken out of slabs, and given back to them. */
  slabAllocations: number;
  slabFrees: number;
  /** Full magazines taken from the depot, and put there. */
  depotAllocations: number;
  depotFrees: number;
  constructs: number;
  destructs: number;
  /** Rounds that a magazine holds; 0 for a cache without magazines. */
  magazineRounds: number;
  /** Magazines in the depot, and how many of the full ones nobody needed at the last two looks. */
  fullMagazines: number;
  emptyMagazines: number;
  idleMagazines: number;
  /** Bytes of slabs that are no object. */
  overheadBytes: number;
  /** Bytes of slabs, dead ones too. */
  memoryBytes: number;
  reaps: number;
  reclaims: number;
  /** Times an owner was asked to move an object: the five answers add up to them. */
  moveCallbacks: number;
  moveYes: number;
  moveNo: number;
  moveLater: number;
  moveDontNeed: number;
  moveDontKnow: number;
  /** Of the objects that an owner did not know, those found in a magazine. */
  moveHuntFound: number;
  moveScans: number;
  defrags: number;
  moveSlabsFreed: number;
  /** Slabs that moving all objects together would empty, whether they can move or not, and their bytes. */
  reclaimableSlabs: number;
  reclaimableBytes: number;
  /** Share of the objects that lie free in slabs, 0 to 1. */
  fragmentation: number;
  /** Whether that is above an eighth. */
  fragmented: boolean;
  /** Slabs by how full they are: element n of those with more than n eighths, up to n + 1, of their objects taken; the first has the empty ones too. */
  fill: number[];
}

/** A budget: bytes that caches, and what is allocated from it directly, may take together. */
export interface BudgetRow {
  /** Address of its record. */
  id: number;
  /** Its number among the budgets that the heap ever had, from 1 on. */
  number: number;
  name: string;
  /** Bytes it may charge; 0 for any number. */
  limit: number;
  /** Bytes charged now, and the most there were. */
  used: number;
  peak: number;
  /** Bytes charged, ever. */
  charged: number;
  /** Objects that are charged one by one, not by slabs. */
  objects: number;
  /** Charges refused. */
  denials: number;
  /** Times those it pays for were asked for memory. */
  asks: number;
  /** Caches it pays for. */
  users: number;
  /** Its owner is gone, and something is still charged to it. */
  orphan: boolean;
}

/** The last request that the front end refused. */
export interface RefusalRow {
  /** How many it refused, this one included. */
  count: number;
  size: number;
  align: number;
  /** What it asked for besides memory: 1 zeroed, 2 no growth, 4 no reclaim, 8 no fail, 16 quiet, 32 reserve. */
  flags: number;
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
    /** Slabs of size classes. */
    slabBytes: number;
    /** Slabs of object caches. */
    objectSlabBytes: number;
    metadataBytes: number;
  };
}

/**
 * What a segment is. Of the heap's own arena a held one is one that the application holds; only it has parked ones, slabs of
 * object caches (`objects`), and metadata.
 */
export type SegmentKind = 'free' | 'held' | 'parked' | 'slab' | 'objects' | 'metadata';

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
  /** Of a slab of the heap's own arena: which objects are held, from the lowest bit on: the first 32, and the others. */
  liveBits?: [number, number];
  /** Of a slab of an object cache: the name of the cache. */
  objectCache?: string;
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
  /**
   * Size class plus one where the owner is a slab, or a segment that is as long as a class, else 0. Slabs of object caches have
   * the `class` of their row plus one, the last ones that a byte cannot tell apart 255.
   */
  cache: Uint8Array;
  /** Share that the application holds, of 255. */
  live: Uint8Array;
}

/** All figures of one moment, from one walk over the heap. */
export interface Sample {
  summary: Summary;
  caches: CacheRow[];
  /** By number. */
  objectCaches: ObjectCacheRow[];
  /** By number. */
  budgets: BudgetRow[];
  /** Null where none was refused. */
  refusal: RefusalRow | null;
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
  /** The size class of the slab, or of a segment that is as long as a class; the `class` of an object cache. */
  cache?: number;
  /** Of a slab of an object cache: the name of the cache. */
  objectCache?: string;
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
  segment?: { start: number; length: number; kind: 'free' | 'large' | 'parked' | 'slab' | 'objects' | 'guarded' | 'metadata' };
  span?: SpanRow;
  /** What diagnosis has on record of the object there, or around it. */
  watch?: WatchRow;
  /** From the heap's arena inwards: each arena that has the address, with its segment there. Empty outside. */
  chain: { arena: number; name: string; segment: SegmentRow }[];
  /** All of it in a sentence. */
  sentence: string;
}

/** What diagnosis has on record of an object. */
export interface WatchRow {
  object: number;
  size: number;
  align: number;
  state: 'held' | 'in quarantine' | 'abandoned' | 'damaged';
  /** The mode it was made with, in words; `off` for a sampled object. */
  mode: string;
  /** Numbers of sites; 0 for none. */
  site: number;
  freeSite: number;
  operation: number;
  /** 0 for none. */
  freeOperation: number;
  time: number;
}

/** What a check of all invariants found. */
export interface CheckReport {
  ok: boolean;
  checked: { segments: number; slabs: number; objects: number; caches: number };
  problems: { invariant: string; address: number; sentence: string }[];
}
