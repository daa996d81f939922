/** Reports and comparisons as lines for people. Pure; relies on the formats. Names come from a memory that anyone may have made: none reaches the terminal as it is. */
import { PARTS } from '../model/composition.ts';
import { address, bytes, count, exactBytes, plural, share } from '../model/format.ts';
import type { Assertion, Change, Diff, DiffRow, List, Report, ReportCache } from './types/node.d.ts';

type Row = readonly string[];

/** A report, or a comparison. */
export function text(of: Report | Diff): string {
  const sections = of.format === 'flagstone report' ? reportSections(of) : diffSections(of);
  return sections.filter((section) => section.length > 0).map((section) => section.map(printable).join('\n')).join('\n\n');
}

/** Characters that a terminal would obey, or that turn the order of others around, are written as numbers. */
export function printable(line: string): string {
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function reportSections(told: Report): string[][] {
  const { summary, verdict, check, leaks } = told;
  return [
    [verdict.sentence, verdict.advice].filter((line) => line !== ''),
    origin(told),
    [
      `${plural(summary.pages, 'page')}, ${bytes(summary.memoryBytes)}: ${plural(summary.liveObjects, 'object')} live, ${bytes(summary.liveBytes)}; ${bytes(summary.reusableBytes)} can be used again.`,
      `${plural(summary.allocations, 'allocation')}, ${plural(summary.frees, 'free')}, ${plural(summary.failures, 'failure')}; ${plural(summary.growths, 'growth')} by ${plural(summary.grownPages, 'page')}, ${count(summary.foreignGrowths)} by others.`,
      ...summary.problems,
    ],
    ['What memory is made of', ...table(PARTS.map(({ key, label }) => {
      const part = told.composition.find((one) => one.part === key);
      return [label, bytes(part?.bytes ?? 0), share(part?.bytes ?? 0, summary.memoryBytes)];
    }).concat([['In all', bytes(summary.memoryBytes), exactBytes(summary.memoryBytes)]]))],
    list('Size classes with most live bytes', told.caches, ['class', 'live', 'bytes', 'free'], cacheRow),
    summary.largeObjects === 0 ? [] : [`Longer than every class: ${plural(summary.largeObjects, 'allocation')}, ${bytes(summary.largeBytes)}.`],
    list('Object caches with most memory', told.objectCaches, ['cache', 'live', 'bytes', 'free', 'memory', 'could go back'], (row) => [...cacheRow(row), bytes(row.memoryBytes), bytes(row.reclaimableBytes)]),
    told.sites === null ? [] : list('Call sites with most live bytes', told.sites, ['site', 'live', 'bytes', 'tags and frames'],
      ({ id, liveCount, liveBytes, tags, frames }) => [String(id), count(liveCount), bytes(liveBytes), place(tags, frames)], [3]),
    leaks === null ? [] : [leaks.sentence, ...list('', leaks.groups, ['what', 'count', 'bytes', 'with what they hold', 'at'],
      (group) => [group.what, count(group.count), bytes(group.bytes), bytes(group.bytes + group.heldBytes), group.addresses.slice(0, 3).map(address).join(' ')], [0, 4]).slice(1)],
    told.faults === null || told.faults.ever === 0 ? [] : [`${plural(told.faults.ever, 'fault')} so far.`, ...told.faults.sentences],
    check.ok ? [`The heap is whole: ${plural(check.checked.segments, 'segment')}, ${plural(check.checked.slabs, 'slab')} and ${plural(check.checked.objects, 'object')} were checked.`]
      : [`The heap is damaged: ${plural(check.problems.length, 'problem')}.`, ...table(check.problems.map(({ invariant, address: at, sentence }) => [invariant, address(at), sentence]), [0, 2])],
    told.assertions.map(assertion),
  ];
}

function diffSections(told: Diff): string[][] {
  const { summary } = told;
  const figures: [string, Change, (value: number) => string][] = [
    ['Memory', summary.memoryBytes, bytes], ['Pages', summary.pages, count], ['Live', summary.liveBytes, bytes], ['Live objects', summary.liveObjects, count],
    ['Can be used again', summary.reusableBytes, bytes], ['Allocations', summary.allocations, count], ['Frees', summary.frees, count], ['Failures', summary.failures, count],
    ['Growths', summary.growths, count], ['Growths by others', summary.foreignGrowths, count],
  ];
  return [
    table([['', 'before', 'after', 'change'], ...figures.map(([name, change, words]) => [name, ...changeRow(change, words)])]),
    ['What memory is made of', ...table(PARTS.map(({ key, label }) => [label, ...changeRow(told.composition.find(({ part }) => part === key) ?? { before: 0, after: 0, change: 0 }, bytes)]))],
    objects(told),
    list('Caches with most new bytes', told.objects.caches, ['cache', 'new', 'bytes', 'freed', 'bytes', 'survive'],
      ({ name, objects: change }) => [name, count(change.new.count), bytes(change.new.bytes), count(change.freed.count), bytes(change.freed.bytes), count(change.surviving.count)]),
    list('Size classes that changed', told.caches, ['class', 'live', 'bytes', 'free'], diffRow),
    list('Object caches that changed', told.objectCaches, ['cache', 'live', 'bytes', 'free'], diffRow),
    told.sites === null ? [] : list('Call sites that changed', told.sites, ['live', 'bytes', 'tags and frames'],
      ({ live, liveBytes, tags, frames }) => [signed(live.change, count), signed(liveBytes.change, bytes), place(tags, frames)], [2]),
    told.assertions.map(assertion),
  ];
}

/** What a dump says of itself. */
function origin({ origin: from }: Report): string[] {
  return from === null || from.format === 'memory' ? [] : [from.sentence, ...(from.error === '' ? [] : [`Its error: ${from.error}`])];
}

function objects({ objects: { all, doubts } }: Diff): string[] {
  return [`${plural(all.new.count, 'new object')}, ${bytes(all.new.bytes)}; ${count(all.freed.count)} freed, ${bytes(all.freed.bytes)}; ${count(all.surviving.count)} survive, ${bytes(all.surviving.bytes)}.`, ...doubts];
}

function cacheRow({ name, live, liveBytes, freeBytes }: ReportCache): Row {
  return [name, count(live), bytes(liveBytes), bytes(freeBytes)];
}

function diffRow({ name, live, liveBytes, freeBytes }: DiffRow): Row {
  return [name, signed(live.change, count), signed(liveBytes.change, bytes), signed(freeBytes.change, bytes)];
}

function changeRow({ before, after, change }: Change, words: (value: number) => string): Row {
  return [words(before), words(after), signed(change, words)];
}

function signed(value: number, words: (value: number) => string): string {
  return value > 0 ? `+${words(value)}` : value < 0 ? `−${words(-value)}` : '0';
}

/** A call site in a line: its tags, and the first frames as offsets in the module. */
function place(tags: readonly string[], frames: readonly number[]): string {
  const shown = frames.slice(0, 4).map((offset) => `0x${offset.toString(16)}`);
  return [tags.join(' / '), shown.join(' < ') + (frames.length > shown.length ? ' < …' : '')].filter((part) => part !== '').join(': ');
}

function assertion({ name, holds, sentence }: Assertion): string {
  return `${holds ? 'holds' : 'FAILS'}  ${name}: ${sentence}`;
}

/** A heading and a table; nothing where there are no rows. `words` are the columns of words. */
function list<Of>(title: string, { rows, left }: List<Of>, head: Row, row: (of: Of) => Row, words: readonly number[] = [0]): string[] {
  if (rows.length === 0) return [];
  return [title, ...table([head, ...rows.map(row)], words), ...(left === 0 ? [] : [`  and ${count(left)} more`])];
}

/** Columns that line up: those of words to the left, the others to the right. */
function table(rows: readonly Row[], words: readonly number[] = [0]): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = clean[0]?.map((_, column) => Math.max(...clean.map((row) => row[column]?.length ?? 0))) ?? [];
  const cell = (text: string, column: number): string => words.includes(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return clean.map((row) => `  ${row.map(cell).join('  ').trimEnd()}`);
}
