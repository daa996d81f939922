/** `flagstone report` and `flagstone diff`: what the headless interface tells, for terminals and for CI. Relies on the entry for Node. */
import { parseArgs } from 'node:util';
import { checkWords } from './assertions.ts';
import { parseAddress } from '../model/format.ts';
import { diff, open, report, text } from './node.ts';
import { printable } from './text.ts';

const HELP = `flagstone report FILE [--json] [--assert LIST] [--roots LIST] [--no-leaks-search] [--top N]
flagstone diff BEFORE AFTER [--json] [--assert LIST] [--top N]

FILE is a saved memory (all its bytes from address 0 on) or a core dump, as it is or compressed by gzip.

--json            plain records instead of lines for people (docs/headless.md)
--assert LIST     what must hold, such as max-pages=40,max-live=1MiB,no-leaks,ok
                  report: max-pages=N max-memory=BYTES max-live=BYTES max-objects=N no-leaks ok
                  diff: max-page-growth=N max-live-growth=BYTES max-object-growth=N
--root ADDRESS    where the heap's root is, for a memory that has several
--roots LIST      the addresses that JavaScript holds, all of them, such as 0x1000,0x2000; none where the list is empty
--no-leaks-search does not look for leaks
--top N           rows of each list, default 20
--help, --version

Ends with 0 when all is well, with 1 when an assertion does not hold or the heap is damaged, and with 2
when the words are wrong or a file cannot be read.`;

/** What a person did wrong, or a file that cannot be read. */
class Misuse extends Error {}

/** Prints what the words ask for, and gives the exit code. */
export function run(words: readonly string[], version: string, print: (line: string) => void, complain: (line: string) => void): number {
  try {
    return perform(words, version, print);
  } catch (error) {
    complain(printable(`flagstone: ${error instanceof Error ? error.message : String(error)}`));
    if (error instanceof Misuse) complain('flagstone --help says what can be asked for.');
    return 2;
  }
}

function perform(words: readonly string[], version: string, print: (line: string) => void): number {
  const { values, positionals } = parsed(words);
  if (values.version === true) return print(version), 0;
  if (values.help === true) return print(HELP), 0;
  const [command, ...files] = positionals;
  const wanted = command === 'report' ? 1 : command === 'diff' ? 2 : undefined;
  if (wanted === undefined) throw new Misuse(command === undefined ? 'say what to do: report or diff.' : `“${command}” is no command: there are report and diff.`);
  if (files.length !== wanted) throw new Misuse(`${String(command)} takes ${wanted === 1 ? 'one file' : 'two files'}, and ${files.length === 0 ? 'none was' : files.length === 1 ? 'one was' : `${files.length} were`} given.`);
  const top = values.top === undefined ? undefined : number('--top', values.top);
  const root = values.root === undefined ? undefined : addressed('--root', values.root);
  const assert = values.assert?.join(',') ?? '';
  understood(() => checkWords(wanted === 1 ? 'report' : 'diff', assert));
  const limits = { assert, ...(top === undefined ? {} : { top }) };
  const heaps = files.map((file) => opened(file, root));
  const [one, two] = heaps;
  if (one === undefined) throw new Misuse('there is no file.');
  const roots = values.roots?.split(',').filter((word) => word.trim() !== '').map((word) => addressed('--roots', word));
  if (wanted === 1 && values['no-leaks-search'] === true && /\bno-leaks\b/.test(assert)) throw new Misuse('no-leaks cannot be asserted where leaks are not looked for.');
  const told = two === undefined ? report(one, { ...limits, leaks: values['no-leaks-search'] !== true, ...(roots === undefined ? {} : { roots }) }) : diff(one, two, limits);
  print(values.json === true ? JSON.stringify(told, null, 2) : text(told));
  return told.ok ? 0 : 1;
}

function parsed(words: readonly string[]) {
  return understood(() => parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' }, assert: { type: 'string', multiple: true }, roots: { type: 'string' }, root: { type: 'string' }, 'no-leaks-search': { type: 'boolean' },
      top: { type: 'string' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' },
    },
  }));
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Misuse(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function opened(file: string, root: number | undefined): ReturnType<typeof open> {
  try {
    return open(file, root);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(why.startsWith(file) ? why : `${file}: ${why}`, { cause });
  }
}

function number(option: string, word: string): number {
  if (!/^\d{1,6}$/.test(word)) throw new Misuse(`${option} takes a number, and “${word}” was given.`);
  return Number(word);
}

function addressed(option: string, word: string): number {
  const found = parseAddress(word);
  if (found === undefined) throw new Misuse(`${option} takes addresses such as 0x1a000, and “${word}” was given.`);
  return found;
}
