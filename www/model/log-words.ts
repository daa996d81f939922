/** Logs and their entries in words. Pure; relies on the records and the formats. */
import type { LogQuery } from './diagnosis.ts';
import { count, plural } from './format.ts';
import type { LogList } from './records.ts';

export const EVENTS = ['alloc', 'free', 'realloc', 'contents', 'failure', 'injected', 'slab made', 'slab gone', 'check', 'released'] as const;

/** How many entries are listed at once; each asks for more than the one before. */
export const LIMITS = [500, 2000, 10_000] as const;

export function isWhole(query: LogQuery): boolean {
  return query.logs.length === 0 && [query.event, query.address, query.site, query.cache, query.from, query.to].every((text) => text.trim() === '');
}

/** How many there are and are shown, and what is gone. */
export function listWords({ entries, matching, lost }: LogList): string {
  const shown = entries.length < matching ? `The newest ${count(entries.length)} of ${plural(matching, 'entry', 'entries')}` : plural(matching, 'entry', 'entries');
  return `${shown}. ${lost === 0 ? 'Nothing was overwritten yet' : `${plural(lost, 'older entry was', 'older entries were')} overwritten`}.`;
}

const SAYS: Readonly<Record<string, string>> = {
  alloc: 'Memory was handed out.', free: 'An object was given back.', realloc: 'An object got another size: the one of the old size ended here.', contents: 'What was in an object when it was given back.',
  failure: 'A request that could not be served.', injected: 'A request that was made to fail on purpose.', 'slab made': 'The heap cut a new slab.', 'slab gone': 'A slab went back to the arena.', check: 'All objects were checked.', released: 'An object that was given back left the quarantine: its memory may be used again.',
};

export function eventSays(event: string): string {
  return SAYS[event] ?? event;
}

/** The first bytes as figures and as characters. */
export function contentsWords(contents: Uint8Array, most: number): { hex: string; text: string; more: number } {
  const shown = [...contents.subarray(0, most)];
  return {
    hex: shown.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    text: shown.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.').join(''),
    more: contents.length - shown.length,
  };
}
