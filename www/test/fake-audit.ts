/** What diagnosis knows of a heap that is made up: sites, faults of each kind, logs, an exhaustion. For tests and first drawings only. */
import { nameless } from '../model/frames.ts';
import type { AuditReport, ExhaustionRow, FaultRow, LogEntry, LogFilter, LogList, SiteRow } from '../model/records.ts';
import type { Frame } from '../model/symbols.ts';
import type { Open } from '../symbols.ts';

function frame(name: string, file?: string, line?: number, column?: number, inlined = false): Frame {
  return { function: name, file, line, column, inlined };
}

/** Functions by their offset; what is not here has no name. */
export const FRAMES: ReadonlyMap<number, readonly Frame[]> = new Map([
  [0x108, [frame('__rust_alloc')]],
  [0x210, [frame('alloc::raw_vec::RawVec<T,A>::grow_one', 'library/alloc/src/raw_vec.rs', 340, 9, true), frame('demo::csv::Column::push', 'src/csv.rs', 88, 13)]],
  [0x2a0, [frame('demo::csv::read', 'src/csv.rs', 41, 9)]],
  [0x330, [frame('demo::json::Parser::string', 'src/json.rs', 120, 22)]],
  [0x3c4, [frame('demo::json::Parser::value', 'src/json.rs', 77, 5)]],
  [0x440, [frame('demo::markdown::Paragraph::new', 'src/markdown.rs', 30, 1)]],
  [0x4f8, [frame('demo::index::Index::add', 'src/index.rs', 52, 17, true), frame('demo::index::Index::build', 'src/index.rs', 19, 9)]],
  [0x510, [frame('demo::workbench::Workbench::open', 'src/workbench.rs', 201, 5)]],
  [0x5ee, [frame('demo::preview::render', 'src/preview.rs', 14, 20)]],
  [0x600, [frame('workbench_open')]],
  [0x688, [frame('workbench_preview')]],
]);

/** A reader of symbols that knows these; a file of any bytes adds a name for the others. */
export const openFake: Open = () => {
  const names = new Map(FRAMES);
  return {
    hasNames: true, hasLines: false, damage: [],
    addDebug: (bytes) => {
      if (bytes.length === 0) throw new Error('The file is empty.');
      names.set(0x8f8, [frame('named_by_a_file')]);
    },
    resolve: (offsets) => [...offsets].map((offset) => [...(names.get(offset) ?? [nameless(offset)])]),
  };
};

function site(id: number, tags: readonly string[], frames: readonly number[], live: readonly [number, number, number], ever: readonly [number, number, number], ages: readonly [number, number] = [0, 0]): SiteRow {
  return {
    id, tag: tags.length === 0 ? 0 : tags.length, tags: [...tags], frames: [...frames], liveBytes: live[0], liveCount: live[1], liveSamples: live[2],
    bytes: ever[0], count: ever[1], samples: ever[2], oldest: ages[0], newest: ages[1],
  };
}

/** Asked for by the csv reader; the largest. */
export const COLUMN = site(1, ['import', 'csv'], [0x108, 0x210, 0x2a0, 0x510, 0x600], [6_291_456, 1536.5, 144], [20_971_520, 5120, 400], [812_345, 4120]);
export const STRING = site(2, ['import', 'json'], [0x108, 0x330, 0x3c4, 0x3c4, 0x510, 0x600], [2_097_152, 60_000.25, 36], [41_943_040, 1_200_000, 810], [1_200_345, 22]);
export const VALUE = site(3, ['import', 'json'], [0x108, 0x3c4, 0x510, 0x600], [524_288, 9000, 9], [6_000_000, 100_000, 121], [900_001, 900]);
export const PARAGRAPH = site(4, ['import', 'markdown'], [0x108, 0x440, 0x510, 0x600], [0, 0, 0], [3_000_000, 40_000, 49]);
export const INDEX = site(5, [], [0x108, 0x4f8, 0x510, 0x600], [1_048_576, 4, 4], [1_048_576, 4, 4], [1_300_000, 1_250_000]);
export const PREVIEW = site(6, ['preview'], [0x108, 0x5ee, 0x688], [4096, 1, 1], [9_000_000, 2000, 225], [12, 12]);
/** Where nobody knows the names. */
export const UNNAMED = site(7, [], [0x8f8, 0x7a0], [65_536, 16, 1], [65_536, 16, 1], [500_000, 500_000]);
/** Where no stack could be taken. */
export const TAGGED = site(8, ['worker'], [], [16_384, 64, 2], [32_768, 128, 4], [77, 5]);
export const SITES: readonly SiteRow[] = [COLUMN, STRING, VALUE, PARAGRAPH, INDEX, PREVIEW, UNNAMED, TAGGED];

const OPERATIONS = 1_312_345;
const TIME = 254_000;

