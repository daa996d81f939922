/** Reports of searches for leaks that are made up: something of every kind. For tests and first drawings only. */
import type { LeakGroup, LeakReport } from '../model/records.ts';

const at = (first: number, count: number, step: number): LeakGroup['examples'] =>
  Array.from({ length: count }, (_, index) => ({ address: first + index * step, heldBytes: index % 2 === 0 ? 0 : 1_290, words: [0, 1, 0x61626364, 0xf000_0000 + index] }));

export const LISTS: LeakGroup = {
  what: 'objects of 24 B', class: 2, size: 24, cycle: false, count: 214, bytes: 5_136, held: 1_470, heldBytes: 41_160, examples: at(0x12_3408, 8, 24), certainty: 'leak',
};
export const CYCLES: LeakGroup = {
  what: 'objects of 64 B', class: 7, size: 64, site: 5, cycle: true, count: 9, bytes: 576, held: 27, heldBytes: 1_152, examples: at(0x20_0040, 8, 64), certainty: 'leak',
};
export const TILE: LeakGroup = {
  what: 'tiles, objects of 16 KiB', class: 73, objectCache: 'tiles', size: 16_384, cycle: false, count: 1, bytes: 16_384, held: 0, heldBytes: 0, examples: at(0x40_0000, 1, 0), certainty: 'leak',
};
export const IMAGE: LeakGroup = {
  what: 'segments of 1.25 MiB', size: 1_310_720, cycle: false, count: 1, bytes: 1_310_720, held: 0, heldBytes: 0, examples: at(0x80_0000, 1, 0), certainty: 'leak',
};

const groups = [IMAGE, LISTS, TILE, CYCLES];

/** Of a program that says what JavaScript holds. */
export const KNOWN: LeakReport = {
  certainty: 'leak', damaged: false, liveObjects: 98_765, liveBytes: 41_000_000, lostObjects: 1_722, lostBytes: 1_375_128, leaks: 225, groups, groupsLeft: 0,
  sentence: 'Nothing leads to 1722 of 98765 objects: 1.31 MiB of 39.1 MiB.',
};

/** Of one that does not, and is damaged. */
export const UNKNOWN: LeakReport = {
  ...KNOWN, certainty: 'js', damaged: true, groups: groups.map((group) => ({ ...group, certainty: 'js' })), groupsLeft: 12,
  sentence: 'Nothing leads to 1722 of 98765 objects: 1.31 MiB of 39.1 MiB. JavaScript may hold some of them: what it holds is not known.',
};

/** Of one without leaks. */
export const NONE: LeakReport = {
  ...KNOWN, lostObjects: 0, lostBytes: 0, leaks: 0, groups: [], sentence: 'Everything that is allocated is in reach: 98765 objects, 39.1 MiB.',
};
