/**
 * The whole memory as a tree for a heap snapshot: what is beside the heap, its arena, the caches, their slabs and the objects. The sizes add
 * up to the memory, those of objects and held segments to what is live. Relies on the segments of the heap; reads it by itself, at once.
 *
 * Ids are made of addresses, so that an object has the same one in two snapshots as long as it is there. One that was given back and asked
 * for again at the same address and of the same cache cannot be told from the first: a heap without diagnosis has no number for that.
 */
import type { ArenaRow, CacheRow, Heap, ObjectCacheRow, SegmentRow, Summary } from '../model/records.ts';

export interface HeapNode {
  name: string;
  id: number;
  /** Its own bytes, without those of what is below. */
  bytes: number;
  /** Whether the application holds it. */
  live: boolean;
  children: HeapNode[];
}

export interface HeapTree {
  root: HeapNode;
  /** Objects that are nodes of their own, and slabs whose objects are one node together. */
  objects: number;
  grouped: number;
}

/** Objects that are nodes of their own; large ones come first. A viewer needs about 300 bytes for each. */
export const OBJECTS_MAX = 200_000;
/** Segments that are listed at once. */
const PART = 10_000;
/** Objects of a slab of which it is known which ones are held. */
const BITS = 64;

/** The low bits of an id; addresses of segments and objects are multiples of 8. */
const OBJECT = 1;
const SLAB = 3;
const SEGMENT = 5;
const GROUP = 7;
/** Numbers of groups that are no cache, and from where on object caches are counted. */
const GROUPS = { heap: 1, outside: 2, segments: 3, free: 4, parked: 5, metadata: 6, static: 7, stack: 8, foreign: 9, records: 10, classes: 16, objects: 512 };

export function treeOf(heap: Pick<Heap, 'sample' | 'segments'>, most = OBJECTS_MAX): HeapTree {
  const { summary, caches, objectCaches, arenas } = heap.sample();
  const arena = arenas.find(({ kind }) => kind === 'heap');
  const segments = arena === undefined ? [] : allSegments(heap, arena);
  const tree = new Tree(caches, objectCaches);
  // The largest first, so that what is grouped is what is small.
  const slabs = segments.filter(({ objectLength }) => objectLength !== undefined).sort((a, b) => (b.objectLength ?? 0) - (a.objectLength ?? 0) || a.start - b.start);
  for (const slab of slabs) tree.slab(slab, most);
  for (const segment of segments) if (segment.objectLength === undefined) tree.segment(segment);
  const inside = segments.reduce((sum, { length }) => sum + length, 0);
  return { root: tree.root(summary, Math.max(0, summary.memoryBytes - inside)), objects: tree.objects, grouped: tree.grouped };
}

function allSegments(heap: Pick<Heap, 'segments'>, { id }: ArenaRow): SegmentRow[] {
  const found: SegmentRow[] = [];
  for (;;) {
    const { matching, rows } = heap.segments(id, { offset: found.length, limit: PART });
    found.push(...rows);
    if (rows.length === 0 || found.length >= matching) return found;
  }
}

class Tree {
  objects = 0;
  grouped = 0;
  readonly #caches: readonly CacheRow[];
  readonly #objectCaches: readonly ObjectCacheRow[];
  readonly #groups = new Map<number, HeapNode>();
  readonly #ids = new Set<number>();

  constructor(caches: readonly CacheRow[], objectCaches: readonly ObjectCacheRow[]) {
    this.#caches = caches;
    this.#objectCaches = objectCaches;
  }

