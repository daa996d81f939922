/** The inspector in Node, without a page: heaps are opened or attached to at once, and told of in plain records. `docs/headless.md` has the records. */
import type { CacheChange, Composition, DumpOptions, DumpOrigin, Inspector, SnapshotDiff, Target, Verdict } from './flagstone.js';

export type {
  ArenaRow, AuditReport, BudgetRow, CacheChange, CacheRow, CheckReport, Composition, DumpOptions, DumpOrigin, HeapMap, Inspector, LeakGroup, LeakOptions, LeakReport, LogEntry, LogFilter, LogList, ObjectCacheRow,
  Sample, SegmentFilter, SegmentList, SegmentRow, SiteRow, SnapshotDiff, Summary, Target, Verdict, Whatis,
} from './flagstone.js';

/** What has a heap in it: a memory, an instance, its exports, or a target of the engine. */
export type Source = Target | WebAssembly.Memory | WebAssembly.Instance | WebAssembly.Exports | { memory: WebAssembly.Memory; __flagstone_root?: WebAssembly.Global | undefined };

/** A saved memory: a path or `file:` URL, or its bytes; as it is, or compressed by gzip. */
export type Saved = string | URL | Uint8Array | ArrayBuffer;

/**
 * Attaches to the heap of a module that runs in this process, or that has trapped.
 *
 * Throws an `Error` with a sentence where there is no memory in `source`, or no heap of flagstone in the memory.
 */
export function attach(source: Source): Inspector;

/**
 * Opens a saved memory: all its bytes from address 0 on, or a core dump. They stay where they are, and must not change meanwhile.
 *
 * Throws an `Error` with a sentence where the file cannot be read, or no heap of flagstone is in it.
 */
export function open(saved: Saved, root?: number): Inspector;

/** All bytes of a memory as they are now, for `open`, or for a file. Throws as `attach` does where there is no memory. */
export function copy(source: Source): Uint8Array<ArrayBuffer>;

/** A heap as the bytes of a core dump, for a file: smaller than the memory, and it says where it is from. Throws as `attach` does. */
export function dump(of: Inspector | Source, options?: DumpOptions): Uint8Array<ArrayBuffer>;

export interface ReportOptions {
  /** Rows of each list at most, those with the most bytes; default 20. */
  top?: number;
  /** Whether leaks are looked for; default true. */
  leaks?: boolean;
  /** The addresses that JavaScript holds, all of them: then what is found are leaks for certain. */
  roots?: number[];
  /** What must hold, as for `flagstone report --assert`: `max-pages=40,no-leaks`. */
  assert?: string;
}

/** All that is to be said of a heap at one moment. `version` changes when a field changes its meaning or goes away. */
export interface Report {
  format: 'flagstone report';
  version: 1;
  /** Whether the check found no problem and all assertions hold. */
  ok: boolean;
  /** What the file says of itself: its texts are whatever somebody wrote there. Null of a program at work. */
  origin: DumpOrigin | null;
  /** The cause of high memory and what to do. Of the pages that are pinned, those with the fewest objects are listed. */
  verdict: Verdict;
  summary: ReportSummary;
  composition: Part[];
  caches: List<ReportCache>;
  objectCaches: List<ReportObjectCache>;
  /** Null of a module without diagnosis. */
  sites: List<ReportSite> | null;
  /** Null where they were not looked for. */
  leaks: ReportLeaks | null;
  check: { ok: boolean; checked: { segments: number; slabs: number; objects: number; caches: number }; problems: { invariant: string; address: number; sentence: string }[] };
  /** Sentences of diagnosis: faults that were found while the program ran. Null without diagnosis. */
  faults: { ever: number; sentences: string[] } | null;
  assertions: Assertion[];
}

export interface ReportSummary {
  memoryBytes: number;
  pages: number;
  liveObjects: number;
  liveBytes: number;
  /** What the heap can hand out again before the memory has to grow. */
  reusableBytes: number;
  allocations: number;
  frees: number;
  failures: number;
  growths: number;
  grownPages: number;
  foreignGrowths: number;
  /** Live allocations that are longer than every size class, and their bytes. */
  largeObjects: number;
  largeBytes: number;
  layoutVersion: number;
  root: number;
  problems: string[];
}

