/**
 * Arenas as the page shows them: the tree of who imports from whom, figures in their units, free runs by length, and which segments to list.
 * Pure; relies on the records and the formats. The records come from a memory that may be damaged: parents may be missing or go in a circle.
 */
import { address, bytes, count, parseAddress, plural, share } from './format.ts';
import type { Term } from './glossary.ts';
import type { ArenaRow, SegmentFilter, SegmentKind, SegmentList, SegmentRow } from './records.ts';

/** A row of the tree. */
export interface Branch {
  row: ArenaRow;
  /** 1 for arenas that import from none. */
  level: number;
  /** Its number among those with the same parent, from 1, and how many those are. */
  place: number;
  siblings: number;
  children: number;
  /** Ids of the arenas above it, the nearest last. */
  above: readonly number[];
}

/** All arenas, each below the one that it imports from, the heap's own first. */
export function tree(rows: readonly ArenaRow[]): Branch[] {
  const ids = new Set(rows.map(({ id }) => id));
  const below = new Map<number | undefined, ArenaRow[]>();
  for (const row of rows) {
    const parent = row.parent !== undefined && ids.has(row.parent) ? row.parent : undefined;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [row]);
    else siblings.push(row);
  }
  const branches: Branch[] = [];
  const seen = new Set<number>();
  const add = (siblings: readonly ArenaRow[], above: readonly number[]): void => {
    siblings.forEach((row, index) => {
      if (seen.has(row.id)) return;
      seen.add(row.id);
      const children = (below.get(row.id) ?? []).filter(({ id }) => !seen.has(id));
      branches.push({ row, level: above.length + 1, place: index + 1, siblings: siblings.length, children: children.length, above });
      add(children, [...above, row.id]);
    });
  };
  const roots = below.get(undefined) ?? [];
  add([...roots.filter(({ kind }) => kind === 'heap'), ...roots.filter(({ kind }) => kind !== 'heap')], []);
  // What is in a circle of parents is below no root, and is shown all the same.
  for (const row of rows) add([row].filter(({ id }) => !seen.has(id)), []);
  return branches;
}

/** Those that are not below a closed one; what is above the chosen one counts as open. */
export function visible(branches: readonly Branch[], closed: ReadonlySet<number>, chosen: number | undefined): Branch[] {
  const forced = new Set(branches.find(({ row }) => row.id === chosen)?.above);
  return branches.filter(({ above }) => above.every((id) => forced.has(id) || !closed.has(id)));
}

/** The arena that was chosen, or the heap's own where none was or where it is gone. */
export function chosenArena(rows: readonly ArenaRow[], id: number | undefined): ArenaRow | undefined {
  return rows.find((row) => row.id === id) ?? rows.find(({ kind }) => kind === 'heap') ?? rows[0];
}

/** What a key does in the tree: choose an arena, or open or close the one that is chosen. */
export type Move = { choose: number } | { open: boolean } | undefined;

export function move(shown: readonly Branch[], chosen: number, key: string): Move {
  const at = shown.findIndex(({ row }) => row.id === chosen);
  const now = shown[at];
  if (now === undefined) return undefined;
  const to = (branch: Branch | undefined): Move => branch === undefined ? undefined : { choose: branch.row.id };
  const next = shown[at + 1];
  const open = next?.above.at(-1) === chosen;
  switch (key) {
    case 'ArrowDown': return to(next);
    case 'ArrowUp': return to(shown[at - 1]);
    case 'Home': return to(shown[0]);
    case 'End': return to(shown.at(-1));
    case 'ArrowRight': return open ? to(next) : now.children > 0 ? { open: true } : undefined;
    case 'ArrowLeft': return open ? { open: false } : to(shown.find(({ row }) => row.id === now.above.at(-1)));
    default: return undefined;
  }
}

export const KIND_NAMES: Record<ArenaRow['kind'], string> = { heap: 'the heap’s own', memory: 'memory', numbers: 'numbers' };

/** What an arena is called; a program may leave that out, and a link needs a word. */
export function called({ name }: { name: string }): string {
  return name.trim() === '' ? '(unnamed)' : name;
}

/** Whether the numbers of an arena are addresses of this memory. */
export function ofMemory(row: ArenaRow): boolean {
  return row.kind !== 'numbers';
}

/** A length in a cell: bytes with a unit, other numbers counted. */
export function amount(row: ArenaRow, length: number): string {
  return ofMemory(row) ? bytes(length) : count(length);
}