  /** A slab with those of its objects that are held. */
  slab(row: SegmentRow, most: number): void {
    const { start, length, objectLength: size = 0, objects = 0, live = 0, objectCache } = row;
    const { number, name } = this.#cacheOf(objectCache, size);
    const node = this.#node(`slab of ${name}`, start, SLAB, Math.max(0, length - live * size), false);
    this.#group(number, name).children.push(node);
    const held = heldObjects(row);
    if (held === undefined || this.objects + held.length > most) {
      if (live === 0) return;
      this.grouped += 1;
      node.children.push(this.#node(`${name} (${live} of ${objects})`, start, OBJECT, live * size, true));
      return;
    }
    this.objects += held.length;
    for (const index of held) node.children.push(this.#node(name, start + index * size, OBJECT, size, true));
  }

  /** A segment that is not cut into objects. */
  segment({ start, length, kind }: SegmentRow): void {
    if (kind === 'held') {
      const sizeClass = this.#caches.find(({ slabBytes, size }) => slabBytes === 0 && size === length);
      this.#group(GROUPS.segments, 'segments').children.push(this.#node(sizeClass === undefined ? 'large segment' : `segment of ${sizeClass.name}`, start, SEGMENT, length, true));
      return;
    }
    const [number, name] = kind === 'free' ? [GROUPS.free, 'free in the arena'] : kind === 'parked' ? [GROUPS.parked, 'in magazines'] : [GROUPS.metadata, 'metadata'];
    this.#group(number, name).children.push(this.#node(name, start, SEGMENT, length, false));
  }

  /** All of the memory, of which `outside` bytes are no part of the heap's arena. */
  root({ composition }: Summary, outside: number): HeapNode {
    const parts: readonly (readonly [number, string, number])[] = [
      [GROUPS.static, 'static data', composition.staticData], [GROUPS.stack, 'stack', composition.stack], [GROUPS.foreign, 'foreign memory', composition.foreign],
    ];
    let left = outside;
    const beside = parts.map(([number, name, bytes]) => {
      const own = Math.min(left, bytes);
      left -= own;
      return this.#node(name, number * 8, GROUP, own, false);
    });
    // What the heap keeps outside of its arena: its root and the first records.
    beside.push(this.#node('metadata beside the arena', GROUPS.records * 8, GROUP, left, false));
    const groups = [...this.#groups].sort(([a], [b]) => a - b).map(([, node]) => node);
    const heap = { ...this.#node('heap', GROUPS.heap * 8, GROUP, 0, false), children: groups };
    const memory = { ...this.#node('beside the heap', GROUPS.outside * 8, GROUP, 0, false), children: beside.filter(({ bytes }) => bytes > 0) };
    return { name: 'memory', id: 1, bytes: 0, live: false, children: [heap, memory] };
  }

  #cacheOf(objectCache: string | undefined, size: number): { number: number; name: string } {
    if (objectCache === undefined) {
      const found = this.#caches.find((row) => row.slabBytes > 0 && row.size === size);
      return { number: GROUPS.classes + (found?.class ?? 0), name: found?.name ?? `${size} B` };
    }
    // Caches may have the same name; then the length of their objects tells which one it is.
    const called = this.#objectCaches.filter(({ name }) => name === objectCache);
    const found = called.find(({ stride }) => stride === size) ?? called[0];
    return { number: GROUPS.objects + (found?.number ?? 0), name: objectCache };
  }

  #group(number: number, name: string): HeapNode {
    const known = this.#groups.get(number);
    if (known !== undefined) return known;
    const made = this.#node(number >= GROUPS.classes ? `cache ${name}` : name, number * 8, GROUP, 0, false);
    this.#groups.set(number, made);
    return made;
  }

  #node(name: string, address: number, kind: number, bytes: number, live: boolean): HeapNode {
    let id = Math.floor(address / 8) * 8 + kind;
    // Objects of fewer than 8 bytes, and groups with numbers as high as addresses.
    while (this.#ids.has(id)) id += 2;
    this.#ids.add(id);
    return { name, id, bytes, live, children: [] };
  }
}

/** Which objects of a slab are held; nothing where that is not known. */
function heldObjects({ objects = 0, live = 0, liveBits }: SegmentRow): number[] | undefined {
  if (live === 0) return [];
  if (objects > BITS) return undefined;
  const all = Array.from({ length: objects }, (_, index) => index);
  if (liveBits === undefined) return live === objects ? all : undefined;
  return all.filter((index) => (((index < 32 ? liveBits[0] : liveBits[1]) >>> (index % 32)) & 1) === 1);
}
