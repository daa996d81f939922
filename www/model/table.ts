/**
 * The rows of the cache table: which to show and in which order. Pure; relies on the records only.
 */
import type { Term } from './glossary.ts';
import type { CacheRow } from './records.ts';

export interface Column {
  key: ColumnKey;
  label: string;
  term: Term;
  /** Bytes are written with a unit, counts with separators, shares as percent. */
  unit: 'bytes' | 'count' | 'share';
  /** Whether only caches of slabs have a value. */
  slabs?: true;
  value(row: CacheRow): number;
}

export type ColumnKey =
  | 'size' | 'live' | 'liveBytes' | 'occupancy' | 'slabs' | 'emptySlabs' | 'magazineRounds' | 'freeInSlabs'
  | 'overheadBytes' | 'reclaimableBytes' | 'allocations' | 'frees' | 'failures';

export const COLUMNS: readonly Column[] = [
  { key: 'size', label: 'Object size', term: 'objectSize', unit: 'bytes', value: (row) => row.size },
  { key: 'live', label: 'Live objects', term: 'live', unit: 'count', value: (row) => row.live },
  { key: 'liveBytes', label: 'Live bytes', term: 'requested', unit: 'bytes', value: (row) => row.liveBytes },
  { key: 'occupancy', label: 'Occupancy', term: 'occupancy', unit: 'share', slabs: true, value: (row) => occupancy(row) },
  { key: 'slabs', label: 'Slabs', term: 'slab', unit: 'count', slabs: true, value: (row) => row.slabs },
  { key: 'emptySlabs', label: 'Empty', term: 'emptySlabs', unit: 'count', slabs: true, value: (row) => row.emptySlabs },
  { key: 'magazineRounds', label: 'In magazines', term: 'magazine', unit: 'count', value: (row) => row.magazineRounds },
  { key: 'freeInSlabs', label: 'Free in slabs', term: 'slabFree', unit: 'count', slabs: true, value: (row) => row.freeInSlabs },
  { key: 'overheadBytes', label: 'Overhead', term: 'slabOverhead', unit: 'bytes', slabs: true, value: (row) => row.overheadBytes },
  { key: 'reclaimableBytes', label: 'Scattered', term: 'scattered', unit: 'bytes', slabs: true, value: (row) => row.reclaimableBytes },
  { key: 'allocations', label: 'Allocations', term: 'allocation', unit: 'count', value: (row) => row.allocations },
  { key: 'frees', label: 'Frees', term: 'free', unit: 'count', slabs: true, value: (row) => row.frees },
  { key: 'failures', label: 'Failures', term: 'failure', unit: 'count', slabs: true, value: (row) => row.failures },
];

/** Whether a row is of a cache of whole segments: what a column says of slabs does not apply to it. */
export function ofSegments(row: CacheRow): boolean {
  return row.slabBytes === 0;
}

/** Whether a class ever had anything to do. */
export function used(row: CacheRow): boolean {
  return row.allocations > 0 || row.live > 0 || row.magazineRounds > 0;
}

export interface Order {
  key: ColumnKey;
  descending: boolean;
}

/** Live share of all places in the slabs, 0..1. */
export function occupancy(row: CacheRow): number {
  return row.objects === 0 ? 0 : row.live / row.objects;
}

/** Sorted copy; rows that are equal in the column stay in the order of their sizes. */
export function sorted(rows: readonly CacheRow[], order: Order): CacheRow[] {
  const column = COLUMNS.find((candidate) => candidate.key === order.key);
  if (column === undefined) return [...rows];
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((a, b) => sign * (column.value(a) - column.value(b)) || a.size - b.size);
}

/** What a click on a column does: the other direction, or for a new column the one that people want first. */
export function reordered(order: Order, key: ColumnKey): Order {
  if (order.key === key) return { key, descending: !order.descending };
  return { key, descending: key !== 'size' };
}

/**
 * Rows for a filter text: a size (`64`), sizes (`32-128`, `>=1024`, `<64`), or a part of the name; an empty one lets all through.
 */
export function filtered(rows: readonly CacheRow[], text: string, onlyUsed: boolean): CacheRow[] {
  const wanted = matcher(text.trim().toLowerCase());
  return rows.filter((row) => (!onlyUsed || used(row)) && wanted(row));
}

function matcher(text: string): (row: CacheRow) => boolean {
  if (text === '') return () => true;
  const between = /^(\d+)\s*(?:-|–|\.\.)\s*(\d+)$/.exec(text);
  if (between !== null) return ({ size }) => size >= Number(between[1]) && size <= Number(between[2]);
  const compared = /^(>=|<=|>|<|=)?\s*(\d+)$/.exec(text);
  if (compared === null) return (row) => row.name.toLowerCase().includes(text);
  const bound = Number(compared[2]);
  switch (compared[1]) {
    case '>=': return ({ size }) => size >= bound;
    case '<=': return ({ size }) => size <= bound;
    case '>': return ({ size }) => size > bound;
    case '<': return ({ size }) => size < bound;
    default: return ({ size }) => size === bound;
  }
}

/** Sums for the foot of the table. */
export function sums(rows: readonly CacheRow[]): Map<ColumnKey, number> {
  const found = new Map<ColumnKey, number>();
  for (const column of COLUMNS) {
    if (column.key !== 'size') found.set(column.key, rows.reduce((sum, row) => sum + column.value(row), 0));
  }
  const slabs = rows.filter((row) => !ofSegments(row));
  const places = slabs.reduce((sum, row) => sum + row.objects, 0);
  found.set('occupancy', places === 0 ? 0 : slabs.reduce((sum, row) => sum + row.live, 0) / places);
  return found;
}
