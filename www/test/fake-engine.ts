/**
 * A heap that is made up: the same interface as the engine, the same answers for the same steps. For tests and first drawings only.
 *
 * It is a toy allocator over quanta: each size class fills slabs of four quanta, large allocations take whole quanta and may be parked when
 * they are freed, growth adds pages.
 */
import { random } from '../demo/generate.ts';
import { NOTHING, type Objects } from '../model/objects.ts';
import type {
  ArenaRow, AuditReport, CacheRow, ChangeMap, CheckReport, Composition, DumpParts, Heap, HeapMap, LogEntry, LogFilter, LogList, MapLayer, Sample, SegmentFilter, SegmentList, SegmentRow, Slab, Snapshot, SnapshotNote, Summary, Verdict, Whatis,
} from '../model/records.ts';
import { arenaRow, lentArenas, listed, segmentRows, type FakeArena } from './fake-arenas.ts';
import { listed as listedEntries } from './fake-audit.ts';
import { FakeSnapshot, figures, tally } from './fake-snapshots.ts';

export const PAGE = 65536;
export const QUANTUM = 4096;
/** Id of the heap's own arena. */
export const HEAP_ARENA = 0x10_080;
const SLAB_QUANTA = 4;
const STATIC_QUANTA = 6;
const STACK_QUANTA = 16;
const SIZES = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048];

/** Quanta of the classes of segments. */
const SEGMENTS = [1, 2, 3, 4];

interface FakeSlab {
  sizeClass: number;
  start: number;
  states: Uint8Array;
}

interface Large {
  start: number;
  length: number;
}

export class FakeHeap implements Heap {
  readonly #next = random(7);
  readonly #slabs = new Map<number, FakeSlab>();
  readonly #large = new Map<number, Large>();
  /** Free segments in magazines. */
  readonly #parked: Large[] = [];
  /** Owner of each quantum: a code of `HeapMap.owner`. */
  #owners: number[] = [];
  #allocations = SIZES.map(() => 0);
  #frees = SIZES.map(() => 0);
  #growths = 0;
  #pages = 2;
  /** Arenas beside the heap's own. */
  #lent: FakeArena[] = [];
  /** What a test wants it to say of object caches. */
  objects: Objects = NOTHING;
  problems: string[] = [];
  /** What a test wants it to say of diagnosis, and what it was told to do. */
  report: AuditReport | null = null;
  entries: readonly LogEntry[] = [];
  configured: string[] = [];

  constructor() {
    this.#owners = [...Array.from({ length: STACK_QUANTA }, () => 2), ...Array.from({ length: STATIC_QUANTA }, () => 1), ...Array.from({ length: 2 }, () => 6)];
    this.#fill();
  }

  #fill(): void {
    while (this.#owners.length < (this.#pages * PAGE) / QUANTUM) this.#owners.push(5);
  }

