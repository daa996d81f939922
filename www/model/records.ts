/**
 * The plain records that the engine hands out, which are described where it is made, and the interface through which the page asks for
 * them. Relies on nothing else.
 */
import type { AuditReport, LogEntry, LogFilter, LogList } from '../../crate/inspector/audit.d.ts';
import type { CheckReport, HeapMap, Sample, SegmentFilter, SegmentList, Target, Whatis } from '../../crate/inspector/bindings.d.ts';
import type { DumpOptions, DumpOrigin, DumpParts } from '../../crate/inspector/dump.d.ts';
import type { LeakOptions, LeakProgress, LeakReport } from '../../crate/inspector/leaks.d.ts';
import type { ChangeMap, DiffOptions, ObjectFilter, ObjectList, SnapshotDiff, SnapshotFigures, SnapshotNote } from '../../crate/inspector/snapshots.d.ts';
import type { Earlier, MapLayer, Verdict } from '../../crate/inspector/verdict.d.ts';

export type { AuditReport, ExhaustionRow, FaultRow, InjectionRow, LogEntry, LogFilter, LogList, LogRow, SiteRow, TagRow } from '../../crate/inspector/audit.d.ts';
export type { Earlier, MapLayer, Pins, Verdict } from '../../crate/inspector/verdict.d.ts';
export type { DumpContents, DumpOptions, DumpOrigin, DumpParts } from '../../crate/inspector/dump.d.ts';
export type { Certainty, LeakGroup, LeakOptions, LeakProgress, LeakReport } from '../../crate/inspector/leaks.d.ts';
export type {
  Change, ChangeMap, DiffOptions, ObjectFilter, ObjectList, ObjectRow, SnapshotDiff, SnapshotFigures, SnapshotNote, Tally,
} from '../../crate/inspector/snapshots.d.ts';
export type {
  ArenaRow, BudgetRow, CacheRow, CheckReport, Composition, HeapMap, ObjectCacheRow, RefusalRow, Sample, SegmentFilter, SegmentKind, SegmentList, SegmentRow, SpanRow,
  Summary, Target, Whatis,
} from '../../crate/inspector/bindings.d.ts';

export type Kind = Whatis['kind'];
export type Slab = NonNullable<Whatis['slab']>;

/** Something else than owners to colour the cells of a map by: the engine's, or what changed since a snapshot. */
export interface Layer extends Omit<MapLayer, 'kind'> {
  kind: MapLayer['kind'] | 'change';
}

/** A heap that can be read: a running module's memory, or a saved one. Every call reads it afresh; what it returns are copies. */
export interface Heap {
  /** All figures of one moment; with a map where the bytes of its cells are given. */
  sample(granule?: number): Sample;
  map(granule: number): HeapMap;
  /** Something else than owners to colour the cells of a map by. */
  layer(kind: MapLayer['kind'], granule: number): MapLayer;
  whatis(address: number): Whatis;
  /** Segments of the arena with this id; throws a sentence where there is none, or where the filter makes no sense. */
  segments(arena: number, filter?: SegmentFilter): SegmentList;
  check(): CheckReport;
  /** Why the memory is high. What grew it can tell only where it is told what was. */
  verdict(earlier?: Earlier): Verdict;
  /** Faults, sites, modes and what else diagnosis knows; null where the module was built without it. */
  audit(): AuditReport | null;
  log(filter?: LogFilter): LogList;
  /** What happened to the object at an address, newest first. */
  history(address: number): LogEntry[];
  /** Leaves a text such as `audit=lite` in the memory, which the module carries out; throws a sentence on one that makes no sense. */
  configure(text: string): void;
  /** The log of transactions as a trace. */
  trace(): Uint8Array;
  /** What the application holds now; to be freed when done. */
  snapshot(note?: SnapshotNote): Snapshot;
  /** Where what changed since a snapshot lies, in cells as of a map. */
  changes(granule: number, since: Snapshot): ChangeMap;
  /** The heap as the parts of a file; ranges of the memory go in between. */
  dump(options?: DumpOptions): DumpParts;
  /** What the file says of itself; null of a running module's heap. */
  readonly origin: DumpOrigin | null;
  free(): void;
}

/** What the application held at one moment. */
export interface Snapshot {
  bytes(): Uint8Array;
  figures(): SnapshotFigures;
  diff(later: Snapshot, options?: DiffOptions): SnapshotDiff;
  objects(later: Snapshot, filter?: ObjectFilter): ObjectList;
  /** Of those the ones that a third one has, too. */
  objectsHeld(later: Snapshot, last: Snapshot, filter?: ObjectFilter): ObjectList;
  free(): void;
}

/** A search for leaks in bytes that do not change, by steps. */
export interface LeakScan {
  step(milliseconds: number): LeakProgress;
  /** Whether something leads to the live object that has an address; undefined where there is none. Not after `report`. */
  reaches(address: number): boolean | undefined;
  report(): LeakReport;
  free(): void;
}

export interface Engine {
  attach(target: Target): Heap;
  Snapshot: { from(bytes: Uint8Array): Snapshot };
  /** A dump, or the bytes of a memory, which must not change; throws a sentence where it is neither. */
  open(bytes: Uint8Array, root?: number): Heap;
  LeakScan: new (bytes: Uint8Array, root?: number, options?: LeakOptions) => LeakScan;
}
