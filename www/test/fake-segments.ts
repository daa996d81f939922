/** A heap that is made up for snapshots of it: a segment of each kind, in a memory of three pages. For tests only. */
import type { Heap, SegmentRow } from '../model/records.ts';
import { PLAIN } from './fake-records.ts';

export const SPAN = { start: 0x1_0000, length: 0x2_0000, imported: false };
export const SEGMENTS: readonly SegmentRow[] = [
  // Objects 0 and 33 of 40.
  { start: 0x1_0000, length: 4096, kind: 'slab', span: SPAN, objectLength: 24, objects: 40, live: 2, liveBits: [1, 2] },
  { start: 0x1_1000, length: 4096, kind: 'objects', span: SPAN, objectLength: 16, objects: 3, live: 3, objectCache: 'pairs', liveBits: [7, 0] },
  { start: 0x1_2000, length: 4096, kind: 'held', span: SPAN },
  { start: 0x1_3000, length: 12_288, kind: 'held', span: SPAN },
  { start: 0x1_6000, length: 4096, kind: 'parked', span: SPAN },
  { start: 0x1_7000, length: 8192, kind: 'metadata', span: SPAN },
  { start: 0x1_9000, length: 94_208, kind: 'free', span: SPAN },
];
export const LIVE_IN_SEGMENTS = 2 * 24 + 3 * 16 + 4096 + 12_288;

/** A heap of these segments, in a memory of three pages. */
export function heapOf(segments: readonly SegmentRow[]): Pick<Heap, 'sample' | 'segments'> {
  const { sample } = PLAIN.now;
  const composition = { ...sample.summary.composition, staticData: 60_000, stack: 5_000, foreign: 0 };
  return {
    sample: () => ({ ...sample, summary: { ...sample.summary, memoryBytes: 3 * 65_536, composition } }),
    segments: (_, { offset = 0, limit = 200 } = {}) => ({ matching: segments.length, length: 0, rows: segments.slice(offset, offset + Math.min(limit, 2)) }),
  };
}

/** The same, with these of the 40 objects of its first slab held. */
export function snapshotHeap(liveBits: [number, number]): ReturnType<typeof heapOf> {
  return heapOf(SEGMENTS.map((row, index) => index === 0 ? { ...row, liveBits } : row));
}
