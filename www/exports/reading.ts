/**
 * What is exported, read from a heap: for the page, and for programs that have an engine and no page. Relies on the interface of the engine
 * only. What diagnosis has on record and cannot be read is as if there was none: what the heap holds is exported all the same.
 */
import type { AuditReport, Heap, LogList, Sample } from '../model/records.ts';
import type { Namer, Reading, Records } from './profile.ts';

/** Entries of the log that are exported: as many as the engine lists at once. */
const ENTRIES = 10_000;

/** What an export needs of a sample. */
export function readingOf({ summary, caches, objectCaches, budgets, refusal, arenas }: Sample, audit: AuditReport | null): Reading {
  return { sample: { summary, caches, objectCaches, budgets, refusal, arenas }, audit };
}

export function auditOf(heap: Pick<Heap, 'audit'>): AuditReport | null {
  try {
    return heap.audit();
  } catch {
    return null;
  }
}

export function logOf(heap: Pick<Heap, 'log'>): LogList | undefined {
  try {
    const log = heap.log({ limit: ENTRIES });
    return log.matching === 0 ? undefined : log;
  } catch {
    return undefined;
  }
}

/** All that a heap says of itself at one moment, without a past. Throws a sentence where it cannot be read. */
export function recordsOfHeap(heap: Pick<Heap, 'sample' | 'audit' | 'log'>, program: string, at: number, name: Namer = () => []): Records {
  return { program, at, name, now: readingOf(heap.sample(), auditOf(heap)), log: logOf(heap), moments: [], growths: [] };
}
