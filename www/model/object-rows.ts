/**
 * Object caches and budgets as their view shows them: the table's columns and orders, sums, what a cache would give back, bars of budgets,
 * and the sentences. Pure; relies on the records, the formats and the words of the counters.
 */
import { bytes, count, plural, share } from './format.ts';
import { GLOSSARY, type Term } from './glossary.ts';
import { COUNTER_GROUPS, type CounterKey } from './object-counters.ts';
import { type ObjectKey, type ObjectOrder } from './objects.ts';
import type { BudgetRow, ObjectCacheRow } from './records.ts';

export interface ObjectColumn {
  key: ObjectKey;
  label: string;
  says: string;
  unit: 'name' | 'bytes' | 'count' | 'share';
}

/** What the counter of that name says. */
function of(key: CounterKey): string {
  return COUNTER_GROUPS.flatMap(({ counters }) => counters).find((counter) => counter.key === key)?.says ?? '';
}

export const OBJECT_COLUMNS: readonly ObjectColumn[] = [
  { key: 'name', label: 'Name', says: GLOSSARY.objectCache, unit: 'name' },
  { key: 'size', label: 'Object size', says: of('size'), unit: 'bytes' },
  { key: 'live', label: 'Live', says: of('live'), unit: 'count' },
  { key: 'cached', label: 'Cached', says: of('cached'), unit: 'count' },
  { key: 'freeInSlabs', label: 'Free', says: of('freeInSlabs'), unit: 'count' },
  { key: 'slabs', label: 'Slabs', says: of('slabs'), unit: 'count' },
  { key: 'memoryBytes', label: 'Memory', says: of('memoryBytes'), unit: 'bytes' },
  { key: 'use', label: 'Use', says: 'Live objects as a share of all places in the slabs of the cache.', unit: 'share' },
  { key: 'fragmentation', label: 'Fragmentation', says: GLOSSARY.redLine, unit: 'share' },
  { key: 'reclaimableBytes', label: 'Would give back', says: `${of('reclaimableSlabs')} Here are their bytes.`, unit: 'bytes' },
];

/** Live objects as a share of all places in the slabs, 0..1. */
export function use({ live, total }: { live: number; total: number }): number {
  return total === 0 ? 0 : live / total;
}

/** The value of a cell that is a number. */
export function figure(row: ObjectCacheRow, key: Exclude<ObjectKey, 'name'>): number {
  return key === 'use' ? use(row) : row[key];
}

/** Sorted copy; rows that are equal in the column stay in the order of their names. */
export function inOrder(rows: readonly ObjectCacheRow[], { key, descending }: ObjectOrder): ObjectCacheRow[] {
  const sign = descending ? -1 : 1;
  const byName = (a: ObjectCacheRow, b: ObjectCacheRow): number => a.name.localeCompare(b.name, 'en', { numeric: true }) || a.number - b.number;
  return [...rows].sort((a, b) => key === 'name' ? sign * byName(a, b) : sign * (figure(a, key) - figure(b, key)) || byName(a, b));
}

/** The order that a column begins with: what is most comes first, names go from A. */
export function orderBy(key: ObjectKey): ObjectOrder {
  return { key, descending: key !== 'name' };
}

/** What a click on a column does. */
export function turned(order: ObjectOrder, key: ObjectKey): ObjectOrder {
  return order.key === key ? { key, descending: !order.descending } : orderBy(key);
}

/** Rows whose name, or whose name of another that shares the cache, has the text in it. */
export function named(rows: readonly ObjectCacheRow[], text: string): ObjectCacheRow[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(({ name, aliases }) => [name, ...aliases].some((known) => known.toLowerCase().includes(wanted)));
}

export interface Totals extends Record<Exclude<ObjectKey, 'name' | 'size'>, number> {
  /** Bytes of slabs without any object: what goes back without moving anything. */
  emptyBytes: number;
}

/** Sums of the rows; shares are weighed by places. */
export function totals(rows: readonly ObjectCacheRow[]): Totals {
  const sum = (value: (row: ObjectCacheRow) => number): number => rows.reduce((all, row) => all + value(row), 0);
  const [live, total] = [sum((row) => row.live), sum((row) => row.total)];
  return {
    live, cached: sum((row) => row.cached), freeInSlabs: sum((row) => row.freeInSlabs), slabs: sum((row) => row.slabs), memoryBytes: sum((row) => row.memoryBytes),
    use: use({ live, total }), fragmentation: total === 0 ? 0 : sum((row) => row.fragmentation * row.total) / total,
    reclaimableBytes: sum((row) => row.reclaimableBytes), emptyBytes: sum((row) => row.emptySlabs * row.slabBytes),
  };
}

/** What all caches hold, and how much of it could go back: now, and after moving. */
export function totalsWords(rows: readonly ObjectCacheRow[]): string {
  const { memoryBytes, emptyBytes, reclaimableBytes } = totals(rows);
  const now = emptyBytes === 0 ? 'No slab is empty' : `${bytes(emptyBytes)} of that is in empty slabs`;
  const later = reclaimableBytes > emptyBytes ? `; if objects moved together, ${bytes(reclaimableBytes)} could go back` : '';
  return `${plural(rows.length, 'cache holds', 'caches hold')} ${bytes(memoryBytes)}. ${now}${later}.`;
}

