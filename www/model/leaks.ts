/** What the page says of leaks, and of a search for them. Pure; relies on the records and the formats. */
import { address, bytes, count, duration, plural } from './format.ts';
import type { AuditReport, Certainty, LeakGroup, LeakReport } from './records.ts';

/** What a person asked for. */
export interface LeakWish {
  /** What the stack points to counts as held. */
  stack: boolean;
}

/** A search for leaks, or what came of the last one. */
export type LeakSearch =
  | { kind: 'none' }
  | { kind: 'copying' | 'searching'; share: number }
  | { kind: 'failed'; sentence: string }
  | { kind: 'found'; report: LeakReport; took: LeakTimes };

/** Milliseconds: of the search, and of that how long the page stood still at most. */
export interface LeakTimes {
  search: number;
  pause: number;
}

export const NO_SEARCH: LeakSearch = { kind: 'none' };

export function isRunning(search: LeakSearch): search is LeakSearch & { share: number } {
  return search.kind === 'copying' || search.kind === 'searching';
}

/** What a search that runs does now. */
export function stepWords({ kind, share }: LeakSearch & { share: number }): string {
  return `${kind === 'copying' ? 'Copying the memory' : 'Following pointers'}, ${Math.floor(share * 100)} %`;
}

/** Bytes of a group's leaks and of what they hold. */
export function wholeBytes({ bytes: own, heldBytes }: LeakGroup): number {
  return own + heldBytes;
}

/** Why a group is out of reach, in short and in full. */
export function reason({ cycle }: LeakGroup): { label: string; says: string } {
  return cycle
    ? { label: 'a cycle', says: 'Only objects point here that it leads to itself: a cycle that nothing else points to.' }
    : { label: 'no pointer', says: 'No word that was read points into these objects.' };
}

/** What it means to be out of reach. */
export const CERTAINTY: Record<Certainty, { label: string; says: string }> = {
  leak: { label: 'leak', says: 'Nobody can give it back any more: nothing in the memory leads here, nor does an address that JavaScript was said to hold.' },
  js: { label: 'out of reach', says: 'Nothing in the memory leads here. It is a leak, unless JavaScript holds its address: as the wrapper of an exported struct, or in a closure that was handed over.' },
};

/** What an example is beside its address. */
export function exampleWords({ heldBytes, words }: LeakGroup['examples'][number]): string {
  const begins = `Its first words: ${words.map((word) => word.toString(16).padStart(8, '0')).join(' ')}.`;
  return heldBytes === 0 ? begins : `${begins} It alone holds ${bytes(heldBytes)} more.`;
}

/** What a group's leaks hold besides themselves. */
export function heldWords({ held, heldBytes }: LeakGroup): string {
  return held === 0 ? 'nothing' : `${plural(held, 'object')}, ${bytes(heldBytes)}`;
}

/** How long it took. */
export function timeWords({ search, pause }: LeakTimes): string {
  return `The search took ${duration(search)}; for at most ${duration(pause)} of that the page stood still.`;
}

/** How old what a call site still holds is: a leak is mostly the oldest of it. Nothing where it is not on record. */
export function ageWords(report: Pick<AuditReport, 'sites'> | undefined, id: number): string {
  const site = report?.sites.find((site) => site.id === id);
  if (site === undefined || site.liveSamples === 0) return '';
  return `, of which it holds some since ${plural(site.oldest, 'operation')} ago`;
}

/** The report as text, for a note or a bug report. */
export function asText({ sentence, groups }: LeakReport): string {
  const line = (group: LeakGroup): string =>
    `${count(group.count)} × ${group.what} (${bytes(wholeBytes(group))}), ${CERTAINTY[group.certainty].label}, ${reason(group).label}: ${group.examples.map((example) => address(example.address)).join(' ')}`;
  return [sentence, ...groups.map(line)].join('\n');
}
