/**
 * Who held memory when most of it was held, since the recording began or since a mark. Keeps the figures of one sample, nothing of objects.
 * Pure; relies on the records.
 */
import type { CacheRow, ObjectCacheRow, SiteRow } from './records.ts';

export interface Peak {
  /** Seconds since the recording began. */
  time: number;
  pages: number;
  liveBytes: number;
  liveObjects: number;
  /** Requests and releases of the heap until then. */
  operations: number;
  caches: readonly CacheRow[];
  objectCaches: readonly ObjectCacheRow[];
  /** As they were last read before. */
  sites: readonly SiteRow[];
}

export interface Holder {
  name: string;
  bytes: number;
  count: number;
}

export class PeakWatch {
  /** The sample with the most live bytes so far. */
  peak: Peak | undefined;
  /** Since when, in seconds; 0 for the beginning. */
  since = 0;

  note(sample: Peak): void {
    if (this.peak === undefined || sample.liveBytes > this.peak.liveBytes) this.peak = sample;
  }

  /** From now on only later samples count. */
  mark(time: number): void {
    this.peak = undefined;
    this.since = time;
  }
}
