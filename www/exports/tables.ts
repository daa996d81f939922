/**
 * Every table of the inspector with all its columns, for CSV and JSON. Pure; relies on the records and the stacks of the model. Columns are
 * called as the fields of the records are; what a field means is said in `crate/inspector/*.d.ts`.
 */
import { PARTS } from '../model/composition.ts';
import { stackLines } from '../model/frames.ts';
import { siteNames } from '../model/site-names.ts';
import type { Cell, Table } from './csv.ts';
import type { Records } from './profile.ts';

/** Tables that have something to say; the others are left out. */
export function tablesOf(records: Records): Table[] {
  return [...heapTables(records), ...diagnosisTables(records), ...recordedTables(records)].filter(({ rows }) => rows.length > 0);
}

/** A table of these fields. */
function keyed<const K extends string>(id: string, title: string, rows: readonly { readonly [key in K]: Cell }[], columns: readonly K[]): Table {
  return { id, title, columns, rows: rows.map((row) => columns.map((column) => row[column])) };
}

/** The same, with columns behind them that are worked out. */
function and<T>(table: Table, rows: readonly T[], more: { readonly [column: string]: (row: T) => Cell }): Table {
  const columns = Object.entries(more);
  return {
    ...table, columns: [...table.columns, ...columns.map(([name]) => name)],
    rows: table.rows.map((cells, index) => {
      const row = rows[index];
      return row === undefined ? cells : [...cells, ...columns.map(([, value]) => value(row))];
    }),
  };
}

function heapTables({ now: { sample } }: Records): Table[] {
  const { summary, caches, objectCaches, budgets, arenas } = sample;
  const figures: readonly [string, Cell][] = [
    ['memoryBytes', summary.memoryBytes], ['pages', summary.pages], ['liveBytes', summary.liveBytes], ['liveObjects', summary.liveObjects], ['allocations', summary.allocations],
    ['frees', summary.frees], ['failures', summary.failures], ['growths', summary.growths], ['grownPages', summary.grownPages], ['foreignGrowths', summary.foreignGrowths],
    ...PARTS.map(({ key }): [string, Cell] => [`composition.${key}`, summary.composition[key]]),
  ];
  const spans = arenas.flatMap(({ id, name, spanList }) => spanList.map((span) => ({ ...span, arena: id, name })));
  return [
    { id: 'summary', title: 'Summary', columns: ['figure', 'value'], rows: figures },
    keyed('caches', 'Caches', caches, ['class', 'name', 'size', 'slabBytes', 'objectsPerSlab', 'allocations', 'frees', 'failures', 'live', 'liveBytes', 'slabs', 'emptySlabs', 'objects',
      'magazineRounds', 'magazineCapacity', 'freeInSlabs', 'overheadBytes', 'reclaimableBytes', 'slabCreates', 'slabDestroys']),
    and(keyed('object-caches', 'Object caches', objectCaches, ['number', 'name', 'zone', 'constructed', 'movable', 'orphan', 'shared', 'budget', 'size', 'align', 'stride', 'slabBytes',
      'objectsPerSlab', 'limit', 'keep', 'reserve', 'allocations', 'frees', 'failures', 'constructorFailures', 'limitFailures', 'live', 'liveBytes', 'cachedLoaded', 'cachedDepot', 'cached',
      'freeInSlabs', 'total', 'totalMax', 'slabs', 'emptySlabs', 'partialSlabs', 'fullSlabs', 'stuckSlabs', 'deadSlabs', 'slabCreates', 'slabDestroys', 'slabAllocations', 'slabFrees',
      'depotAllocations', 'depotFrees', 'constructs', 'destructs', 'magazineRounds', 'fullMagazines', 'emptyMagazines', 'idleMagazines', 'overheadBytes', 'memoryBytes', 'reaps', 'reclaims',
      'moveCallbacks', 'moveYes', 'moveNo', 'moveLater', 'moveDontNeed', 'moveDontKnow', 'moveHuntFound', 'moveScans', 'defrags', 'moveSlabsFreed', 'reclaimableSlabs', 'reclaimableBytes',
      'fragmentation', 'fragmented']), objectCaches, { aliases: ({ aliases }) => aliases.join(' '), fill: ({ fill }) => fill.join(' ') }),
    keyed('budgets', 'Budgets', budgets, ['number', 'name', 'limit', 'used', 'peak', 'charged', 'objects', 'denials', 'asks', 'users', 'orphan']),
    and(keyed('arenas', 'Arenas', arenas, ['id', 'name', 'kind', 'quantum', 'spans', 'segments', 'heldSegments', 'freeSegments', 'total', 'inUse', 'free', 'largestFree', 'fragmentation',
      'cached', 'allocations', 'frees', 'failures', 'imports', 'releases']), arenas, { parent: ({ parent }) => parent ?? null }),
    keyed('spans', 'Spans', spans, ['arena', 'name', 'start', 'length', 'imported']),
  ];
}

function diagnosisTables({ now: { audit }, name, log }: Records): Table[] {
  const rows = audit?.sites ?? [];
  const frames = new Map([...new Set(rows.flatMap((row) => row.frames))].map((offset) => [offset, name(offset)]));
  const sites = siteNames(rows, frames).map((site) => ({ ...site.row, function: site.name, place: site.place, tags: site.tags }));
  return [
    and(keyed('sites', 'Call sites', sites, ['id', 'function', 'place', 'tags', 'liveBytes', 'liveCount', 'bytes', 'count', 'samples', 'liveSamples', 'oldest', 'newest']), sites, {
      stack: (site) => stackLines(site.frames, frames).map((line) => line.name).join(' < '),
      offsets: (site) => site.frames.map((offset) => `0x${offset.toString(16)}`).join(' '),
    }),
    keyed('tags', 'Tags', audit?.tags ?? [], ['id', 'parent', 'name', 'entries']),
    keyed('faults', 'Faults', audit?.faults ?? [], ['id', 'kind', 'reported', 'doing', 'sentence', 'advice', 'address', 'object', 'size', 'align', 'givenSize', 'givenAlign', 'cache', 'givenCache',
      'segment', 'segmentBytes', 'place', 'offset', 'damagedBytes', 'expected', 'found', 'allocSite', 'freeSite', 'site', 'allocOperation', 'freeOperation', 'operation', 'allocTime',
      'freeTime', 'time', 'outcome']),
    keyed('log', 'Log', log?.entries ?? [], ['sequence', 'event', 'operation', 'time', 'address', 'size', 'align', 'cache', 'site']),
  ];
}

function recordedTables({ moments, growths, leaks }: Records): Table[] {
  const grown = growths.map((growth) => ({ ...growth, during: growth.during ?? null }));
  const groups = leaks?.groups ?? [];
  return [
    keyed('samples', 'Samples over time', moments, ['time', 'pages', 'memoryBytes', 'liveBytes', 'heldBytes', 'difference']),
    keyed('growths', 'Growth of memory', grown, ['time', 'fromPages', 'toPages', 'calls', 'foreignCalls', 'liveBefore', 'liveAfter', 'during']),
    and(keyed('leaks', 'Leaks', groups, ['what', 'size', 'cycle', 'count', 'bytes', 'held', 'heldBytes', 'certainty']), groups, {
      objectCache: (group) => group.objectCache ?? null, site: (group) => group.site ?? null,
      examples: (group) => group.examples.map(({ address }) => `0x${address.toString(16)}`).join(' '),
    }),
  ];
}