/** The cache that was chosen, or the first one of the list where none was or where it is gone. */
export function chosenCache(rows: readonly ObjectCacheRow[], number: number | undefined): ObjectCacheRow | undefined {
  return rows.find((row) => row.number === number) ?? rows[0];
}

/** The cache that a key leads to from the chosen one. */
export function stepped(shown: readonly ObjectCacheRow[], chosen: number | undefined, key: string): ObjectCacheRow | undefined {
  const at = shown.findIndex(({ number }) => number === chosen);
  switch (key) {
    case 'ArrowDown': return shown[at + 1];
    case 'ArrowUp': return shown[at - 1];
    case 'Home': return shown[0];
    case 'End': return shown.at(-1);
    default: return undefined;
  }
}

/** What makes a cache a special one. */
export function badges(row: ObjectCacheRow): { label: string; term: Term }[] {
  const all = [
    { label: 'orphan', term: 'orphan', is: row.orphan }, { label: 'zone', term: 'zone', is: row.zone }, { label: 'movable', term: 'movable', is: row.movable },
    { label: 'constructed', term: 'constructed', is: row.constructed }, { label: 'shared', term: 'sharedCache', is: row.shared && row.aliases.length > 0 },
  ] as const;
  return all.filter(({ is }) => is);
}

/** How a cache stands, in two or three sentences. */
export function verdict(row: ObjectCacheRow): string {
  return [whose(row), held(row), together(row)].filter((part) => part !== '').join(' ');
}

function whose(row: ObjectCacheRow): string {
  if (row.orphan) return `Its owner is gone and left ${plural(row.live, 'object')} behind: nobody can give them back through the cache.`;
  return row.zone ? `A zone: room for all its ${plural(row.limit, 'object')} was made at once and stays.` : '';
}

function held(row: ObjectCacheRow): string {
  if (row.total === 0) return 'It has no slab, so it holds no memory for objects.';
  return `${plural(row.live, 'object')} of ${plural(row.total, 'place')} (${share(row.live, row.total)}) ${row.live === 1 ? 'is' : 'are'} live in ${plural(row.slabs, 'slab')}${row.cached === 0 ? '' : `; ${count(row.cached)} more ${row.cached === 1 ? 'waits' : 'wait'} in magazines`}.`;
}

function together(row: ObjectCacheRow): string {
  if (row.total === 0 || row.zone) return '';
  if (row.reclaimableSlabs === 0) return 'All that is taken lies in as few slabs as can be.';
  const gain = `${plural(row.reclaimableSlabs, 'slab')} (${bytes(row.reclaimableBytes)})`;
  if (row.reclaimableSlabs <= row.emptySlabs) return `${gain} ${row.reclaimableSlabs === 1 ? 'is' : 'are'} empty and would go back without a move.`;
  if (!row.movable) return `If objects moved together, ${gain} would go back; these cannot be moved, so that waits until more of them are freed.`;
  const when = row.fragmented ? 'Ticks do that slab by slab, where there are enough to be worth it; a reclaim does it at once.' : 'That is done when memory is short; until then it is not worth the moves.';
  return `Moving objects together would give back ${gain}. ${when}`;
}

/** Whether so much is free that it is worth a warning: over the red line, and a slab of it at least. */
export function isOver(row: ObjectCacheRow): boolean {
  return row.fragmented && row.reclaimableSlabs > 0;
}

/** How a cache stands to the red line. */
export function fragmentationWords(row: ObjectCacheRow): string {
  return `${share(row.fragmentation, 1)} of the places in slabs are free, ${row.fragmented ? '' : 'not '}over the red line of 1/8${row.fragmented && !isOver(row) ? ', but that is less than one slab' : ''}`;
}

/** What a step of the histogram is called; 8 steps, the emptiest first. */
export const FILL_LABELS: readonly string[] = ['Up to 1/8', ...[2, 3, 4, 5, 6, 7].map((eighths) => `Up to ${eighths}/8`), 'Over 7/8'];

/** A change, or nothing where there was none. */
export function change(now: number, before: number, written: (value: number) => string): string {
  return now === before ? '' : `${now > before ? '+' : '−'}${written(Math.abs(now - before))}`;
}

/** A budget as a bar: shares of its width, 0..1. Without a limit the bar is as long as the most that was used. */
export function gauge({ limit, used, peak }: BudgetRow): { used: number; peak: number; limit: number } {
  const whole = Math.max(limit, used, peak, 1);
  return { used: used / whole, peak: peak / whole, limit: limit / whole };
}

/** `24 MiB of 32 MiB used (75 %), at most 31 MiB` */
export function budgetWords({ limit, used, peak }: BudgetRow): string {
  const now = limit === 0 ? `${bytes(used)} used, no limit` : `${bytes(used)} of ${bytes(limit)} used (${share(used, limit)})`;
  return `${now}; ${bytes(peak)} at most so far`;
}

/** The caches that a budget pays for, as far as they are known by its name. */
export function payees({ name }: BudgetRow, rows: readonly ObjectCacheRow[]): ObjectCacheRow[] {
  return rows.filter(({ budget }) => budget === name);
}