/** A length in a sentence. */
export function quantity(row: ArenaRow, length: number): string {
  return ofMemory(row) ? bytes(length) : plural(length, 'number');
}

/** A number of an arena. */
export function position(row: ArenaRow, at: number): string {
  return ofMemory(row) ? address(at) : count(at);
}

/** The first and the last number of a run; of addresses its end, as everywhere on the page. */
export function stretch(row: ArenaRow, start: number, length: number): string {
  return ofMemory(row) ? `${address(start)} – ${address(start + length)}` : length <= 1 ? count(start) : `${count(start)} – ${count(start + length - 1)}`;
}

/** Which requests can be met, and how much of what is free is of no use to them. */
export function verdict(row: ArenaRow): string {
  const cached = row.cached > 0 ? ` ${quantity(row, row.cached)} more ${row.kind === 'numbers' && row.cached !== 1 ? 'wait' : 'waits'} in caches, for short requests.` : '';
  const more = row.kind === 'heap' ? 'memory has to grow' : 'it needs a new span';
  if (row.total === 0) return 'It has no span yet, so nothing to hand out.';
  if (row.free === 0) return `Nothing is free: before the next request is met, ${more}.${cached}`;
  const met = `A request of up to ${quantity(row, row.largestFree)} can be met`;
  if (row.freeSegments === 1) return `${met}: all that is free is in one piece.${cached}`;
  const rest = row.free - row.largestFree;
  return `${met}; the other ${quantity(row, rest)} of the free ${quantity(row, row.free)} (${share(rest, row.free)}) ${rest === 1 ? 'is' : 'are'} in pieces no longer than that.${cached}`;
}

/** Free runs of like lengths, or lengths of which there is none. */
export interface Bar {
  /** The shortest and the longest length of the step. */
  label: string;
  segments: number;
  total: number;
  /** Of the largest total, 0..1. */
  scale: number;
}

/** So many steps without a free run, one after the other, are drawn as one. */
const GAP = 3;
/** A bar that is there is to be seen. */
const LEAST = 0.012;

/** The histogram of an arena as bars, from the shortest length that is free to the longest. */
export function bars(row: ArenaRow): Bar[] {
  const steps = row.freeHistogram;
  const largest = Math.max(1, ...steps.map(({ total }) => total));
  const label = (first: number, last: number): string => {
    const from = row.quantum * 2 ** first;
    // Lengths are multiples of the quantum.
    const to = row.quantum * (2 ** (last + 1) - 1);
    return from === to ? amount(row, from) : `${amount(row, from)} – ${amount(row, to)}`;
  };
  const found: Bar[] = [];
  const empty = (first: number, last: number): void => {
    if (last - first + 1 >= GAP) found.push({ label: label(first, last), segments: 0, total: 0, scale: 0 });
    else for (let index = first; index <= last; index += 1) found.push({ label: label(index, index), segments: 0, total: 0, scale: 0 });
  };
  let before = -1;
  steps.forEach(({ segments, total }, index) => {
    if (segments === 0) return;
    if (before >= 0) empty(before + 1, index - 1);
    found.push({ label: label(index, index), segments, total, scale: Math.max(LEAST, total / largest) });
    before = index;
  });
  return found;
}

/** Kinds of segments, as people name them, in the order of a legend. */
export const SEGMENT_KINDS: readonly { kind: SegmentKind; label: string; term: Term; heapOnly?: true }[] = [
  { kind: 'held', label: 'held', term: 'heldSegment' },
  { kind: 'slab', label: 'slab', term: 'slab' },
  { kind: 'objects', label: 'objects', term: 'objectSlab', heapOnly: true },
  { kind: 'parked', label: 'parked', term: 'parked', heapOnly: true },
  { kind: 'free', label: 'free', term: 'arenaFree' },
  { kind: 'metadata', label: 'metadata', term: 'metadata', heapOnly: true },
];

/** The kinds that an arena can have. */
export function kindsOf(row: ArenaRow): typeof SEGMENT_KINDS {
  return SEGMENT_KINDS.filter(({ heapOnly }) => row.kind === 'heap' || heapOnly !== true);
}

/** Segments on a page of the table. */
export const PAGE = 200;

/** What is looked at: an arena, and which of its segments. Lengths and numbers are as they were typed. */
export interface SegmentQuery {
  /** `undefined` is the heap's own. */
  arena: number | undefined;
  kinds: readonly SegmentKind[];
  least: string;
  most: string;
  from: string;
  to: string;
  order: 'address' | 'length';
  offset: number;
}

