/**
 * What a person may mean who types into the search box: an address, a size class, an object cache, a call site, a tag, an arena, a view.
 * Pure; relies on the records and on the formats.
 */
import { address, bytes, parseAddress, plural } from './format.ts';
import type { ArenaRow, AuditReport, CacheRow, ObjectCacheRow, TagRow } from './records.ts';

/** Where it can be looked for. */
export interface Known {
  caches: readonly CacheRow[];
  objectCaches: readonly ObjectCacheRow[];
  arenas: readonly ArenaRow[];
  report: AuditReport | undefined;
  memoryBytes: number;
  /** Views and what they are called. */
  views: readonly { id: string; name: string }[];
}

export type Match = { label: string; note: string } & (
  | { kind: 'address'; address: number }
  | { kind: 'cache'; name: string }
  | { kind: 'object'; number: number }
  | { kind: 'arena'; id: number }
  | { kind: 'site'; site: number }
  | { kind: 'tag'; name: string }
  | { kind: 'view'; id: string }
);

/** So many are offered. */
export const OFFERED = 12;

/** What fits a text, the best first. */
export function search(text: string, known: Known): Match[] {
  const word = text.trim().toLowerCase();
  if (word === '') return [];
  const at = parseAddress(word);
  const found: Match[] = [];
  if (at !== undefined && /^0x|h$/.test(word)) found.push(placed(at, known));
  const fits = (name: string): boolean => name.toLowerCase().includes(word);
  for (const { number, name, aliases, liveBytes } of known.objectCaches) {
    const alias = aliases.find(fits);
    if (fits(name) || alias !== undefined) found.push({ kind: 'object', number, label: alias ?? name, note: `object cache, ${bytes(liveBytes)} live` });
  }
  for (const { name, size, liveBytes, live } of known.caches) {
    if (live > 0 && (fits(name) || word === String(size))) found.push({ kind: 'cache', name, label: name, note: `size class, ${bytes(liveBytes)} live` });
  }
  for (const { name, id } of known.arenas) if (fits(name)) found.push({ kind: 'arena', id, label: name, note: 'arena' });
  found.push(...sites(word, known.report));
  for (const { id, name } of known.views) if (fits(name)) found.push({ kind: 'view', id, label: name, note: 'view' });
  if (at !== undefined && !/^0x|h$/.test(word)) found.push(placed(at, known));
  return found.slice(0, OFFERED);
}

function placed(at: number, { memoryBytes }: Known): Match {
  return { kind: 'address', address: at, label: address(at), note: at < memoryBytes ? 'address' : `address, outside of the ${bytes(memoryBytes)}` };
}

/** Sites by number (`site 7` or `7`), and by their tags. */
function sites(word: string, report: AuditReport | undefined): Match[] {
  if (report === undefined) return [];
  const number = /^(?:site\s*)?([0-9]{1,9})$/.exec(word)?.[1];
  const found: Match[] = report.sites.filter(({ id }) => String(id) === number)
    .map(({ id, liveBytes }) => ({ kind: 'site', site: id, label: `site ${id}`, note: `call site, ${bytes(liveBytes)} live` }));
  const tagged = (tag: TagRow): boolean => tag.name.toLowerCase().includes(word);
  for (const tag of report.tags.filter(tagged)) found.push({ kind: 'tag', name: tag.name, label: tag.name, note: `tag, entered ${plural(tag.entries, 'time')}` });
  return found;
}
