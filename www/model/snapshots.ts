/**
 * Snapshots that were taken, what two of them differ in, and which objects those are, as a page shows them. Pure; relies on the records, the
 * formats and the words for stacks.
 */
import { bytes, count, plural } from './format.ts';
import { ownLines, stackLines, type Frames } from './frames.ts';
import type { Holder, Peak } from './peak-watch.ts';
import type { Change, ObjectFilter, SiteRow, SnapshotDiff, Tally } from './records.ts';
import type { Auto, By, ChangeKey, ChangeOrder, Entry, Fate, Shelf } from './shelf.ts';

export const BY: readonly By[] = ['caches', 'arenas', 'sites', 'tags'];
export const FATES: readonly Fate[] = ['new', 'freed', 'surviving'];
/** Objects of a list that are shown together. */
export const PAGE = 100;
/** Snapshots that are kept; of those that were taken by themselves the oldest go first. */
export const MOST = 40;

export interface ChangeColumn {
  key: ChangeKey;
  label: string;
  says: string;
  unit: 'name' | 'bytes' | 'count';
}

export const CHANGE_COLUMNS: readonly ChangeColumn[] = [
  { key: 'name', label: 'Name', says: 'What holds the memory. Choose a cache or a call site to see its objects below.', unit: 'name' },
  { key: 'growth', label: 'Change', says: 'Bytes that are held more in the later snapshot than in the earlier one.', unit: 'bytes' },
  { key: 'newBytes', label: 'New bytes', says: 'Bytes of what only the later snapshot has: allocated since, and still held.', unit: 'bytes' },
  { key: 'newCount', label: 'New', says: 'Objects that only the later snapshot has.', unit: 'count' },
  { key: 'freedBytes', label: 'Freed bytes', says: 'Bytes of what only the earlier snapshot has.', unit: 'bytes' },
  { key: 'freedCount', label: 'Freed', says: 'Objects that only the earlier snapshot has.', unit: 'count' },
  { key: 'survivingBytes', label: 'Surviving bytes', says: 'Bytes of what both have. Without diagnosis an object whose address was given back and handed out again counts as one of these.', unit: 'bytes' },
  { key: 'survivingCount', label: 'Surviving', says: 'Objects that both have.', unit: 'count' },
  { key: 'allocated', label: 'Allocated', says: 'Objects that were allocated between the two, held now or not.', unit: 'count' },
];

export interface ChangeRow {
  id: string;
  name: string;
  /** More of it in a few words: where a function is, or its tags. */
  note: string;
  change: Change;
  allocated: number;
  /** Its numbers are not bytes. */
  numbers: boolean;
  /** What the list of objects can be narrowed to. */
  narrows: Pick<Shelf, 'cache' | 'site'> | undefined;
}

/** The rows of a comparison. Sites of the later snapshot can be looked at; of others only the figures are known. */
export function changeRows(diff: SnapshotDiff, by: By, frames: Frames): ChangeRow[] {
  switch (by) {
    case 'caches':
      return diff.caches.map(({ key, name, objects, allocations }) => ({
        id: key, name, note: key.startsWith('cache:') ? 'object cache' : '', change: objects, allocated: allocations, numbers: false, narrows: { cache: key, site: undefined },
      }));
    case 'arenas':
      return diff.arenas.map(({ id, name, kind, held, allocations }) => ({
        id: String(id), name: name === '' ? 'without a name' : name, note: kind === 'heap' ? 'segments, not slabs' : kind === 'numbers' ? 'numbers' : '', change: held, allocated: allocations, numbers: kind === 'numbers', narrows: undefined,
      }));
    case 'sites':
      return diff.sites.map(({ id, tags, frames: offsets, objects, asked }) => {
        const first = ownLines(stackLines(offsets, frames))[0];
        const words = tags.join(' › ');
        const note = [first?.place ?? '', words].filter((part) => part !== '').join(' · ');
        return { id: `${id}`, name: first?.name ?? tags.at(-1) ?? 'no stack', note, change: objects, allocated: asked.count, numbers: false, narrows: { cache: undefined, site: id } };
      });
    case 'tags':
      return diff.tags.map(({ tags, objects, asked }) => ({
        id: tags.join('›'), name: tags.length === 0 ? 'without a tag' : tags.join(' › '), note: '', change: objects, allocated: asked.count, numbers: false, narrows: undefined,
      }));
  }
}

/** What a column says of a row; of a name nothing. */
export function figureOf(row: ChangeRow, key: ChangeKey): number {
  const { change } = row;
  switch (key) {
    case 'name': return 0;
    case 'growth': return change.after.bytes - change.before.bytes;
    case 'newBytes': return change.new.bytes;
    case 'newCount': return change.new.count;
    case 'freedBytes': return change.freed.bytes;
    case 'freedCount': return change.freed.count;
    case 'survivingBytes': return change.surviving.bytes;
    case 'survivingCount': return change.surviving.count;
    case 'allocated': return row.allocated;
  }
}

