/**
 * The plain records that the engine hands out, which are described where it is made, and the interface through which the page asks for
 * them. Relies on nothing else.
 */
import type { CheckReport, HeapMap, Sample, SegmentFilter, SegmentList, Target, Whatis } from '../../crate/inspector/bindings.d.ts';

export type {
  ArenaRow, BudgetRow, CacheRow, CheckReport, Composition, HeapMap, ObjectCacheRow, RefusalRow, Sample, SegmentFilter, SegmentKind, SegmentList, SegmentRow, SpanRow,
  Summary, Target, Whatis,
} from '../../crate/inspector/bindings.d.ts';

export type Kind = Whatis['kind'];
export type Slab = NonNullable<Whatis['slab']>;

/** A heap that can be read: a running module's memory, or a saved one. Every call reads it afresh; what it returns are copies. */
export interface Heap {
  /** All figures of one moment; with a map where the bytes of its cells are given. */
  sample(granule?: number): Sample;
  map(granule: number): HeapMap;
  whatis(address: number): Whatis;
  /** Segments of the arena with this id; throws a sentence where there is none, or where the filter makes no sense. */
  segments(arena: number, filter?: SegmentFilter): SegmentList;
  check(): CheckReport;
}

export interface Engine {
  attach(target: Target): Heap;
}