export type QueryField = 'kinds' | 'least' | 'most' | 'from' | 'to';

export const WHOLE: SegmentQuery = { arena: undefined, kinds: SEGMENT_KINDS.map(({ kind }) => kind), least: '', most: '', from: '', to: '', order: 'address', offset: 0 };

/** A query as the engine takes it, or what is wrong with it in a sentence. */
export type Parsed = { filter: SegmentFilter } | { field: QueryField; mistake: string };

export function parsed(query: SegmentQuery, row: ArenaRow): Parsed {
  const filter: SegmentFilter = { order: query.order, offset: query.offset, limit: PAGE };
  const known = kindsOf(row).filter(({ kind }) => query.kinds.includes(kind));
  if (known.length === 0) return { field: 'kinds', mistake: 'No kind is chosen, so there is nothing to list. Tick one.' };
  if (known.length < kindsOf(row).length) filter.kinds = known.map(({ kind }) => kind);

  const fields = [['least', 'minLength', parseLength], ['most', 'maxLength', parseLength], ['from', 'from', parsePosition], ['to', 'to', parsePosition]] as const;
  for (const [field, name, parse] of fields) {
    const text = query[field].trim();
    if (text === '') continue;
    const value = parse(text, row);
    if (value === undefined) return { field, mistake: refusal(field, text, row) };
    filter[name] = value;
  }
  const { minLength = 0, maxLength = Infinity, from = 0, to = Infinity } = filter;
  if (minLength > maxLength) return { field: 'least', mistake: `Nothing is ${quantity(row, minLength)} or longer and yet at most ${quantity(row, maxLength)} long. Change one of the two.` };
  if (from > to) return { field: 'from', mistake: `The range begins at ${position(row, from)}, after its end ${position(row, to)}. Change one of the two.` };
  return { filter };
}

function refusal(field: 'least' | 'most' | 'from' | 'to', text: string, row: ArenaRow): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  if (!ofMemory(row)) return `“${short}” is no number of this arena. Write it like 1,024 or 0x400.`;
  if (field === 'least' || field === 'most') return `“${short}” is no length. Write it like 4096, 64 KiB or 1.5 MiB.`;
  return `“${short}” is no address. Write it like 0x0001a000 or 106496.`;
}

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Reads a length: `4096`, `64 KiB`, `1.5m`, `0x1000`; of numbers only whole ones without unit. */
export function parseLength(text: string, row: ArenaRow): number | undefined {
  if (!ofMemory(row)) return parsePosition(text, row);
  const word = text.toLowerCase().replace(/[,_\s]/g, '');
  const scaled = /^(\d+(?:\.\d+)?)(?:([kmg])(?:i?b)?|b|bytes?)?$/.exec(word);
  const value = scaled === null ? parsePosition(text, row) : Math.round(Number(scaled[1]) * (UNITS[scaled[2] ?? ''] ?? 1));
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** Reads an address, or a number of an arena of other numbers. */
export function parsePosition(text: string, row: ArenaRow): number | undefined {
  if (ofMemory(row)) return parseAddress(text);
  const word = text.toLowerCase().replace(/[,_\s]/g, '');
  const value = /^(\d+|0x[0-9a-f]+)$/.test(word) ? Number(word) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** What was listed of an arena, or why it could not be. */
export type SegmentPage = { arena: number; offset: number; list: SegmentList } | { arena: number; sentence: string };

/** Where the last page begins. */
export function lastOffset(matching: number): number {
  return Math.max(0, Math.ceil(matching / PAGE) - 1) * PAGE;
}

/** `1–200 of 1,234 segments` */
export function pageWords(offset: number, list: SegmentList): string {
  const matching = plural(list.matching, 'segment');
  if (list.rows.length === 0) return matching;
  return list.matching <= list.rows.length ? matching : `${count(offset + 1)}–${count(offset + list.rows.length)} of ${matching}`;
}

/** The arena that has imported a span out of a held segment of another, where that is known. */
export function importer(rows: readonly ArenaRow[], arena: ArenaRow, segment: SegmentRow): ArenaRow | undefined {
  if (segment.kind !== 'held') return undefined;
  const inside = (start: number): boolean => start >= segment.start && start < segment.start + segment.length;
  return rows.find((row) => row.parent === arena.id && row.id !== arena.id && row.spanList.some(({ imported, start }) => imported && inside(start)));
}
