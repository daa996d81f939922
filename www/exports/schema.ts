/**
 * Readers of the engine's records, one for each interface of `crate/inspector/*.d.ts`: a field that is added there does not compile here until
 * it is read. Relies on the readers and the records only.
 */
import type {
  ArenaRow, AuditReport, BudgetRow, CacheRow, Composition, ExhaustionRow, FaultRow, InjectionRow, LeakGroup, LeakReport, LogEntry, LogList, LogRow, ObjectCacheRow, RefusalRow, SiteRow,
  SpanRow, Summary, TagRow,
} from '../model/records.ts';
import type { Frame } from '../model/symbols.ts';
import type { Peak } from '../model/peak-watch.ts';
import type { Growth, Moment, Reading } from './profile.ts';
import { flag, hex, list, nullable, number, numbers, oneOf, optional, record, text, texts } from './readers.ts';

const composition = record<Composition>(numbers('staticData', 'stack', 'live', 'magazines', 'slabFree', 'slabOverhead', 'arenaFree', 'metadata', 'foreign'));

const summary = record<Summary>({
  ...numbers('layoutVersion', 'root', 'memoryBytes', 'pages', 'quantum', 'liveObjects', 'liveBytes', 'allocations', 'frees', 'failures', 'growths', 'grownPages', 'foreignGrowths'),
  initialized: flag, composition, problems: list(text),
});

const cache = record<CacheRow>({
  ...numbers('class', 'size', 'slabBytes', 'objectsPerSlab', 'allocations', 'frees', 'failures', 'live', 'liveBytes', 'slabs', 'emptySlabs', 'objects', 'magazineRounds', 'magazineCapacity',
    'freeInSlabs', 'overheadBytes', 'reclaimableBytes', 'slabCreates', 'slabDestroys'),
  name: text,
});

const objectCache = record<ObjectCacheRow>({
  ...numbers('id', 'number', 'class', 'size', 'align', 'stride', 'slabBytes', 'objectsPerSlab', 'limit', 'keep', 'reserve', 'allocations', 'frees', 'failures', 'constructorFailures',
    'limitFailures', 'live', 'liveBytes', 'cachedLoaded', 'cachedDepot', 'cached', 'freeInSlabs', 'total', 'totalMax', 'slabs', 'emptySlabs', 'partialSlabs', 'fullSlabs', 'stuckSlabs',
    'deadSlabs', 'slabCreates', 'slabDestroys', 'slabAllocations', 'slabFrees', 'depotAllocations', 'depotFrees', 'constructs', 'destructs', 'magazineRounds', 'fullMagazines',
    'emptyMagazines', 'idleMagazines', 'overheadBytes', 'memoryBytes', 'reaps', 'reclaims', 'moveCallbacks', 'moveYes', 'moveNo', 'moveLater', 'moveDontNeed', 'moveDontKnow',
    'moveHuntFound', 'moveScans', 'defrags', 'moveSlabsFreed', 'reclaimableSlabs', 'reclaimableBytes', 'fragmentation'),
  name: text, aliases: list(text), zone: flag, constructed: flag, movable: flag, orphan: flag, shared: flag, budget: nullable(text), fragmented: flag, fill: list(number),
});

const budget = record<BudgetRow>({ ...numbers('id', 'number', 'limit', 'used', 'peak', 'charged', 'objects', 'denials', 'asks', 'users'), name: text, orphan: flag });
const refusal = record<RefusalRow>(numbers('count', 'size', 'align', 'flags'));
const span = record<SpanRow>({ ...numbers('start', 'length'), imported: flag });
const arenaHeap = record<NonNullable<ArenaRow['heap']>>(numbers('growths', 'pages', 'parkedBytes', 'largeLive', 'largeLiveBytes', 'slabBytes', 'objectSlabBytes', 'metadataBytes'));
const freeLengths = record<ArenaRow['freeHistogram'][number]>(numbers('segments', 'total'));

const arena = record<ArenaRow>({
  ...numbers('id', 'quantum', 'spans', 'segments', 'heldSegments', 'freeSegments', 'total', 'inUse', 'free', 'largestFree', 'fragmentation', 'cached', 'allocations', 'frees', 'failures',
    'imports', 'releases'),
  name: text, kind: oneOf('heap', 'memory', 'numbers'), parent: optional(number), spanList: list(span), freeHistogram: list(freeLengths), heap: optional(arenaHeap),
});

