/**
 * What was recorded: a ring of samples, the growth of memory between them, and a short trail of live bytes for each size class.
 * Relies on the composition for the sum that every sample keeps and on the table for which class is used. Holds plain numbers; draws nothing.
 */
import { difference } from './composition.ts';
import { MapHistory } from './map-history.ts';
import { ObjectHistory } from './object-history.ts';
import { PeakWatch } from './peak-watch.ts';
import type { CacheRow, Summary } from './records.ts';
import { used } from './table.ts';

/** Four samples a second for ten minutes. */
export const CAPACITY = 2400;
/** Samples in the trail of a size class: what a spark line can show. */
export const TRAIL = 60;
/** Growth events that are kept; the oldest go first. */
const EVENTS = 500;

export interface Sample {
  /** Seconds since the recording began. */
  time: number;
  pages: number;
  memoryBytes: number;
  liveBytes: number;
  heldBytes: number;
  /** Bytes by which the composition missed `memoryBytes`. */
  difference: number;
}

/** Memory grew between two samples. */
export interface Growth {
  time: number;
  fromPages: number;
  toPages: number;
  /** Calls of memory.grow by the heap, and by others, since the sample before. */
  calls: number;
  foreignCalls: number;
  liveBefore: number;
  liveAfter: number;
  /** What the program was doing, where somebody told. */
  during: string | undefined;
}

export class History {
  /** What object caches were like before. */
  readonly objects = new ObjectHistory();
  /** What the map showed, while it was looked at. */
  readonly maps = new MapHistory();
  /** Who held memory when most of it was held. */
  readonly peaks = new PeakWatch();
  readonly #samples: Sample[] = [];
  readonly #growths: Growth[] = [];
  readonly #trails = new Map<number, number[]>();
  readonly #capacity: number;
  #oldest = 0;
  #last: Summary | undefined;
  #recorded = 0;
  #mismatches = 0;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Samples taken so far, also those that the ring has lost. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Samples whose composition did not add up to the memory size. */
  get mismatches(): number {
    return this.#mismatches;
  }

  /** Newest last. */
  get growths(): readonly Growth[] {
    return this.#growths;
  }

  get length(): number {
    return this.#samples.length;
  }

  /** The sample at `index`, 0 being the oldest that is kept. */
  at(index: number): Sample | undefined {
    return index < 0 ? undefined : this.#samples[(this.#oldest + index) % this.#capacity];
  }

  push(time: number, summary: Summary, caches: readonly CacheRow[], during?: string): void {
    const { composition } = summary;
    const sample: Sample = {
      time,
      pages: summary.pages,
      memoryBytes: summary.memoryBytes,
      liveBytes: composition.live,
      heldBytes: composition.live + composition.magazines + composition.slabFree + composition.slabOverhead + composition.metadata,
      difference: difference(summary),
    };
    if (this.#samples.length < this.#capacity) {
      this.#samples.push(sample);
    } else {
      this.#samples[this.#oldest] = sample;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
    this.#recorded += 1;
    if (sample.difference !== 0) this.#mismatches += 1;
    this.#noteGrowth(time, summary, during);
    for (const row of caches) this.#noteTrail(row);
    this.#last = summary;
  }

  /** Live bytes of a size class, oldest first, at most `TRAIL` of them. */
  trail(sizeClass: number): readonly number[] {
    return this.#trails.get(sizeClass) ?? [];
  }

  /** Times, live, held and memory bytes of the samples of the last `seconds`, as columns for a chart. */
  columns(seconds = Infinity): [number[], number[], number[], number[]] {
    const columns: [number[], number[], number[], number[]] = [[], [], [], []];
    const newest = this.at(this.length - 1)?.time ?? 0;
    for (let index = 0; index < this.length; index += 1) {
      const sample = this.at(index);
      if (sample === undefined || newest - sample.time > seconds) continue;
      columns[0].push(sample.time);
      columns[1].push(sample.liveBytes);
      columns[2].push(sample.heldBytes);
      columns[3].push(sample.memoryBytes);
    }
    return columns;
  }

  #noteGrowth(time: number, now: Summary, during: string | undefined): void {
    const before = this.#last;
    if (before === undefined || now.pages <= before.pages) return;
    this.#growths.push({
      time,
      fromPages: before.pages,
      toPages: now.pages,
      calls: now.growths - before.growths,
      foreignCalls: now.foreignGrowths - before.foreignGrowths,
      liveBefore: before.composition.live,
      liveAfter: now.composition.live,
      during,
    });
    if (this.#growths.length > EVENTS) this.#growths.shift();
  }

  #noteTrail(row: CacheRow): void {
    const trail = this.#trails.get(row.class);
    if (trail === undefined) {
      // A class that was never used needs no trail until it is.
      if (used(row)) this.#trails.set(row.class, [row.liveBytes]);
      return;
    }
    trail.push(row.liveBytes);
    if (trail.length > TRAIL) trail.shift();
  }
}
