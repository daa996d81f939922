/** Every counter of an object cache, in groups, each with its unit and what it means in plain words. Relies on the records and the formats. */
import { bytes, count } from './format.ts';
import type { ObjectCacheRow } from './records.ts';

/** What a row counts. */
export type CounterKey = { [Key in keyof ObjectCacheRow]: ObjectCacheRow[Key] extends number ? Key : never }[Exclude<keyof ObjectCacheRow, 'id' | 'number' | 'class' | 'fragmentation'>];

export interface Counter {
  key: CounterKey;
  label: string;
  /** In plain words, with the unit. */
  says: string;
  unit: 'bytes' | 'count';
  /** What 0 stands for, where it is no amount. */
  zero?: string;
  /** More than 0 is bad news. */
  bad?: true;
}

type Line = readonly [key: CounterKey, label: string, says: string, ...more: ('bytes' | 'bad' | { zero: string })[]];

function group(title: string, ...lines: Line[]): { title: string; counters: Counter[] } {
  return {
    title,
    counters: lines.map(([key, label, says, ...more]) => {
      const zero = more.find((word) => typeof word === 'object');
      return { key, label, says, unit: more.includes('bytes') ? 'bytes' : 'count', ...zero, ...(more.includes('bad') ? { bad: true } : {}) };
    }),
  };
}

export const COUNTER_GROUPS: readonly { title: string; counters: readonly Counter[] }[] = [
  group('Objects',
    ['live', 'Live', 'Objects that the program holds now.'],
    ['liveBytes', 'Live bytes', 'Bytes of the objects that the program holds now.', 'bytes'],
    ['total', 'Places', 'Objects that all slabs have room for, taken or free.'],
    ['totalMax', 'Most places', 'The most objects that the slabs ever had room for.'],
    ['allocations', 'Handed out', 'Objects handed out since the cache was made.'],
    ['frees', 'Given back', 'Objects that came back since the cache was made.'],
    ['constructs', 'Constructed', 'Objects that the constructor made. Far fewer than were handed out: it is spared the rest.'],
    ['destructs', 'Destructed', 'Objects that were taken apart before their slab went back.'],
    ['size', 'Object size', 'Bytes of one object.', 'bytes'],
    ['align', 'Alignment', 'Each object begins at a multiple of so many bytes.', 'bytes'],
    ['stride', 'Stride', 'Bytes from one object to the next in a slab.', 'bytes'],
    ['limit', 'Limit', 'The most objects that may be out of slabs at once, those in magazines included.', { zero: 'none' }],
    ['keep', 'Kept', 'Objects for which slabs stay, whatever is asked back.'],
    ['reserve', 'Reserve', 'Objects of the limit that only requests get which may use the reserve.']),
  group('Magazines and depot',
    ['cached', 'Cached', 'Free objects in magazines, ready to be handed out as they are.'],
    ['cachedLoaded', 'At hand', 'Of those, in the two magazines that requests are served from.'],
    ['cachedDepot', 'In the depot', 'Of those, in full magazines in the depot, the store behind the two.'],
    ['magazineRounds', 'Rounds', 'Objects that one magazine holds. It grows with the traffic.', { zero: 'no magazines' }],
    ['fullMagazines', 'Full', 'Full magazines in the depot.'],
    ['emptyMagazines', 'Empty', 'Empty magazines in the depot.'],
    ['idleMagazines', 'Idle', 'Full magazines that the last two ticks did not need: the next reap gives them back.'],
    ['depotAllocations', 'Taken', 'Full magazines taken out of the depot, ever.'],
    ['depotFrees', 'Put', 'Full magazines put into the depot, ever.'],
    ['reaps', 'Reaps', 'Times that the depot gave back what was idle.']),
  group('Slabs',
    ['slabs', 'Slabs', 'Slabs that the cache has now.'],
    ['fullSlabs', 'Full', 'Slabs without a free place.'],
    ['partialSlabs', 'Partly full', 'Slabs with both objects and free places.'],
    ['emptySlabs', 'Empty', 'Slabs without any object: they go back when memory is needed.'],
    ['stuckSlabs', 'Stuck', 'Slabs with an object that refused to move: they are filled up and not emptied.'],
    ['deadSlabs', 'Dead', 'Slabs that became empty during a move and go back at its end.'],
    ['freeInSlabs', 'Free places', 'Free places for objects in slabs.'],
    ['objectsPerSlab', 'Objects of a slab', 'Objects that one slab has room for.'],
    ['slabBytes', 'Bytes of a slab', 'Bytes of one slab.', 'bytes'],
    ['memoryBytes', 'Memory', 'Bytes of all slabs of the cache, dead ones too.', 'bytes'],
    ['overheadBytes', 'Overhead', 'Bytes in the slabs that can be no object: their ends, and what rounding adds.', 'bytes'],
    ['slabAllocations', 'Objects taken', 'Objects taken out of slabs, ever: the magazines had none.'],
    ['slabFrees', 'Objects put', 'Objects put back into slabs, ever.'],
    ['slabCreates', 'Made', 'Slabs made, ever.'],
    ['slabDestroys', 'Given back', 'Slabs that went back to the heap, ever.']),
  group('Moving',
    ['reclaimableSlabs', 'Slabs to win', 'Slabs that would be empty if all objects moved together, whether they can or not.'],
    ['reclaimableBytes', 'Bytes to win', 'Bytes of these slabs.', 'bytes'],
    ['moveCallbacks', 'Asked', 'Times that the owner was asked to move an object.'],
    ['moveYes', 'Yes', 'Answers that the object was moved.'],
    ['moveNo', 'No', 'Answers that the object can never move: its slab is stuck.'],
    ['moveLater', 'Later', 'Answers that the object cannot move now. Too many of them are taken for a no.'],
    ['moveDontNeed', 'Not needed', 'Answers that nobody needs the object any more: it is freed.'],
    ['moveDontKnow', 'Not known', 'Answers that the owner does not know the object.'],
    ['moveHuntFound', 'Found by a hunt', 'Of those, objects that were found free in a magazine.'],
    ['moveScans', 'Scans', 'Looks for slabs that are worth emptying, one each tick.'],
    ['defrags', 'Whole moves', 'Times that all was moved that can be, because memory was short.'],
    ['moveSlabsFreed', 'Slabs emptied', 'Slabs that moves have emptied, ever.']),
  group('Failures',
    ['failures', 'Refused', 'Requests that got no object.', 'bad'],
    ['constructorFailures', 'By the constructor', 'Of those, because the constructor refused.', 'bad'],
    ['limitFailures', 'By the limit', 'Of those, because of the limit. The rest had no memory, or no budget.', 'bad'],
    ['reclaims', 'Owner asked', 'Times that the owner was asked for objects that it can spare.']),
];

/** A counter as it is written. */
export function counted({ unit, zero }: Counter, value: number): string {
  if (value === 0 && zero !== undefined) return zero;
  return unit === 'bytes' ? bytes(value) : count(value);
}