/** A use of memory; the bytes of all parts add up to `memoryBytes`. */
export interface Part {
  part: keyof Composition;
  bytes: number;
  /** Of the memory, 0 to 1. */
  share: number;
}

/** The first rows, and how many more there are. */
export interface List<Row> {
  rows: Row[];
  left: number;
}

export interface ReportCache {
  name: string;
  /** Bytes of an object. */
  size: number;
  live: number;
  liveBytes: number;
  /** Free objects in magazines and in slabs. */
  free: number;
  freeBytes: number;
  allocations: number;
  frees: number;
}

export interface ReportObjectCache extends ReportCache {
  number: number;
  memoryBytes: number;
  /** What moving objects together would give back. */
  reclaimableBytes: number;
}

/** Bytes and counts are estimates from samples, unless every allocation is watched. */
export interface ReportSite {
  id: number;
  tags: string[];
  /** Byte offsets in the module, the innermost first. */
  frames: number[];
  liveBytes: number;
  liveCount: number;
  bytes: number;
  count: number;
}

export interface ReportLeaks {
  /** `js` where it is not known what JavaScript holds: then it may hold what was found. */
  certainty: 'leak' | 'js';
  leaks: number;
  lostObjects: number;
  lostBytes: number;
  sentence: string;
  groups: List<{ what: string; size: number; count: number; bytes: number; held: number; heldBytes: number; cycle: boolean; site: number | null; certainty: 'leak' | 'js'; addresses: number[] }>;
}

export interface Assertion {
  name: string;
  holds: boolean;
  /** What must not be exceeded, and what there is; null where the assertion has no limit. */
  limit: number | null;
  actual: number | null;
  sentence: string;
}

/**
 * Tells of a heap: one that is attached or open, or what `attach` or `open` takes. It stays as it is.
 *
 * Throws as those do, and where an assertion or an option makes no sense.
 */
export function report(of: Inspector | Source | Saved, options?: ReportOptions): Report;

export interface DiffOptions {
  top?: number;
  /** What must hold, as for `flagstone diff --assert`: `max-page-growth=0,max-live-growth=64KiB`. */
  assert?: string;
}

/** A figure before and after; `change` is their difference. */
export interface Change {
  before: number;
  after: number;
  change: number;
}

/** What changed from one heap to another, of the same program. Rows are those that changed, the largest change of bytes first. */
export interface Diff {
  format: 'flagstone diff';
  version: 1;
  /** Whether all assertions hold. */
  ok: boolean;
  summary: Record<'memoryBytes' | 'pages' | 'liveObjects' | 'liveBytes' | 'reusableBytes' | 'allocations' | 'frees' | 'failures' | 'growths' | 'foreignGrowths', Change>;
  composition: (Change & { part: keyof Composition })[];
  /**
   * Which objects came and went: those of the same address and cache are the same, and where diagnosis has them on record also those of the
   * same operation. Caches are those with most new bytes. `doubts` say why the two may not belong together.
   */
  objects: { all: SnapshotDiff['objects']; caches: List<CacheChange>; doubts: string[] };
  caches: List<DiffRow>;
  objectCaches: List<DiffRow>;
  /** By tags and frames; null where one of them was built without diagnosis. */
  sites: List<{ tags: string[]; frames: number[]; live: Change; liveBytes: Change }> | null;
  assertions: Assertion[];
}

export interface DiffRow {
  name: string;
  size: number;
  live: Change;
  liveBytes: Change;
  freeBytes: Change;
}

/**
 * Compares two heaps, or two reports' worth of them: what `report` takes.
 *
 * Throws as `report` does.
 */
export function diff(before: Inspector | Source | Saved, after: Inspector | Source | Saved, options?: DiffOptions): Diff;

/** A report or a comparison as lines for people, without a line break at the end. Control characters of names are written as `\xNN`. */
export function text(of: Report | Diff): string;
