/**
 * What the map showed before: one map every two seconds while somebody looks, each folded to a few cells of one byte.
 * Pure; relies on the records alone.
 *
 * A cell is `owner << 5 | live`, the live share in 31 steps. 240 maps of 16,384 cells are 3.75 MiB, and there are never more: what is
 * older than the newest 60 is thinned out where it lies closest together in time, so that all of the time stays covered, and the first map stays.
 */
import type { HeapMap } from './records.ts';

/** Seconds between two maps. */
export const EVERY = 2;
export const CAPACITY = 240;
/** The newest ones, which are never thinned out. */
export const DENSE = 60;
/** Cells of a map that is kept, at most. */
export const CELLS = 16_384;

const OWNERS = 8;
const STEPS = 31;

/** What the drawing of a map by owner needs of it. */
export type Cells = Pick<HeapMap, 'granule' | 'cells' | 'owner' | 'live'>;

export interface PastMap {
  /** Seconds since the recording began. */
  time: number;
  pages: number;
  granule: number;
  cells: Uint8Array;
}

export class MapHistory {
  readonly #kept: PastMap[] = [];

  /** Oldest first. */
  get all(): readonly PastMap[] {
    return this.#kept;
  }

  /** Keeps a map unless the last one is of just now. */
  note(time: number, pages: number, map: Cells): void {
    const kept = this.#kept;
    const last = kept.at(-1);
    if (last !== undefined && time - last.time < EVERY) return;
    kept.push({ time, pages, ...packed(map) });
    if (kept.length > CAPACITY) kept.splice(this.#closest(), 1);
  }

  /** The maps of a part of the time, or all. */
  within(range: readonly [number, number] | undefined): readonly PastMap[] {
    return range === undefined ? this.#kept : this.#kept.filter(({ time }) => time >= range[0] && time <= range[1]);
  }

  /** The older map, but the first, whose neighbours are closest to each other. */
  #closest(): number {
    const gap = (index: number): number => (this.#kept[index + 1]?.time ?? 0) - (this.#kept[index - 1]?.time ?? 0);
    let best = 1;
    for (let index = 2; index < this.#kept.length - DENSE; index += 1) if (gap(index) < gap(best)) best = index;
    return best;
  }
}

/** Folds `factor` cells into one: of the owner that most of them have, the first of several, and of their mean live share. */
export function folded(map: Cells, factor: number): Cells {
  if (factor <= 1) return map;
  const cells = Math.ceil(map.cells / factor);
  const owner = new Uint8Array(cells);
  const live = new Uint8Array(cells);
  const counts = new Uint32Array(OWNERS);
  for (let cell = 0; cell < cells; cell += 1) {
    counts.fill(0);
    const start = cell * factor;
    const end = Math.min(map.cells, start + factor);
    let main = map.owner[start] ?? 0;
    let sum = 0;
    for (let index = start; index < end; index += 1) {
      const code = map.owner[index] ?? 0;
      counts[code] = (counts[code] ?? 0) + 1;
      sum += map.live[index] ?? 0;
    }
    for (let index = start; index < end; index += 1) {
      const code = map.owner[index] ?? 0;
      if ((counts[code] ?? 0) > (counts[main] ?? 0)) main = code;
    }
    owner[cell] = main;
    // One live byte is not none.
    live[cell] = Math.ceil(sum / (end - start));
  }
  return { granule: map.granule * factor, cells, owner, live };
}

/** A byte for each cell, folded until there are few enough. */
export function packed(map: Cells): Pick<PastMap, 'granule' | 'cells'> {
  let factor = 1;
  while (Math.ceil(map.cells / factor) > CELLS) factor *= 2;
  const { granule, owner, live } = folded(map, factor);
  return { granule, cells: owner.map((code, cell) => (code << 5) | Math.ceil(((live[cell] ?? 0) / 255) * STEPS)) };
}

/** What a past map shows in cells of `granule` bytes, which is a power of two times its own. */
export function unpacked({ granule: own, cells }: PastMap, granule: number): HeapMap {
  const owner = cells.map((cell) => cell >> 5);
  const live = cells.map((cell) => Math.round(((cell & STEPS) / STEPS) * 255));
  const shown = folded({ granule: own, cells: cells.length, owner, live }, granule / own);
  return { ...shown, cache: new Uint8Array(shown.cells) };
}
