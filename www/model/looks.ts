/**
 * What earlier looks at a heap saw, so that the verdict can tell what grew and how high the peak was. An image does not say what was.
 * Pure; relies on the records alone.
 */
import type { ArenaRow, CacheRow, Earlier, ObjectCacheRow, Sample } from './records.ts';

/** Seconds between looks that are kept, and how far back one may lie to be compared with: what grew for two minutes is no passing peak. */
export const APART = 5;
export const BACK = 120;

interface Look {
  time: number;
  liveBytes: number;
  caches: Readonly<Record<string, number>>;
}

export class Looks {
  readonly #kept: Look[] = [];
  #peak: { time: number; liveBytes: number } | undefined;

  /** Notes what a sample says, `time` seconds after the first one. */
  push(time: number, { summary, caches, objectCaches, arenas }: Pick<Sample, 'summary' | 'caches' | 'objectCaches' | 'arenas'>): void {
    const { liveBytes } = summary;
    if (this.#peak === undefined || liveBytes >= this.#peak.liveBytes) this.#peak = { time, liveBytes };
    const last = this.#kept.at(-1);
    if (last !== undefined && time - last.time < APART) return;
    this.#kept.push({ time, liveBytes, caches: holders(caches, objectCaches, arenas) });
    while (this.#kept.length > 1 && time - (this.#kept[0]?.time ?? 0) > BACK) this.#kept.shift();
  }

  /** What the oldest look that counts saw; undefined as long as there is none but the newest. */
  earlier(time: number): Earlier | undefined {
    const [first] = this.#kept;
    if (first === undefined || time - first.time < APART) return undefined;
    const peak = this.#peak === undefined ? undefined : { liveBytes: this.#peak.liveBytes, seconds: time - this.#peak.time };
    return { seconds: time - first.time, liveBytes: first.liveBytes, peak, caches: first.caches };
  }
}

/** Bytes that objects of each cache hold, by the names that verdicts use. */
function holders(caches: readonly CacheRow[], objectCaches: readonly ObjectCacheRow[], arenas: readonly ArenaRow[]): Record<string, number> {
  const found: Record<string, number> = {};
  const add = (name: string, bytes: number): void => {
    if (bytes > 0) found[name] = (found[name] ?? 0) + bytes;
  };
  for (const row of caches) if (row.slabBytes > 0) add(row.name, row.liveBytes);
  for (const row of objectCaches) add(row.name, row.liveBytes);
  add('large segments', arenas[0]?.heap?.largeLiveBytes ?? 0);
  return found;
}