  #take(quanta: number, owner: number): number {
    for (;;) {
      let run = 0;
      for (let index = 0; index < this.#owners.length; index += 1) {
        run = this.#owners[index] === 5 ? run + 1 : 0;
        if (run < quanta) continue;
        const first = index - quanta + 1;
        this.#owners.fill(owner, first, index + 1);
        return first * QUANTUM;
      }
      this.#pages += Math.max(1, Math.ceil((quanta * QUANTUM) / PAGE), Math.floor(this.#pages / 8));
      this.#growths += 1;
      this.#fill();
    }
  }

  /** Allocates `bytes` as objects of mixed sizes and one large allocation per 512 KiB. */
  work(bytes: number): void {
    for (let left = bytes; left > 0;) {
      if (this.#next() < 0.002) {
        const length = QUANTUM * (1 + Math.floor(this.#next() * 24));
        const start = this.#take(length / QUANTUM, 4);
        this.#large.set(start, { start, length });
        left -= length;
        continue;
      }
      const sizeClass = Math.floor(this.#next() ** 2 * SIZES.length);
      const size = SIZES[sizeClass] ?? 8;
      const batch = 40;
      for (let index = 0; index < batch; index += 1) this.#allocate(sizeClass, size);
      left -= size * batch;
    }
  }

  #allocate(sizeClass: number, size: number): void {
    this.#allocations[sizeClass] = (this.#allocations[sizeClass] ?? 0) + 1;
    let slab = [...this.#slabs.values()].findLast((candidate) => candidate.sizeClass === sizeClass && candidate.states.includes(0));
    if (slab === undefined) {
      const start = this.#take(SLAB_QUANTA, 3);
      slab = { sizeClass, start, states: new Uint8Array(Math.floor((SLAB_QUANTA * QUANTUM) / size)) };
      this.#slabs.set(start, slab);
    }
    slab.states[slab.states.indexOf(0)] = 1;
  }

  /** Frees `share` of all objects and large allocations; a few stay in magazines. */
  drop(share: number): void {
    for (const slab of this.#slabs.values()) {
      slab.states.forEach((state, index) => {
        if (state !== 1 || this.#next() >= share) return;
        slab.states[index] = this.#next() < 0.06 ? 2 : 0;
        this.#frees[slab.sizeClass] = (this.#frees[slab.sizeClass] ?? 0) + 1;
      });
      if (!slab.states.some((state) => state !== 0) && this.#next() < 0.8) {
        this.#owners.fill(5, slab.start / QUANTUM, slab.start / QUANTUM + SLAB_QUANTA);
        this.#slabs.delete(slab.start);
      }
    }
    for (const large of this.#large.values()) {
      if (this.#next() >= share) continue;
      const parks = SEGMENTS.includes(large.length / QUANTUM) && this.#next() < 0.5;
      if (parks) this.#parked.push(large);
      this.#owners.fill(parks ? 7 : 5, large.start / QUANTUM, (large.start + large.length) / QUANTUM);
      this.#large.delete(large.start);
    }
  }

  sample(granule?: number): Sample {
    const sample = { summary: this.summary(), caches: this.caches(), arenas: this.arenas(), ...this.objects };
    return granule === undefined ? sample : { ...sample, map: this.map(granule) };
  }

  summary(): Summary {
    const caches = this.caches();
    const slabs = caches.filter(({ slabBytes }) => slabBytes > 0);
    const sum = (value: (row: CacheRow) => number): number => slabs.reduce((total, row) => total + value(row), 0);
    const large = [...this.#large.values()].reduce((total, { length }) => total + length, 0);
    const quanta = (owner: number): number => this.#owners.filter((code) => code === owner).length * QUANTUM;
    const composition: Composition = {
      staticData: quanta(1), stack: quanta(2), live: sum((row) => row.liveBytes) + large, magazines: sum((row) => row.magazineRounds * row.size) + quanta(7),
      slabFree: sum((row) => row.freeInSlabs * row.size), slabOverhead: sum((row) => row.overheadBytes), arenaFree: quanta(5), metadata: quanta(6), foreign: quanta(0),
    };
    const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    return {
      layoutVersion: 2, root: 0x10040, memoryBytes: this.#pages * PAGE, pages: this.#pages, quantum: QUANTUM, initialized: true, composition,
      liveObjects: sum((row) => row.live) + this.#large.size, liveBytes: composition.live, allocations: total(this.#allocations) + this.#large.size,
      frees: total(this.#frees), failures: 0, growths: this.#growths, grownPages: this.#pages - 2, foreignGrowths: 0,
      problems: this.problems,
    };
  }

  caches(): CacheRow[] {
    return [...this.#slabRows(), ...SEGMENTS.map((quanta, index) => this.#segmentRow(quanta * QUANTUM, SIZES.length + index))];
  }

  #segmentRow(size: number, sizeClass: number): CacheRow {
    const live = [...this.#large.values()].filter(({ length }) => length === size).length;
    return {
      class: sizeClass, name: `${size / 1024} KiB segments`, size, slabBytes: 0, objectsPerSlab: 0, allocations: 0, frees: 0, failures: 0, live, liveBytes: live * size,
      slabs: 0, emptySlabs: 0, objects: 0, magazineRounds: this.#parked.filter(({ length }) => length === size).length, magazineCapacity: 4, freeInSlabs: 0,
      overheadBytes: 0, reclaimableBytes: 0, slabCreates: 0, slabDestroys: 0,
    };
  }

  #slabRows(): CacheRow[] {
    return SIZES.map((size, sizeClass) => {
      const slabs = [...this.#slabs.values()].filter((slab) => slab.sizeClass === sizeClass);
      const tally = [0, 0, 0];
      for (const slab of slabs) for (const state of slab.states) tally[state] = (tally[state] ?? 0) + 1;
      const [free = 0, live = 0, rounds = 0] = tally;
      const perSlab = Math.floor((SLAB_QUANTA * QUANTUM) / size);
      return {
        class: sizeClass, name: `${size} B`, size, slabBytes: SLAB_QUANTA * QUANTUM, objectsPerSlab: perSlab, allocations: this.#allocations[sizeClass] ?? 0,
        frees: this.#frees[sizeClass] ?? 0, failures: 0, live, liveBytes: live * size, slabs: slabs.length,
        emptySlabs: slabs.filter((slab) => slab.states.every((state) => state === 0)).length, objects: slabs.length * perSlab, magazineRounds: rounds,
        magazineCapacity: 64, freeInSlabs: free, overheadBytes: slabs.length * (SLAB_QUANTA * QUANTUM - perSlab * size),
        reclaimableBytes: (slabs.length - Math.ceil((live + rounds) / perSlab)) * SLAB_QUANTA * QUANTUM, slabCreates: slabs.length,
        slabDestroys: 0,
      };
    });
  }

  /** Lets two arenas be: one in a large allocation of the heap, one of ids. */
  lend(): void {
    const length = 64 * QUANTUM;
    const start = this.#take(64, 4);
    this.#large.set(start, { start, length });
    this.#lent = lentArenas(HEAP_ARENA, start, length);
  }

  arenas(): ArenaRow[] {
    return this.#arenas().map(arenaRow);
  }

  segments(arena: number, filter: SegmentFilter = {}): SegmentList {
    const found = this.#arenas().find(({ id }) => id === arena);
    if (found === undefined) throw new Error(`there is no arena ${arena}: the heap's is ${HEAP_ARENA}`);
    return listed(found, filter);
  }

  #arenas(): FakeArena[] {
    const first = STACK_QUANTA + STATIC_QUANTA;
    const span = { start: first * QUANTUM, length: (this.#owners.length - first) * QUANTUM, imported: false };
    const sum = (some: Iterable<{ length: number }>): number => [...some].reduce((total, { length }) => total + length, 0);
    return [{
      id: HEAP_ARENA, name: 'heap', kind: 'heap', quantum: QUANTUM, spans: [span], segments: this.#segments(first),
      heap: {
        growths: this.#growths, pages: this.#pages - 2, parkedBytes: sum(this.#parked), largeLive: this.#large.size, largeLiveBytes: sum(this.#large.values()),
        slabBytes: this.#slabs.size * SLAB_QUANTA * QUANTUM, objectSlabBytes: 0, metadataBytes: 2 * QUANTUM,
      },
    }, ...this.#lent];
  }

  /** Segments of the heap's own arena. */
  #segments(first: number): Omit<SegmentRow, 'span'>[] {
    const found: Omit<SegmentRow, 'span'>[] = [];
    for (let index = first; index < this.#owners.length;) {
      const start = index * QUANTUM;
      const slab = this.#slabs.get(start);
      const whole = this.#large.get(start) ?? this.#parked.find((parked) => parked.start === start);
      const owner = this.#owners[index];
      let end = index + 1;
      if (slab !== undefined) end = index + SLAB_QUANTA;
      else if (whole !== undefined) end = index + whole.length / QUANTUM;
      else while (this.#owners[end] === owner) end += 1;
      const length = (end - index) * QUANTUM;
      if (slab === undefined) found.push({ start, length, kind: owner === 5 ? 'free' : owner === 6 ? 'metadata' : owner === 7 ? 'parked' : 'held' });
      else found.push({ start, length, kind: 'slab', objectLength: SIZES[slab.sizeClass] ?? 8, objects: slab.states.length, live: slab.states.filter((state) => state === 1).length });
      index = end;
    }
    return found;
  }

  #chain(address: number): Whatis['chain'] {
    const addresses = this.#arenas().filter(({ kind }) => kind !== 'numbers');
    return addresses.flatMap((arena) => segmentRows(arena).filter(({ start, length }) => address >= start && address < start + length)
      .map((segment) => ({ arena: arena.id, name: arena.name, segment })));
  }

  map(granule: number): HeapMap {
    const per = granule / QUANTUM;
    const cells = Math.ceil(this.#owners.length / per);
    const map: HeapMap = { granule, cells, owner: new Uint8Array(cells), cache: new Uint8Array(cells), live: new Uint8Array(cells) };
    for (let cell = 0; cell < cells; cell += 1) {
      const owner = this.#owners[cell * per] ?? 0;
      const slab = this.#slabAt(cell * granule);
      map.owner[cell] = owner;
      map.cache[cell] = slab === undefined ? 0 : slab.sizeClass + 1;
      map.live[cell] = owner === 4 ? 255 : slab === undefined ? 0 : this.#liveShare(slab, cell * granule, granule);
    }
    return map;
  }

  /** Every other cell has something. */
  layer(kind: MapLayer['kind'], granule: number): MapLayer {
    const { cells } = this.map(granule);
    return { kind, granule, values: Uint8Array.from({ length: cells }, (_, cell) => cell % 2 === 0 ? 0 : kind === 'site' ? 1 : 128), sites: kind === 'site' ? [1] : [], oldest: kind === 'age' ? 500 : 0 };
  }

  #liveShare(slab: FakeSlab, start: number, granule: number): number {
    const size = SIZES[slab.sizeClass] ?? 8;
    const first = Math.floor(Math.max(0, start - slab.start) / size);
    const part = slab.states.subarray(first, first + Math.max(1, Math.floor(granule / size)));
    return Math.round((255 * part.filter((state) => state === 1).length) / Math.max(1, part.length));
  }

  #slabAt(address: number): FakeSlab | undefined {
    return [...this.#slabs.values()].find(({ start }) => address >= start && address < start + SLAB_QUANTA * QUANTUM);
  }

  whatis(address: number): Whatis {
    const owner = this.#owners[Math.floor(address / QUANTUM)];
    const base = { address, start: Math.floor(address / QUANTUM) * QUANTUM, length: QUANTUM, offset: address % QUANTUM, chain: this.#chain(address) };
    if (owner === undefined) return { ...base, kind: 'outside', sentence: 'This address is outside of memory.' };
    const slab = this.#slabAt(address);
    if (slab !== undefined) return this.#object(address, slab);
    const large = [...this.#large.values()].find(({ start, length }) => address >= start && address < start + length);
    if (large !== undefined) {
      return { ...base, ...large, offset: address - large.start, kind: 'large', state: 'live', segment: { ...large, kind: 'large' }, sentence: 'A live large allocation.' };
    }
    const kind = (['foreign', 'static data', 'stack', 'foreign', 'foreign', 'arena free', 'metadata', 'parked'] as const)[owner] ?? 'foreign';
    return { ...base, kind, sentence: `This address is in ${kind}.` };
  }

  #object(address: number, slab: FakeSlab): Whatis {
    const objectSize = SIZES[slab.sizeClass] ?? 8;
    const index = Math.floor((address - slab.start) / objectSize);
    const start = slab.start + index * objectSize;
    const record: Slab = { start: slab.start, length: SLAB_QUANTA * QUANTUM, objectSize, objects: slab.states.length, used: slab.states.filter((state) => state === 1).length, states: slab.states };
    const state = (['free', 'live', 'magazine'] as const)[slab.states[index] ?? 0] ?? 'free';
    return {
      address, kind: index < slab.states.length ? 'object' : 'slab overhead', state, start, length: objectSize, offset: address - start, cache: slab.sizeClass, objectSize, chain: this.#chain(address),
      slab: record, segment: { start: slab.start, length: record.length, kind: 'slab' }, sentence: `A ${state} object of ${objectSize} bytes, number ${index + 1} of ${record.objects} in its slab.`,
    };
  }

  readonly origin = null;

  dump(): DumpParts {
    return { parts: [], bytes: 0, leftOut: 0, sentence: 'A dump of 0 B.' };
  }

  free(): void {
    this.problems = [];
  }

  check(): CheckReport {
    return { ok: true, checked: { segments: this.#slabs.size, slabs: this.#slabs.size, objects: this.#slabs.size * 100, caches: SIZES.length }, problems: [] };
  }

  /** Two causes: what is live, and the rest. */
  verdict(): Verdict {
    const { composition: { live }, memoryBytes } = this.summary();
    const finding = (cause: 'live' | 'peak', bytes: number): Verdict['findings'][number] => ({
      cause, bytes, share: bytes / memoryBytes, sentence: `${bytes} bytes are ${cause}.`, advice: `Look at the ${cause} bytes.`, evidence: [{ sentence: `all of ${bytes}`, view: 'caches', cache: '64 B' }],
    });
    const findings = [finding('live', live), finding('peak', memoryBytes - live)].sort((a, b) => b.bytes - a.bytes);
    const { cause, sentence, advice } = findings[0] ?? finding('live', 0);
    return { cause, sentence, advice, memoryBytes, findings, pins: { pages: 0, freeBytes: 0, objects: 0, objectBytes: 0, groups: [], list: [] }, damaged: this.problems.length };
  }

  audit(): AuditReport | null {
    return this.report;
  }

  log(filter?: LogFilter): LogList {
    return listedEntries(this.entries, filter);
  }

  history(address: number): LogEntry[] {
    return listedEntries(this.entries, { address }).entries;
  }

  configure(text: string): void {
    if (!/^[a-z][^=]*=[^=]+$/.test(text.split(';')[0] ?? '')) throw new Error(`“${text}” says nothing that a module could do`);
    this.configured.push(text);
    if (this.report !== null) this.report = { ...this.report, command: 'waiting' };
  }

  trace(): Uint8Array {
    return new TextEncoder().encode('a trace');
  }

  snapshot(note: SnapshotNote = {}): Snapshot {
    const { liveObjects, liveBytes, allocations, pages, memoryBytes } = this.sample().summary;
    return new FakeSnapshot(figures({ name: note.name ?? '', time: note.time ?? 0, live: tally(liveObjects, liveBytes), allocations, pages, memoryBytes }));
  }

  changes(granule: number): ChangeMap {
    const cells = Math.ceil((this.#pages * PAGE) / granule);
    return { granule, cells, new: new Uint8Array(cells), freed: new Uint8Array(cells), surviving: new Uint8Array(cells) };
  }
}
