/** The reading with the most live bytes of those that were taken. Pure; relies on the records. */
import type { AuditReport, Sample } from './records.ts';

/** What the engine said at one moment, of the heap and of who asked for memory. */
export interface Reading {
  sample: Pick<Sample, 'summary' | 'caches' | 'objectCaches' | 'budgets' | 'refusal' | 'arenas'>;
  /** Null where the module was built without diagnosis. */
  audit: AuditReport | null;
}

/** The higher one of two; of equals the earlier. */
export function higher(before: Reading | undefined, now: Reading): Reading {
  return before === undefined || now.sample.summary.liveBytes > before.sample.summary.liveBytes ? now : before;
}
