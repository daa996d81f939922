/** What must hold of a heap, in the words of `--assert`: read, and looked at in a report or a comparison. Pure; relies on the formats. */
import { bytes, count, plural } from '../model/format.ts';
import type { Assertion, Diff, Report } from './types/node.d.ts';

/** A limit, or nothing but a name. */
interface Rule<Told> {
  unit: 'bytes' | 'count' | 'none';
  look(told: Told, limit: number): Omit<Assertion, 'name'>;
}

type ToldReport = Omit<Report, 'ok' | 'assertions'>;
type ToldDiff = Omit<Diff, 'ok' | 'assertions'>;

/** `_` in `what` is the place of the figure. */
const atMost = (what: string, actual: number, limit: number, words: (value: number) => string): Omit<Assertion, 'name'> => ({
  holds: actual <= limit, limit, actual,
  sentence: `${what.replace('_', words(actual))}, which is ${actual <= limit ? 'within' : 'more than'} the limit of ${words(limit)}.`,
});

const REPORT: { readonly [name: string]: Rule<ToldReport> } = {
  'max-pages': { unit: 'count', look: ({ summary }, limit) => atMost('The memory has _', summary.pages, limit, (value) => plural(value, 'page')) },
  'max-memory': { unit: 'bytes', look: ({ summary }, limit) => atMost('The memory has _', summary.memoryBytes, limit, bytes) },
  'max-live': { unit: 'bytes', look: ({ summary }, limit) => atMost('_ are live', summary.liveBytes, limit, bytes) },
  'max-objects': { unit: 'count', look: ({ summary }, limit) => atMost('_ are live', summary.liveObjects, limit, (value) => plural(value, 'object')) },
  'no-leaks': { unit: 'none', look: ({ leaks }) => noLeaks(leaks) },
  ok: { unit: 'none', look: ({ check }) => ({ holds: check.ok, limit: 0, actual: check.problems.length, sentence: check.ok ? 'The heap is whole.' : `The check found ${plural(check.problems.length, 'problem')}.` }) },
};

const DIFF: { readonly [name: string]: Rule<ToldDiff> } = {
  'max-page-growth': { unit: 'count', look: ({ summary }, limit) => atMost('The memory grew by _', summary.pages.change, limit, (value) => plural(value, 'page')) },
  'max-live-growth': { unit: 'bytes', look: ({ summary }, limit) => atMost('What is live grew by _', summary.liveBytes.change, limit, bytes) },
  'max-object-growth': { unit: 'count', look: ({ summary }, limit) => atMost('What is live grew by _', summary.liveObjects.change, limit, (value) => plural(value, 'object')) },
};

/** What was asked of a report, and whether it holds. Throws a sentence on a word that makes no sense. */
export function assertions(told: ToldReport, words: string): Assertion[] {
  return looked(REPORT, told, words);
}

/** The same of a comparison. */
export function growthAssertions(told: ToldDiff, words: string): Assertion[] {
  return looked(DIFF, told, words);
}

/** Throws a sentence on words that make no sense, before anything is read. */
export function checkWords(kind: 'report' | 'diff', words: string): void {
  if (kind === 'report') rules(REPORT, words);
  else rules(DIFF, words);
}

function looked<Told>(known: { readonly [name: string]: Rule<Told> }, told: Told, words: string): Assertion[] {
  return rules(known, words).map(({ name, rule, limit }) => ({ name, ...rule.look(told, limit) }));
}

function rules<Told>(known: { readonly [name: string]: Rule<Told> }, words: string): { name: string; rule: Rule<Told>; limit: number }[] {
  return words.split(',').map((word) => word.trim()).filter((word) => word !== '').map((word) => {
    const [name = '', value, ...rest] = word.split('=');
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined || rest.length > 0) throw new Error(`“${word}” is nothing that can be asserted here: use ${Object.entries(known).map(([one, { unit }]) => one + { none: '', count: '=N', bytes: '=BYTES' }[unit]).join(', ')}.`);
    if (rule.unit === 'none') {
      if (value !== undefined) throw new Error(`“${name}” takes no value, and “${value}” was given.`);
      return { name, rule, limit: 0 };
    }
    const limit = rule.unit === 'bytes' ? parseBytes(value ?? '') : parseCount(value ?? '');
    if (limit === undefined) throw new Error(`“${word}” needs ${rule.unit === 'bytes' ? 'a number of bytes, such as 1MiB or 65536' : 'a number, such as 40'}: use ${name}=${rule.unit === 'bytes' ? '1MiB' : '40'}.`);
    return { name, rule, limit };
  });
}

/** `65536`, `64KiB`, `1.5 MiB`, `2 GB`: units of 1024 with an i, of 1000 without. */
export function parseBytes(word: string): number | undefined {
  const [, digits, prefix = '', binary] = /^(\d{1,15}(?:\.\d{1,6})?)\s*(?:([kmg])(i)?)?b?$/i.exec(word.trim()) ?? [];
  if (digits === undefined) return undefined;
  const power = prefix === '' ? 0 : 'kmg'.indexOf(prefix.toLowerCase()) + 1;
  return Math.floor(Number(digits) * (binary === undefined ? 1000 : 1024) ** power);
}

function parseCount(word: string): number | undefined {
  return /^\d{1,15}$/.test(word.trim()) ? Number(word) : undefined;
}

function noLeaks(leaks: Report['leaks']): Omit<Assertion, 'name'> {
  if (leaks === null) throw new Error('“no-leaks” cannot be asserted where leaks are not looked for.');
  const found = { limit: 0, actual: leaks.leaks };
  if (leaks.leaks === 0) return { holds: true, ...found, sentence: 'Something leads to every live object.' };
  const doubt = leaks.certainty === 'js' ? ' JavaScript may hold them: say what it holds, with --roots or `roots`.' : '';
  return { holds: false, ...found, sentence: `Nothing leads to ${count(leaks.lostObjects)} of the live objects, ${bytes(leaks.lostBytes)}.${doubt}` };
}
