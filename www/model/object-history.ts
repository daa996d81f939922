/**
 * What object caches were like before: when each was first seen, and before and after the last time that objects of it moved.
 * Relies on the records only.
 */
import type { ObjectCacheRow } from './records.ts';

/** All caches at one time, in seconds since the recording began. */
export interface Moment {
  time: number;
  rows: readonly ObjectCacheRow[];
}

/** One cache at one time. */
export interface Seen {
  time: number;
  row: ObjectCacheRow;
}

/** Objects moved between two samples, or between several that follow one another. */
export interface Consolidation {
  before: Seen;
  after: Seen;
  /** What the program was doing, where somebody told. */
  during: string | undefined;
}

/** Whether objects moved, or slabs were emptied so, between two samples. */
function moved(before: ObjectCacheRow, now: ObjectCacheRow): boolean {
  return now.moveYes !== before.moveYes || now.moveDontNeed !== before.moveDontNeed || now.moveSlabsFreed !== before.moveSlabsFreed;
}

export class ObjectHistory {
  readonly #first = new Map<number, Seen>();
  readonly #consolidations = new Map<number, Consolidation>();
  #last: Moment | undefined;

  /** The newest sample. */
  get last(): Moment | undefined {
    return this.#last;
  }

  push(time: number, rows: readonly ObjectCacheRow[], during?: string): void {
    const before = this.#last;
    this.#last = { time, rows };
    const numbers = new Set(rows.map(({ number }) => number));
    const rowsBefore = new Map(before?.rows.map((row) => [row.number, row]));
    for (const map of [this.#first, this.#consolidations]) {
      for (const number of map.keys()) if (!numbers.has(number)) map.delete(number);
    }
    for (const row of rows) {
      if (!this.#first.has(row.number)) this.#first.set(row.number, { time, row });
      const then = rowsBefore.get(row.number);
      if (before === undefined || then === undefined || !moved(then, row)) continue;
      const after = { time, row };
      const going = this.#consolidations.get(row.number);
      // A consolidation that goes on is one, with what was before its first move.
      if (going?.after.row === then) this.#consolidations.set(row.number, { before: going.before, after, during: during ?? going.during });
      else this.#consolidations.set(row.number, { before: { time: before.time, row: then }, after, during });
    }
  }

  /** When a cache was first seen, and how it was then. */
  first(number: number): Seen | undefined {
    return this.#first.get(number);
  }

  /** The last time that objects of a cache moved. */
  consolidation(number: number): Consolidation | undefined {
    return this.#consolidations.get(number);
  }
}
