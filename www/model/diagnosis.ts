/**
 * What the whole page says of diagnosis: what is asked for and in which order, ages, and how many faults are new. Pure; relies on the
 * records and the formats. What the views say is in files of their own, which are loaded with them.
 */
import { count, duration } from './format.ts';
import type { AuditReport, LogEntry, LogList, SiteRow } from './records.ts';

/** What is known of diagnosis: nothing yet, nothing because the module was built without it, or that it cannot be read. */
export type Audit = { report: AuditReport } | { report: null } | { sentence: string } | undefined;

export type SiteKey = 'name' | 'tags' | 'liveBytes' | 'liveCount' | 'bytes' | 'count' | 'samples' | 'oldest';

export interface SiteOrder {
  key: SiteKey;
  descending: boolean;
}

/** What lifetimes are sorted by. */
export type LifeKey = 'name' | 'back' | 'held' | 'median' | 'temporaryBytes' | 'share';

export interface LifeOrder {
  key: LifeKey;
  descending: boolean;
}

/** What a flame graph is wide by. */
export type Measure = 'liveBytes' | 'liveCount' | 'bytes' | 'count';
export type Grouping = 'stack' | 'tag';

export interface FlameChoice {
  measure: Measure;
  by: Grouping;
  /** The bar that was zoomed to, by its key; empty for all. */
  focus: string;
}

/** What the filter bar of the log says, as it was typed. */
export interface LogQuery {
  /** Logs that are listed; none means all. */
  logs: readonly string[];
  /** One event, or nothing for any. */
  event: string;
  address: string;
  site: string;
  cache: string;
  from: string;
  to: string;
  limit: number;
}

export const WHOLE_LOG: LogQuery = { logs: [], event: '', address: '', site: '', cache: '', from: '', to: '', limit: 500 };

/** What a query came to. */
export type LogPage = { list: LogList } | { sentence: string };

/** What happened at an address. */
export interface Past {
  address: number;
  entries: readonly LogEntry[];
}

/** What became of a text that was left in the memory, as far as the page knows by itself. */
export interface Sent {
  text: string;
  /** Why it could not be left there; nothing where it could. */
  sentence: string;
}

export function reportOf(audit: Audit): AuditReport | undefined {
  return audit !== undefined && 'report' in audit ? audit.report ?? undefined : undefined;
}

/** Numbers of operations and times are the low 32 bits of what is counted. */
const WRAP = 2 ** 32;

/** How long before the newest record something was: in time where a clock is known, else in operations. */
export function ago(report: Pick<AuditReport, 'operations' | 'time'>, then: { operation: number; time: number }): string {
  const operations = since(report.operations, then.operation);
  if (report.time === 0 || then.time === 0) return `${count(operations)} ops`;
  return duration(since(report.time, then.time));
}

/** From one low word to a later one; what is newer than the report counts as now. */
export function since(now: number, then: number): number {
  const difference = (((now - then) % WRAP) + WRAP) % WRAP;
  return difference > WRAP / 2 ? 0 : difference;
}

/** The site of that number, if it is on record. */
export function siteOf(report: AuditReport | undefined, id: number): SiteRow | undefined {
  return id === 0 ? undefined : report?.sites.find((site) => site.id === id);
}
