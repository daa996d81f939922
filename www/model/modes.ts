/**
 * Modes of diagnosis: what each does, what a person may choose, and the text by which it is asked for. Pure; relies on the records and the
 * formats. The words are those of `crate/audit/mode.rs`.
 */
import { bytes, count, plural } from './format.ts';
import type { AuditReport, InjectionRow } from './records.ts';

export interface ModeWords {
  word: string;
  does: string;
  finds: string;
}

export const MODES: readonly ModeWords[] = [
  { word: 'off', does: 'Nothing is checked. Requests are as fast as they can be.', finds: 'Nothing.' },
  { word: 'lite', does: 'Each free is checked against the slab; free objects begin with a pattern. No byte more for an object.', finds: 'Objects given back twice, to the wrong cache, by a wrong address; some writes after that.' },
  { word: 'redzone', does: 'Each object has bytes with a pattern before it and behind it.', finds: 'Writes past the end and before the beginning, wrong sizes and alignments, by the byte.' },
  { word: 'poison', does: 'Fresh and freed memory has a pattern. What is freed waits for a while before it is used again.', finds: 'Writes after an object was given back, and what is read there is recognised.' },
  { word: 'guard', does: 'As redzone and poison, with at least a whole quantum of pattern behind each object.', finds: 'Longer overruns, too.' },
  { word: 'audit', does: 'Each call is an entry in the log of transactions.', finds: 'What happened to an object before.' },
  { word: 'contents', does: 'The first 256 bytes of an object are logged when it is given back.', finds: 'What was in it.' },
  { word: 'sites', does: 'The call site of each request is recorded, not only of samples.', finds: 'Who did it.' },
  { word: 'all', does: 'audit, poison, redzone, contents and sites together. Much slower, and each object takes a segment of its own.', finds: 'All of the above.' },
];

/** What a mode does, word by word; `redzone+poison` has two. */
export function modeWords(mode: string): ModeWords[] {
  return mode.split('+').flatMap((word) => MODES.find((known) => known.word === word) ?? []);
}

/** Modes in the lists, and the one in force if it is another. */
export function modeChoices(now: string): string[] {
  const usual = ['off', 'lite', 'redzone', 'redzone+poison', 'all'];
  return usual.includes(now) || now === '' ? usual : [...usual, now];
}

export const RATES = [{ bytes: 0, word: 'off' }, { bytes: 524_288, word: '512k' }, { bytes: 65_536, word: '64k' }, { bytes: 4096, word: '4k' }] as const;

export const POLICIES: readonly { word: string; does: string }[] = [
  { word: 'trap', does: 'Stop the program where it stands.' },
  { word: 'continue', does: 'Go on without the object: it is never given out again.' },
];

/** What a person changed and did not send yet. */
export interface Draft {
  mode?: string;
  sampling?: string;
  policy?: string;
  caches: ReadonlyMap<string, string>;
}

export const NO_CHANGE: Draft = { caches: new Map() };

/** The text that asks for it: `audit=lite;cache:nodes=all;sample=512k`; empty where nothing is to change. */
export function draftText(draft: Draft): string {
  const parts = [...draft.caches].map(([name, mode]) => `cache:${name}=${mode}`);
  if (draft.mode !== undefined) parts.unshift(`audit=${draft.mode}`);
  if (draft.sampling !== undefined) parts.push(`sample=${draft.sampling}`);
  if (draft.policy !== undefined) parts.push(`policy=${draft.policy}`);
  return parts.join(';');
}

/** `every 512 KiB`, `off` */
export function samplingWords(every: number): string {
  return every === 0 ? 'off' : `every ${bytes(every)}`;
}

export function quarantineWords(report: Pick<AuditReport, 'quarantinedObjects' | 'quarantinedBytes' | 'quarantineLimitBytes' | 'quarantineAge'>): string {
  const age = report.quarantineAge === 0 ? '' : `, at most ${plural(report.quarantineAge, 'operation')} each`;
  return `${plural(report.quarantinedObjects, 'object')}, ${bytes(report.quarantinedBytes)} of ${bytes(report.quarantineLimitBytes)}${age}`;
}

export function injectionWords(row: InjectionRow | null): string {
  if (row === null) return 'off';
  const which = [row.oneIn === 0 ? '' : `one in ${count(row.oneIn)}`, row.nth === 0 ? '' : `number ${count(row.nth)}`].filter((word) => word !== '').join(' and ');
  const left = row.times === 0 ? '' : `, ${plural(row.times, 'more time')}`;
  return `${which === '' ? 'on' : which}${left}; ${count(row.failed)} of ${plural(row.looked, 'request')} failed so far`;
}

/** What became of the last text. */
export function commandWords(command: AuditReport['command']): string {
  switch (command) {
    case 'waiting': return 'Waiting: the module takes it at its next call that is not on the fast path, or at its next tick.';
    case 'done': return 'Done: the module has taken it.';
    case 'refused': return 'Refused: the module did not understand it, or cannot do that.';
    case 'none': return '';
  }
}