export function entry(sequence: number, event: string, address: number, more: Partial<LogEntry> = {}): LogEntry {
  const operation = OPERATIONS - 40 * (100 - sequence);
  return { sequence, event, operation, time: TIME - 35 * (100 - sequence), address, size: 24, align: 8, cache: '', site: 0, ...more };
}

/** The object that most entries are of. */
export const OBJECT = 0x1a_2040;
const HELLO = new TextEncoder().encode('GET /documents/survey.csv HTTP/1.1\r\nAccept: text/csv\r\n\r\n');

/** Newest first. */
export const ENTRIES: readonly LogEntry[] = [
  entry(99, 'released', OBJECT, { site: 6 }),
  entry(98, 'free', OBJECT, { site: 6 }),
  entry(97, 'contents', OBJECT, { site: 6, contents: HELLO }),
  entry(96, 'realloc', 0x1b_0000, { size: 8192, site: 1 }),
  entry(95, 'free', 0x1a_3000, { cache: 'tokens', size: 40, site: 2 }),
  entry(94, 'slab gone', 0x1c_0000, { size: 4096, cache: 'tokens' }),
  entry(93, 'injected', 0, { size: 64, site: 3 }),
  entry(92, 'failure', 0, { size: 4_194_304, align: 16, site: 1 }),
  entry(91, 'alloc', OBJECT, { site: 2 }),
  entry(90, 'slab made', 0x1a_2000, { size: 4096 }),
  ...Array.from({ length: 60 }, (_, index) => entry(89 - index, index % 3 === 1 ? 'free' : 'alloc', 0x18_0000 + 64 * Math.floor(index / 2), { site: 1 + (index % 5), size: 16 + 8 * (index % 7) })),
];

/** Memory of so many bytes: guards, the object, and what differs from that. */
function memory(start: number, object: number, size: number, inside: (index: number) => number, more: Readonly<Record<number, number>> = {}): Uint8Array {
  const before = [0xfe, 0xed, 0xfa, 0xce];
  return Uint8Array.from({ length: 128 }, (_, index) => {
    const at = start + index;
    const changed = more[at - object];
    if (changed !== undefined) return changed;
    if (at < object - 16 || at >= object + size + 24) return (index * 37) & 0xff;
    if (at < object) return before[at % 4] ?? 0;
    return at < object + size ? inside(at - object) : 0xbb;
  });
}

const text = (index: number): number => 0x61 + (index % 26);
const freed = (index: number): number => [0xde, 0xad, 0xbe, 0xef][index % 4] ?? 0;
const AT = OBJECT - 48;

function fault(id: number, kind: string, sentence: string, advice: string, more: Partial<FaultRow> = {}): FaultRow {
  return {
    id, kind, reported: kind, doing: 'free', sentence, advice, address: OBJECT, object: OBJECT, size: 24, align: 8, givenSize: 24, givenAlign: 8, cache: '32 B', givenCache: '',
    segment: 0x1a_2000, segmentBytes: 4096, place: 'a slab', offset: null, damagedBytes: 0, expected: 0, found: 0, allocSite: 2, freeSite: 0, site: 6,
    allocOperation: 1_311_985, freeOperation: 0, operation: 1_312_305 - 100 * (9 - id), allocTime: 252_385, freeTime: 0, time: 253_965 - 4000 * (9 - id), outcome: 'continue',
    aroundAt: AT, around: memory(AT, OBJECT, 24, text), history: ENTRIES.filter(({ address }) => address === OBJECT), ...more,
  };
}

