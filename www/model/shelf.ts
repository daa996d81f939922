/**
 * What is known and chosen of snapshots; a part of the state, without what is worked out from it. Relies on the records.
 */
import type { ObjectList, SnapshotDiff, SnapshotFigures } from './records.ts';

/** What changes are told by. */
export type By = 'caches' | 'arenas' | 'sites' | 'tags';
/** What became of an object. */
export type Fate = 'new' | 'freed' | 'surviving';

/** What may take snapshots by itself. */
export interface Auto {
  /** Minutes between two; 0 for never. */
  minutes: number;
  /** Bytes by which live memory grows from one to the next; 0 for never. */
  growth: number;
}

/** A snapshot that is kept. */
export interface Entry {
  id: number;
  name: string;
  /** Seconds since the recording began; undefined of one out of a file. */
  time: number | undefined;
  why: 'asked' | 'time' | 'growth' | 'file';
  figures: SnapshotFigures;
}

export type ChangeKey = 'name' | 'newBytes' | 'newCount' | 'freedBytes' | 'freedCount' | 'survivingBytes' | 'survivingCount' | 'growth' | 'allocated';

export interface ChangeOrder {
  key: ChangeKey;
  descending: boolean;
}

/** Everything that is known and chosen of snapshots. */
export interface Shelf {
  entries: readonly Entry[];
  auto: Auto;
  /** Ids of the earlier and the later one that are compared. */
  pair: readonly [number, number] | undefined;
  diff: SnapshotDiff | undefined;
  by: By;
  order: ChangeOrder;
  filter: string;
  /** Which objects are listed: new ones, of which only those that are held now where `held` says so. */
  fate: Fate;
  held: boolean;
  cache: string | undefined;
  site: number | undefined;
  longest: boolean;
  offset: number;
  objects: ObjectList | undefined;
  /** Why the last wish came to nothing; empty where it did not. */
  trouble: string;
}

/** What a person can choose of it. */
export type Choice = Partial<Pick<Shelf, 'pair' | 'by' | 'order' | 'filter' | 'fate' | 'held' | 'cache' | 'site' | 'longest' | 'offset'>>;

export type SnapshotWish =
  | { kind: 'take'; name?: string }
  | { kind: 'rename'; id: number; name: string }
  | { kind: 'forget'; id: number }
  | { kind: 'save'; id: number }
  | { kind: 'open'; file: Blob & { readonly name: string } }
  | { kind: 'auto'; auto: Auto }
  | { kind: 'choose'; choice: Choice }
  | { kind: 'mark-peak' };

export const EMPTY: Shelf = {
  entries: [], auto: { minutes: 0, growth: 0 }, pair: undefined, diff: undefined, by: 'caches', order: { key: 'growth', descending: true }, filter: '',
  fate: 'new', held: false, cache: undefined, site: undefined, longest: false, offset: 0, objects: undefined, trouble: '',
};