/** What a cell shows: of a change with its sign. */
export function figureWords(row: ChangeRow, { key, unit }: ChangeColumn): string {
  const value = figureOf(row, key);
  const words = unit === 'bytes' && !row.numbers ? bytes(Math.round(value)) : count(value).replace('-', '−');
  return key === 'growth' && value > 0 ? `+${words}` : words;
}

/** Sorted copy; what is equal stays in the order of names. */
export function changesInOrder(rows: readonly ChangeRow[], { key, descending }: ChangeOrder): ChangeRow[] {
  const sign = descending ? -1 : 1;
  const named = (a: ChangeRow, b: ChangeRow): number => a.name.localeCompare(b.name, 'en', { numeric: true });
  return [...rows].sort((a, b) => key === 'name' ? sign * named(a, b) : sign * (figureOf(a, key) - figureOf(b, key)) || named(a, b));
}

export function changeOrderTurned(order: ChangeOrder, key: ChangeKey): ChangeOrder {
  return order.key === key ? { key, descending: !order.descending } : { key, descending: key !== 'name' };
}

/** Rows that have all words of a text in their name or in what is said of it. */
export function changesWith(rows: readonly ChangeRow[], text: string): ChangeRow[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
  return rows.filter(({ name, note }) => words.every((word) => `${name} ${note}`.toLowerCase().includes(word)));
}

/** What the engine is to list. */
export function filterOf({ fate, cache, site, longest, offset }: Shelf): ObjectFilter {
  return {
    change: fate, order: longest ? 'length' : 'address', offset, limit: PAGE,
    ...(cache === undefined ? {} : { caches: [cache] }), ...(site === undefined ? {} : { site }),
  };
}

/** The comparison in a sentence or two. */
export function diffWords(diff: SnapshotDiff): string {
  const { objects, memoryBytes, allocations } = diff;
  const growth = objects.after.bytes - objects.before.bytes;
  const live = growth === 0 ? 'Live memory is the same' : `Live memory ${growth > 0 ? 'grew' : 'shrank'} by ${bytes(Math.abs(growth))}`;
  const pages = (memoryBytes.after - memoryBytes.before) / 65536;
  const memory = pages === 0 ? 'the memory did not grow' : `the memory grew by ${plural(pages, 'page')}`;
  const others = Math.max(0, allocations - Math.round(objects.new.count));
  return `${live}: ${tallyWords(objects.new)} new, ${tallyWords(objects.freed)} freed, ${tallyWords(objects.surviving)} surviving; ${memory}. `
    + `${plural(allocations, 'object was', 'objects were')} allocated between the two${others === 0 ? '' : `; the ${count(others)} that are not new here were given back, or have the address of one that was`}.`;
}

export function tallyWords({ count: objects, bytes: size }: Tally): string {
  return `${plural(Math.round(objects), 'object')} (${bytes(size)})`;
}

/** The name of a snapshot that nobody named. */
export function nameFor(why: Entry['why'], id: number, auto: Auto): string {
  if (why === 'time') return `Snapshot ${id}, every ${auto.minutes} min`;
  return why === 'growth' ? `Snapshot ${id}, +${bytes(auto.growth)}` : `Snapshot ${id}`;
}

/** A name as a name of a file: letters, digits and little else. */
export function fileName(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|-+$/g, '').slice(0, 60);
  return `${plain === '' ? 'snapshot' : plain}.flagsnap`;
}

/** Which one goes where there are too many: the oldest that nobody asked for, else the oldest. */
export function surplus(entries: readonly Entry[]): Entry | undefined {
  if (entries.length <= MOST) return undefined;
  return entries.find(({ why }) => why === 'time' || why === 'growth') ?? entries[0];
}

/** The caches of both kinds that held most, the most first. */
export function holdersByCache({ caches, objectCaches }: Peak, most: number): Holder[] {
  const rows = [
    ...caches.map(({ name, liveBytes, live }) => ({ name, bytes: liveBytes, count: live })),
    ...objectCaches.map(({ name, liveBytes, live }) => ({ name, bytes: liveBytes, count: live })),
  ];
  return largest(rows, most);
}

/** The tags whose sites held most; what has no tag is one of them. */
export function holdersByTag({ sites }: Peak, most: number): Holder[] {
  const sums = new Map<string, Holder>();
  for (const { tags, liveBytes, liveCount } of sites) {
    const name = tags.length === 0 ? 'without a tag' : tags.join(' › ');
    const sum = sums.get(name) ?? { name, bytes: 0, count: 0 };
    sums.set(name, { name, bytes: sum.bytes + liveBytes, count: sum.count + liveCount });
  }
  return largest([...sums.values()], most);
}

/** The sites that held most. */
export function largestSites({ sites }: Peak, most: number): SiteRow[] {
  return sites.filter(({ liveBytes }) => liveBytes > 0).sort((a, b) => b.liveBytes - a.liveBytes || a.id - b.id).slice(0, most);
}

function largest(rows: Holder[], most: number): Holder[] {
  return rows.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name)).slice(0, most);
}
