/** Object caches and budgets that are made up: rows as the engine makes them, out of how many places of each slab are taken. For tests and first drawings only. */
import type { Objects } from '../model/objects.ts';
import type { BudgetRow, ObjectCacheRow } from '../model/records.ts';

/** A cache as a test writes it down. */
export interface FakeCache {
  number: number;
  name: string;
  size: number;
  objectsPerSlab: number;
  /** Objects out of each slab. */
  taken: readonly number[];
  /** Of these, how many lie in the depot and in the two magazines. */
  depot?: number;
  loaded?: number;
  /** What differs from the rest. */
  more?: Partial<ObjectCacheRow>;
}

const MAGAZINE = 15;

export function objectCacheRow({ number, name, size, objectsPerSlab, taken, depot = 0, loaded = 0, more = {} }: FakeCache): ObjectCacheRow {
  const stride = Math.ceil(size / 8) * 8;
  const slabBytes = Math.ceil((stride * objectsPerSlab) / 1024) * 1024;
  const slabs = taken.length;
  const total = slabs * objectsPerSlab;
  const out = taken.reduce((sum, objects) => sum + objects, 0);
  const cached = depot + loaded;
  const live = out - cached;
  const slabsOf = (fits: (objects: number) => boolean): number => taken.filter(fits).length;
  const fill = Array.from({ length: 8 }, (_, step) => slabsOf((objects) => Math.max(0, Math.ceil((8 * objects) / objectsPerSlab) - 1) === step));
  const reclaimableSlabs = slabs - Math.ceil(out / objectsPerSlab);
  const fragmentation = total === 0 ? 0 : (total - out) / total;
  return {
    id: 0x20_000 + number * 512, number, class: 31 + number, name, aliases: [], zone: false, constructed: false, movable: false, orphan: false, shared: false, budget: null,
    size, align: 8, stride, slabBytes, objectsPerSlab, limit: 0, keep: 0, reserve: 0, allocations: 10 * out + 7, frees: 10 * out + 7 - live, failures: 0, constructorFailures: 0,
    limitFailures: 0, live, liveBytes: live * stride, cachedLoaded: loaded, cachedDepot: depot, cached, freeInSlabs: total - out, total, totalMax: total + objectsPerSlab, slabs,
    emptySlabs: slabsOf((objects) => objects === 0), partialSlabs: slabsOf((objects) => objects > 0 && objects < objectsPerSlab), fullSlabs: slabsOf((objects) => objects === objectsPerSlab),
    stuckSlabs: 0, deadSlabs: 0, slabCreates: slabs + 3, slabDestroys: 3, slabAllocations: out + 5, slabFrees: 5, depotAllocations: 4, depotFrees: 4 + Math.floor(depot / MAGAZINE),
    constructs: 0, destructs: 0, magazineRounds: MAGAZINE, fullMagazines: Math.floor(depot / MAGAZINE), emptyMagazines: 1, idleMagazines: 0,
    overheadBytes: slabs * (slabBytes - objectsPerSlab * size), memoryBytes: slabs * slabBytes, reaps: 0, reclaims: 0, moveCallbacks: 0, moveYes: 0, moveNo: 0, moveLater: 0,
    moveDontNeed: 0, moveDontKnow: 0, moveHuntFound: 0, moveScans: 0, defrags: 0, moveSlabsFreed: 0, reclaimableSlabs, reclaimableBytes: reclaimableSlabs * slabBytes,
    fragmentation, fragmented: fragmentation > 1 / 8, fill, ...more,
  };
}

/** So many slabs, with objects in them by turns. */
function spread(slabs: number, ...objects: number[]): number[] {
  return Array.from({ length: slabs }, (_, index) => objects[index % objects.length] ?? 0);
}

const paragraphs: FakeCache = { number: 1, name: 'paragraphs', size: 120, objectsPerSlab: 34, taken: spread(160, 1, 3, 9, 2, 5, 34, 17, 4), depot: 30, loaded: 11 };
const MOVABLE = { movable: true, budget: 'documents' } as const;

/** A movable cache full of holes, and the same one after its objects moved together. */
export const SPARSE = objectCacheRow({ ...paragraphs, more: { ...MOVABLE, moveScans: 12 } });
export const DENSE = objectCacheRow({
  ...paragraphs, taken: [...spread(44, 34), 4],
  more: { ...MOVABLE, moveScans: 12, defrags: 1, moveCallbacks: 1204, moveYes: 1170, moveNo: 2, moveLater: 32, moveSlabsFreed: 115, slabDestroys: 118, stuckSlabs: 1 },
});

export const TOKENS = objectCacheRow({
  number: 2, name: 'tokens', size: 24, objectsPerSlab: 64, taken: [...spread(700, 64), 40], depot: 4500, loaded: 30,
  more: { constructed: true, constructs: 45_000, destructs: 200, idleMagazines: 290, budget: 'documents', failures: 3, constructorFailures: 1, limitFailures: 2, limit: 50_000 },
});
export const VOICES = objectCacheRow({ number: 3, name: 'voices', size: 640, objectsPerSlab: 6, taken: spread(11, 6), loaded: 58, more: { zone: true, limit: 66, magazineRounds: 66, fragmented: false } });
export const PAIRS = objectCacheRow({ number: 5, name: 'pairs', size: 16, objectsPerSlab: 64, taken: [64, 12], loaded: 6, more: { shared: true, aliases: ['edges', 'spans'] } });
export const LEFT = objectCacheRow({ number: 6, name: 'a cache whose name is as long as', size: 2048, objectsPerSlab: 2, taken: [1], more: { orphan: true } });
export const IDLE = objectCacheRow({ number: 9, name: 'undo steps', size: 80, objectsPerSlab: 51, taken: [] });

const BUDGETS: BudgetRow[] = [
  { id: 0x30_000, number: 1, name: 'documents', limit: 2_097_152, used: 1_372_160, peak: 2_093_056, charged: 9_437_184, objects: 12, denials: 2, asks: 5, users: 2, orphan: false },
  { id: 0x30_100, number: 2, name: 'previews', limit: 0, used: 81_920, peak: 655_360, charged: 1_310_720, objects: 0, denials: 0, asks: 0, users: 0, orphan: true },
];

export const OBJECTS: Objects = { objectCaches: [SPARSE, TOKENS, VOICES, PAIRS, LEFT, IDLE], budgets: BUDGETS, refusal: { count: 3, size: 4_194_304, align: 16, flags: 3 } };
/** The same a moment later. */
export const LATER: Objects = { ...OBJECTS, objectCaches: [DENSE, TOKENS, VOICES, PAIRS, LEFT, IDLE] };