const site = record<SiteRow>({
  ...numbers('id', 'tag', 'liveBytes', 'liveCount', 'bytes', 'count', 'samples', 'liveSamples', 'oldest', 'newest'), tags: list(text), frames: list(number),
});
const tag = record<TagRow>({ ...numbers('id', 'parent', 'entries'), name: text });
const logRow = record<LogRow>({ ...numbers('entries', 'kept', 'bytes'), name: text });
const logEntry = record<LogEntry>({ ...numbers('sequence', 'operation', 'time', 'address', 'size', 'align', 'site'), ...texts('event', 'cache'), contents: optional(hex) });
const injection = record<InjectionRow>(numbers('oneIn', 'nth', 'times', 'looked', 'failed'));

const fault = record<FaultRow>({
  ...numbers('id', 'address', 'object', 'size', 'align', 'givenSize', 'givenAlign', 'segment', 'segmentBytes', 'damagedBytes', 'expected', 'found', 'allocSite', 'freeSite', 'site',
    'allocOperation', 'freeOperation', 'operation', 'allocTime', 'freeTime', 'time', 'aroundAt'),
  ...texts('kind', 'reported', 'doing', 'sentence', 'advice', 'cache', 'givenCache', 'place', 'outcome'),
  offset: nullable(number), around: hex, history: list(logEntry),
});

const exhaustion = record<ExhaustionRow>({
  ...numbers('count', 'operation', 'time', 'size', 'align', 'site', 'memoryBytes', 'freeBytes'), cache: text, reserveUsed: flag,
  sites: list(record<ExhaustionRow['sites'][number]>(numbers('site', 'bytes', 'count'))),
  caches: list(record<ExhaustionRow['caches'][number]>({ ...numbers('bytes', 'count'), name: text })),
});

const audit = record<AuditReport>({
  ...numbers('samplingBytes', 'operations', 'time', 'abandoned', 'quarantinedObjects', 'quarantinedBytes', 'quarantineLimitBytes', 'quarantineAge', 'watched', 'faultsEver', 'reserveBytes'),
  mode: text, cacheModes: list(record<AuditReport['cacheModes'][number]>({ number, ...texts('name', 'mode') })), policy: oneOf('trap', 'continue'), faults: list(fault),
  sites: list(site), tags: list(tag), logs: list(logRow), injection: nullable(injection), exhaustion: nullable(exhaustion), command: oneOf('none', 'waiting', 'done', 'refused'),
});

export const reading = record<Reading>({
  sample: record<Reading['sample']>({
    summary, caches: list(cache), objectCaches: list(objectCache), budgets: list(budget), refusal: nullable(refusal), arenas: list(arena),
  }),
  audit: nullable(audit),
});

export const peak = record<Peak>({
  ...numbers('time', 'pages', 'liveBytes', 'liveObjects', 'operations'), caches: list(cache), objectCaches: list(objectCache), sites: list(site),
});

export const moment = record<Moment>(numbers('time', 'pages', 'memoryBytes', 'liveBytes', 'heldBytes', 'difference'));
export const growth = record<Growth>({ ...numbers('time', 'fromPages', 'toPages', 'calls', 'foreignCalls', 'liveBefore', 'liveAfter'), during: optional(text) });
export const log = record<LogList>({ ...numbers('matching', 'lost'), entries: list(logEntry) });

const certainty = oneOf('leak', 'js');
const leakGroup = record<LeakGroup>({
  ...numbers('size', 'count', 'bytes', 'held', 'heldBytes'), what: text, class: optional(number), objectCache: optional(text), site: optional(number), cycle: flag, certainty,
  examples: list(record<LeakGroup['examples'][number]>({ ...numbers('address', 'heldBytes'), words: list(number) })),
});
export const leaks = record<LeakReport>({
  ...numbers('liveObjects', 'liveBytes', 'lostObjects', 'lostBytes', 'leaks', 'groupsLeft'), sentence: text, certainty, damaged: flag, groups: list(leakGroup),
});

export const frame = record<Frame>({ function: text, file: optional(text), line: optional(number), column: optional(number), inlined: flag });
