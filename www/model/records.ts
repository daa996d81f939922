/**
 * The plain records that the engine hands out, and the interface through which the page asks for them.
 * Sizes are bytes and addresses are unsigned unless a comment says otherwise. Relies on nothing.
 */

/** What every byte of memory is used for; the parts always add up to `Summary.memoryBytes`. */
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
  refusals: number;
  foreignGrowths: number;
  reclaims: number;
  problems: string[];
}

/** One size class. There is a row for each class, used or not. */
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
  refills: number;
  flushes: number;
}

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
  largeLive: number;
  largeLiveBytes: number;
  slabBytes: number;
  metadataBytes: number;
  spanList: { start: number; length: number }[];
}

/** Cell `i` covers the bytes `[i * granule, (i + 1) * granule)`. */
export interface HeapMap {
  granule: number;
  cells: number;
  /** Index into `OWNERS`: who has most of the cell. */
  owner: Uint8Array;
  /** Size class + 1 where the owner is a slab, else 0. */
  cache: Uint8Array;
  /** 0..255: the share of the cell's bytes that the application holds. */
  live: Uint8Array;
}

export type Kind = 'static data' | 'stack' | 'object' | 'slab overhead' | 'large' | 'arena free' | 'metadata' | 'foreign' | 'outside';

export interface Whatis {
  address: number;
  kind: Kind;
  state?: 'live' | 'magazine' | 'free';
  start: number;
  length: number;
  offset: number;
  cache?: number;
  objectSize?: number;
  slab?: Slab;
  segment?: { start: number; length: number; kind: string };
  span?: { start: number; length: number };
  sentence: string;
}

export interface Slab {
  start: number;
  length: number;
  objectSize: number;
  objects: number;
  used: number;
  /** One for each object: 0 free, 1 live, 2 in a magazine. */
  states: Uint8Array;
}

export interface CheckReport {
  ok: boolean;
  checked: { segments: number; slabs: number; objects: number; caches: number };
  problems: { invariant: string; address: number; sentence: string }[];
}

/** A heap that can be read: a running module's memory, or a saved one. Every call reads it afresh. */
export interface Heap {
  summary(): Summary;
  caches(): CacheRow[];
  arenas(): ArenaRow[];
  map(granule: number): HeapMap;
  whatis(address: number): Whatis;
  check(): CheckReport;
  close(): void;
}

/** The memory to read; without a root the engine looks for it. */
export interface Target {
  memory: WebAssembly.Memory;
  root?: number | WebAssembly.Global;
}

export interface Engine {
  attach(target: Target): Heap;
  open(bytes: Uint8Array, root?: number): Heap;
}