/** One of each kind, newest first. */
export const FAULTS: readonly FaultRow[] = [
  fault(9, 'redzone', 'Three bytes behind the end of an object of 24 bytes at 0x001a2040 were written over, from its byte 24 on.', 'Look at what fills the object: it writes 27 bytes where 24 were asked for.', {
    offset: 24, damagedBytes: 3, expected: 0xbbbb_bbbb, found: 0xbb00_7a79, around: memory(AT, OBJECT, 24, text, { 24: 0x79, 25: 0x7a, 26: 0 }),
  }),
  fault(8, 'modified', 'An object of 24 bytes at 0x001a2040 was written to after it was given back: 4 bytes from its byte 8 on.', 'Whoever holds a pointer to it after it was freed is at fault. The free site is where to begin.', {
    doing: 'alloc', offset: 8, damagedBytes: 4, expected: 0xefbe_adde, found: 7, freeSite: 5, freeOperation: 1_312_000, freeTime: 252_500, reported: 'redzone',
    around: memory(AT, OBJECT, 24, freed, { 8: 7, 9: 0, 10: 0, 11: 0 }), outcome: 'trap',
  }),
  fault(7, 'double free', 'The object at 0x001a2040 was given back a second time.', 'Two owners hold the same pointer. Compare the two free sites.', { freeSite: 5, freeOperation: 1_312_000, freeTime: 252_500 }),
  fault(6, 'wrong size', 'An object of 24 bytes was given back as one of 32.', 'The layout at the free is not that of the allocation.', { givenSize: 32, givenAlign: 16 }),
  fault(5, 'interior', 'The address 0x001a2048 is 8 bytes inside of an object.', 'Give back the address that the allocation returned.', { address: OBJECT + 8 }),
  fault(4, 'wrong cache', 'An object of the cache tokens was given back to the cache paragraphs.', 'Give it back where it came from.', { cache: 'tokens', givenCache: 'paragraphs' }),
  fault(3, 'bad address', 'The address 0x00000510 was given back, but it is in static data.', 'See where the pointer comes from.', {
    address: 0x510, object: 0, size: 0, segment: 0, segmentBytes: 0, place: 'no memory of the heap', cache: '', allocSite: 0, around: new Uint8Array(), aroundAt: 0, history: [],
  }),
  fault(2, 'redzone', 'One byte right before an object of 24 bytes was written over.', 'Look for an index below zero.', {
    offset: -1, damagedBytes: 1, expected: 0xcefa_edfe, found: 0x00fa_edfe, around: memory(AT, OBJECT, 24, text, { '-1': 0 }),
  }),
  fault(1, 'bad record', 'The record of the slab at 0x001a2000 counts more objects than it has.', 'Something wrote into the heap’s records.', { doing: 'check', object: 0, offset: null, allocSite: 0, site: 0 }),
];

export const EXHAUSTION: ExhaustionRow = {
  count: 3, operation: 1_312_025, time: 253_720, size: 4_194_304, align: 16, cache: '', site: 1, memoryBytes: 67_108_864, freeBytes: 5_242_880, reserveUsed: false,
  sites: [COLUMN, STRING, INDEX, VALUE].map(({ id, liveBytes, liveCount }) => ({ site: id, bytes: liveBytes, count: Math.round(liveCount) })),
  caches: [{ name: 'paragraphs', bytes: 8_388_608, count: 65_536 }, { name: '32 B', bytes: 2_097_152, count: 65_536 }, { name: '4 KiB', bytes: 1_048_576, count: 256 }],
};

export const REPORT: AuditReport = {
  mode: 'lite', cacheModes: [{ number: 2, name: 'tokens', mode: 'all' }], policy: 'continue', samplingBytes: 524_288, operations: OPERATIONS, time: TIME, abandoned: 2,
  quarantinedObjects: 12, quarantinedBytes: 3072, quarantineLimitBytes: 65_536, quarantineAge: 10_000, watched: 209, faultsEver: 9, faults: [...FAULTS], sites: [...SITES],
  tags: [{ id: 1, parent: 0, name: 'import', entries: 12 }, { id: 2, parent: 1, name: 'csv', entries: 4 }],
  logs: [
    { name: 'transactions', entries: 1210, kept: 62, bytes: 65_536 }, { name: 'contents', entries: 40, kept: 1, bytes: 16_384 },
    { name: 'failures', entries: 2, kept: 2, bytes: 4096 }, { name: 'slabs', entries: 30, kept: 5, bytes: 4096 },
  ],
  injection: null, exhaustion: EXHAUSTION, reserveBytes: 65_536, command: 'none',
};

/** A module with diagnosis, in which nothing is on and nothing happened. */
export const QUIET: AuditReport = {
  ...REPORT, mode: 'off', cacheModes: [], policy: 'trap', samplingBytes: 0, operations: 0, time: 0, abandoned: 0, quarantinedObjects: 0, quarantinedBytes: 0, watched: 0, faultsEver: 0, faults: [],
  sites: [], tags: [], logs: REPORT.logs.map((log) => ({ ...log, entries: 0, kept: 0, bytes: 0 })), exhaustion: null, reserveBytes: 0,
};

const EVENTS_OF: Readonly<Record<string, readonly string[]>> = {
  transactions: ['alloc', 'free', 'realloc', 'check', 'released'], contents: ['contents'], failures: ['failure', 'injected'], slabs: ['slab made', 'slab gone'],
};

/** Lists as the engine does. */
export function listed(entries: readonly LogEntry[], filter: LogFilter = {}): LogList {
  const events = filter.logs?.flatMap((log) => EVENTS_OF[log] ?? []);
  const found = entries.filter(({ event, address, size, site: from, cache, operation }) => (events?.includes(event) ?? true) && (filter.events?.includes(event) ?? true)
    && (filter.address === undefined || (address !== 0 && filter.address >= address && filter.address < address + size)) && (filter.site ?? from) === from && (filter.cache ?? cache) === cache
    && operation >= (filter.from ?? 0) && operation < (filter.to ?? Infinity));
  return { entries: found.slice(0, filter.limit ?? 500), matching: found.length, lost: entries.length === 0 ? 0 : 1148 };
}
