/**
 * Call sites as their table shows them: columns, orders, filter, and how far off an estimate may be. Pure; relies on the records, the formats and
 * the names of sites.
 */
import type { SiteKey, SiteOrder } from './diagnosis.ts';
import { bytes, count } from './format.ts';
import type { SiteRow } from './records.ts';
import type { Site } from './site-names.ts';

export interface SiteColumn {
  key: SiteKey;
  label: string;
  says: string;
  unit: 'name' | 'bytes' | 'count' | 'operations';
}

export const SITE_COLUMNS: readonly SiteColumn[] = [
  { key: 'name', label: 'Function', says: 'The innermost function of the program’s own that asked for memory: allocators and collections on the way are left out.', unit: 'name' },
  { key: 'tags', label: 'Tags', says: 'Names that the program gave to what it was doing, the outermost first.', unit: 'name' },
  { key: 'liveBytes', label: 'Live bytes', says: 'Bytes that were asked for here and are still held.', unit: 'bytes' },
  { key: 'liveCount', label: 'Live', says: 'Objects that were asked for here and are still held.', unit: 'count' },
  { key: 'bytes', label: 'Total bytes', says: 'Bytes that were asked for here since the recording began, given back or not.', unit: 'bytes' },
  { key: 'count', label: 'Total', says: 'Objects that were asked for here since the recording began, given back or not.', unit: 'count' },
  { key: 'samples', label: 'Samples', says: 'Requests from here that were looked at. The other figures are worked out from them: the more samples, the better the figures.', unit: 'count' },
  { key: 'oldest', label: 'Oldest', says: 'How many operations ago the oldest sample was made that is still held. Old ones that nobody uses are what a leak looks like.', unit: 'operations' },
];

/** Sorted copy; what is equal stays in the order of the numbers. */
export function sitesInOrder(sites: readonly Site[], { key, descending }: SiteOrder): Site[] {
  const sign = descending ? -1 : 1;
  const compare = (a: Site, b: Site): number => key === 'name' || key === 'tags' ? a[key].localeCompare(b[key], 'en', { numeric: true }) : a.row[key] - b.row[key];
  return [...sites].sort((a, b) => sign * compare(a, b) || a.row.id - b.row.id);
}

/** The order that a column begins with. */
export function siteOrderBy(key: SiteKey): SiteOrder {
  return { key, descending: key !== 'name' && key !== 'tags' };
}

export function siteOrderTurned(order: SiteOrder, key: SiteKey): SiteOrder {
  return order.key === key ? { key, descending: !order.descending } : siteOrderBy(key);
}

/** Sites that have all words of the text in a tag, a function or a file of their stack, or `#12` as their number. */
export function sitesWith(sites: readonly Site[], text: string): Site[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
  return sites.filter(({ row, tags, lines }) => words.every((word) => word === `#${row.id}` || tags.toLowerCase().includes(word)
    || lines.some(({ name, place }) => name.toLowerCase().includes(word) || place.toLowerCase().includes(word))));
}

/** Whether the figures of a site are counted, not worked out: each sample stands for itself. */
export function isExact({ samples, count: objects }: Pick<SiteRow, 'samples' | 'count'>): boolean {
  return Math.round(objects) <= samples;
}

/** The standard error of what is worked out from so many samples, as a share of it: about 1/√n, and never more than all of it. */
export function relativeError(samples: number): number {
  return samples <= 1 ? 1 : 1 / Math.sqrt(samples);
}

/** `± 12 %`; nothing where there is nothing to be off by. */
export function errorWords(value: number, samples: number, exact: boolean): string {
  if (exact || value === 0) return '';
  const percent = 100 * relativeError(samples);
  return `± ${percent < 1 ? percent.toFixed(1) : String(Math.round(percent))} %`;
}

/** A figure of a site, and how far off it may be. */
export function figureOf(row: SiteRow, { key, unit }: SiteColumn): { words: string; error: string; value: number } {
  if (key === 'name' || key === 'tags') return { words: '', error: '', value: 0 };
  const value = row[key];
  if (key === 'samples') return { words: count(value), error: '', value };
  if (key === 'oldest') return { words: row.liveSamples === 0 ? '–' : operations(value), error: '', value: row.liveSamples === 0 ? 0 : value };
  const live = key === 'liveBytes' || key === 'liveCount';
  const exact = isExact(row);
  const words = unit === 'bytes' ? bytes(Math.round(value)) : count(value);
  return { words: exact || value === 0 ? words : `≈ ${words}`, error: errorWords(value, live ? row.liveSamples : row.samples, exact), value };
}

/** `950 ops`, `12.3 k ops`, `4.56 M ops` */
export function operations(value: number): string {
  if (value < 9_999.5) return `${count(value)} ops`;
  if (value < 999_500) return `${String(Number((value / 1000).toPrecision(3)))} k ops`;
  return `${String(Number((value / 1_000_000).toPrecision(3)))} M ops`;
}
