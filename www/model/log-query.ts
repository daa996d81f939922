/** Which entries of the logs to list, out of what was typed. Pure; relies on the records and the formats. */
import type { LogQuery } from './diagnosis.ts';
import { parseAddress } from './format.ts';
import type { LogEntry, LogFilter } from './records.ts';

export const LOGS = ['transactions', 'contents', 'failures', 'slabs'] as const;

/** In a query, in the place of a cache: what no cache has. No cache has that name. */
export const FRONT_END = '\n';

export type LogField = 'address' | 'site' | 'from' | 'to';

/** A filter for the engine, or what is wrong with what was typed, and where. */
export function parsedLog(query: LogQuery): { filter: LogFilter } | { mistake: string; field: LogField } {
  const filter: LogFilter = { limit: query.limit };
  if (query.logs.length > 0 && query.logs.length < LOGS.length) filter.logs = [...query.logs];
  if (query.event !== '') filter.events = [query.event];
  if (query.cache !== '') filter.cache = query.cache === FRONT_END ? '' : query.cache;
  if (query.address.trim() !== '') {
    const address = parseAddress(query.address);
    if (address === undefined) return { mistake: `“${query.address.trim()}” is no address. Write it as 0x1a000 or 106,496.`, field: 'address' };
    filter.address = address;
  }
  for (const field of ['site', 'from', 'to'] as const) {
    const text = query[field].trim().replace(/[,_\s#]/g, '');
    if (text === '') continue;
    if (!/^\d{1,15}$/.test(text)) return { mistake: `“${query[field].trim()}” is no number${field === 'site' ? ' of a site' : ' of an operation'}.`, field };
    filter[field] = Number(text);
  }
  if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) return { mistake: 'No operation is both from the first number on and before the second.', field: 'to' };
  return { filter };
}

/** The site that asked for what the newest entries are of, if it is in them. */
export function askedBy(entries: readonly LogEntry[]): number {
  return entries.find(({ event, site }) => event === 'alloc' && site !== 0)?.site ?? 0;
}
