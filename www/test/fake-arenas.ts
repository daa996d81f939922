/** Arenas that are made up: rows and lists of segments as the engine makes them, out of plain segments. For tests and first drawings only. */
import type { ArenaRow, SegmentFilter, SegmentList, SegmentRow, SpanRow } from '../model/records.ts';

/** An arena as a test writes it down. */
export interface FakeArena {
  id: number;
  name: string;
  kind: ArenaRow['kind'];
  parent?: number;
  quantum: number;
  spans: SpanRow[];
  /** In the order of their numbers, without gaps inside of a span. */
  segments: Omit<SegmentRow, 'span'>[];
  failures?: number;
  heap?: NonNullable<ArenaRow['heap']>;
}

export function arenaRow({ id, name, kind, parent, quantum, spans, segments, failures = 0, heap }: FakeArena): ArenaRow {
  const sum = (some: readonly { length: number }[]): number => some.reduce((total, { length }) => total + length, 0);
  const gaps = segments.filter((segment) => segment.kind === 'free');
  const free = sum(gaps);
  const largestFree = Math.max(0, ...gaps.map(({ length }) => length));
  const freeHistogram: ArenaRow['freeHistogram'] = [];
  for (const { length } of gaps) {
    const step = Math.floor(Math.log2(length / quantum));
    while (freeHistogram.length <= step) freeHistogram.push({ segments: 0, total: 0 });
    const found = freeHistogram[step];
    if (found !== undefined) freeHistogram[step] = { segments: found.segments + 1, total: found.total + length };
  }
  const cached = heap !== undefined ? heap.parkedBytes : segments.reduce((total, { objects = 0, live = 0, objectLength = 0 }) => total + (objects - live) * objectLength, 0);
  const imports = spans.filter(({ imported }) => imported).length;
  return {
    id, name, kind, ...(parent === undefined ? {} : { parent }), quantum, spans: spans.length, segments: segments.length, heldSegments: segments.length - gaps.length,
    freeSegments: gaps.length, total: sum(segments), inUse: sum(segments) - free, free, largestFree, fragmentation: free === 0 ? 0 : 1 - largestFree / free, cached,
    allocations: segments.length, frees: gaps.length, failures, imports, releases: 0, spanList: spans.slice(0, 1000), freeHistogram, ...(heap === undefined ? {} : { heap }),
  };
}

export function segmentRows({ spans, segments }: FakeArena): SegmentRow[] {
  return segments.map((segment) => ({ ...segment, span: spans.findLast(({ start }) => start <= segment.start) ?? { start: segment.start, length: segment.length, imported: false } }));
}

export function listed(arena: FakeArena, { kinds, minLength = 0, maxLength = Infinity, from = 0, to = Infinity, order = 'address', offset = 0, limit = 200 }: SegmentFilter): SegmentList {
  const found = segmentRows(arena).filter(({ start, length, kind }) => (kinds === undefined || kinds.includes(kind)) && length >= minLength && length <= maxLength && start <= to && start + length > from);
  if (order === 'length') found.sort((a, b) => b.length - a.length);
  return { matching: found.length, length: found.reduce((sum, { length }) => sum + length, 0), rows: found.slice(offset, offset + limit) };
}

export const FRAMES = 0x10_400;
export const HANDLES = 0x10_480;

/** An arena of memory that imports from the heap at `heap` the span at `start`, and one of ids that imports from nobody. */
export function lentArenas(heap: number, start: number, length: number): FakeArena[] {
  const quarter = length / 4;
  return [
    {
      id: FRAMES, name: 'frames', kind: 'memory', parent: heap, quantum: 256, spans: [{ start, length, imported: true }], failures: 2,
      segments: [
        { start, length: quarter, kind: 'slab', objectLength: 512, objects: quarter / 512, live: 3 }, { start: start + quarter, length: quarter, kind: 'held' },
        { start: start + 2 * quarter, length: quarter / 2, kind: 'free' }, { start: start + 2.5 * quarter, length: quarter, kind: 'held' },
        { start: start + 3.5 * quarter, length: quarter / 2, kind: 'free' },
      ],
    },
    {
      id: HANDLES, name: 'handles', kind: 'numbers', quantum: 1, spans: [{ start: 1, length: 4095, imported: false }],
      segments: [{ start: 1, length: 3, kind: 'held' }, { start: 4, length: 1, kind: 'free' }, { start: 5, length: 91, kind: 'held' }, { start: 96, length: 4000, kind: 'free' }],
    },
  ];
}
