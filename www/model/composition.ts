/**
 * What memory is made of: the parts of a composition in drawing order, and their sum.
 * Pure; relies on the records.
 */
import type { Term } from './glossary.ts';
import type { Composition, Summary } from './records.ts';

export interface Part {
  key: keyof Composition;
  label: string;
  term: Term;
  /** The custom property that holds the part's colour. */
  colour: string;
}

/** In drawing order: what the program holds, what the heap keeps ready, what it costs, and the rest of memory. */
export const PARTS: readonly Part[] = [
  { key: 'live', label: 'Live', term: 'live', colour: '--part-live' },
  { key: 'magazines', label: 'In magazines', term: 'magazine', colour: '--part-magazines' },
  { key: 'slabFree', label: 'Free in slabs', term: 'slabFree', colour: '--part-slab-free' },
  { key: 'slabOverhead', label: 'Slab overhead', term: 'slabOverhead', colour: '--part-slab-overhead' },
  { key: 'metadata', label: 'Metadata', term: 'metadata', colour: '--part-metadata' },
  { key: 'arenaFree', label: 'Free in the arena', term: 'arenaFree', colour: '--part-arena-free' },
  { key: 'staticData', label: 'Static data', term: 'staticData', colour: '--part-static' },
  { key: 'stack', label: 'Stack', term: 'stack', colour: '--part-stack' },
  { key: 'foreign', label: 'Foreign', term: 'foreign', colour: '--part-foreign' },
];

export function total(composition: Composition): number {
  return PARTS.reduce((sum, part) => sum + composition[part.key], 0);
}

/** Bytes by which the parts miss the memory size: 0 unless the engine or the heap is wrong. */
export function difference(summary: Summary): number {
  return total(summary.composition) - summary.memoryBytes;
}

/** Bytes that the heap can hand out again before memory has to grow. */
export function reusable(composition: Composition): number {
  return composition.magazines + composition.slabFree + composition.arenaFree;
}

/** Bytes that the heap holds and are not live: what slabs and records cost. */
export function overhead(composition: Composition): number {
  return composition.slabOverhead + composition.metadata;
}
