/** What a search for leaks takes for held, besides what static data leads to. Everything may be left out. */
export interface LeakOptions {
  /** What the stack leads to, too: after a trap, or in the midst of a call. */
  stack?: boolean;
  /** The addresses that JavaScript holds, all of them. Left out, what the target's `roots` says; else it is not known. */
  roots?: number[];
}

/** How far a search is: `done` of `total`, which stays as it is. */
export interface LeakProgress {
  done: number;
  total: number;
  ended: boolean;
}

/** `leak`: nobody holds it. `js`: nothing in the memory leads to it, but JavaScript may hold it, or something that leads to it. */
export type Certainty = 'leak' | 'js';

/** Leaks that begin with objects of the same kind, length and call site. */
export interface LeakGroup {
  /** What they begin with, in words. */
  what: string;
  /** The class of their slabs as rows of caches call it, or that of segments of their length. */
  class?: number;
  /** The name of their object cache. */
  objectCache?: string;
  /** Bytes of an object. */
  size: number;
  /** `id` of the row of `audit().sites` that asked for them, where that is known. */
  site?: number;
  /** Each is in a cycle that nothing else points to; else nothing points to them at all. */
  cycle: boolean;
  count: number;
  bytes: number;
  /** Objects that they alone hold, and the bytes of those. */
  held: number;
  heldBytes: number;
  /** At most eight, by address, with the bytes each alone holds and its first words. */
  examples: { address: number; heldBytes: number; words: number[] }[];
  certainty: Certainty;
}

/** What a search for leaks found. */
export interface LeakReport {
  certainty: Certainty;
  /** The heap does not hold together, so what is said may be wrong. */
  damaged: boolean;
  /** What is allocated. */
  liveObjects: number;
  liveBytes: number;
  /** Of that, what nothing leads to. */
  lostObjects: number;
  lostBytes: number;
  /** How many leaks that makes up. */
  leaks: number;
  /** The most bytes first; at most 1,000. */
  groups: LeakGroup[];
  groupsLeft: number;
  /** All of it in a sentence. */
  sentence: string;
}
