/**
 * What an app takes along to have its heap as a file when it traps: `guard(instance)`, a few lines of an app, and no engine. Once something traps, the
 * memory is written as a core dump at once, before anybody runs in it again, and handed to the app or saved. Depends on nothing.
 *
 * The format is `docs/dump-format.md`'s, all of the memory but for runs of zero. Errors go on to whoever called, as they are.
 */

import type { Facts, Guard, GuardOptions } from './types/guard.d.ts';

export type { Facts, Guard, GuardOptions };

/** The version of flagstone that this is part of. */
export const VERSION = '0.1.0';
/** Of flagstone's section. */
const SECTION = 1;
const PAGE = 65536;
/** Runs of zero are left out that are so long, in words of 4 bytes. */
const GRANULE = PAGE / 4;

/** Watches over a module's instance. At its first trap its memory becomes a file. */
export function guard<E extends WebAssembly.Exports>(source: { exports: E }, options: GuardOptions = {}): Guard<E> {
  const memory = options.memory ?? source.exports['memory'];
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('guard needs an instance that exports its memory, or { memory }');
  let written = false;
  const write = (reason: string, error: unknown): void => {
    const time = Date.now();
    const text = error === undefined ? '' : error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const program = options.program ?? '';
    const facts = { reason, error: text, time, name: `${program.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+/g, '') || 'heap'}-${reason.replaceAll(/[^\w]+/g, '-')}-${time}.wasm` };
    const file = new Blob(dumped(memory, addressOf(options.root ?? source.exports['__flagstone_root']), { program, ...facts }), { type: 'application/wasm' });
    (options.onDump ?? save)(file, facts);
  };
  const trapped = (error: unknown, own: boolean): void => {
    const reason = reasonOf(error, memory, own);
    if (reason === undefined || written) return;
    written = true;
    try {
      write(reason, error);
    } catch (failure) {
      // What went wrong in the program is what is to be heard of.
      console.error('The dump could not be written.', failure);
    }
  };
  const stop = new AbortController();
  if (options.uncaught !== false && typeof addEventListener === 'function') {
    addEventListener('error', ({ error }) => trapped(error, false), { signal: stop.signal });
    addEventListener('unhandledrejection', ({ reason }) => trapped(reason, false), { signal: stop.signal });
  }
  // The exports of an instance are frozen: the guarded ones are a copy.
  const exports = { ...source.exports };
  for (const [name, value] of Object.entries(source.exports)) {
    if (typeof value === 'function') Reflect.set(exports, name, watched(value, (error) => trapped(error, true)));
  }
  return { exports, dump: (reason = 'saved', error = undefined) => write(reason, error), end: () => stop.abort() };
}

/** A function that tells of what it throws, now or later, and throws it. */
function watched(call: Function, tell: (error: unknown) => void): (...values: unknown[]) => unknown {
  return (...values) => {
    try {
      const result: unknown = Reflect.apply(call, undefined, values);
      if (result instanceof Promise) result.catch(tell);
      return result;
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}

/** Why a module stopped; `undefined` where it did not. `own` says whether it was this one for sure. */
function reasonOf(error: unknown, memory: WebAssembly.Memory, own: boolean): string | undefined {
  const full = memory.buffer.byteLength >= 0xffff * PAGE;
  if (error instanceof WebAssembly.RuntimeError) return full || /out of memory|allocation/i.test(error.message) ? 'out of memory' : 'trap';
  // A stack that overflows inside of a module is a RangeError, and so is a memory that cannot grow.
  if (own && error instanceof RangeError) return /stack/i.test(error.message) ? 'stack overflow' : 'out of memory';
  return undefined;
}

/** The address that a number or a global is. */
function addressOf(root: unknown): number | undefined {
  const value: unknown = root instanceof WebAssembly.Global ? root.value : root;
  return typeof value === 'number' ? value >>> 0 : undefined;
}

/** The parts of a core dump. */
function dumped(memory: WebAssembly.Memory, root: number | undefined, { program, reason, error, time }: { program: string; reason: string; error: string; time: number }): BlobPart[] {
  const { buffer } = memory;
  const layout = root === undefined || root + 12 > buffer.byteLength ? undefined : new DataView(buffer).getUint32(root + 8, true);
  const runs = runsOf(new Uint32Array(buffer));
  const heads = runs.map(({ at, length }) => Uint8Array.of(0, 0x41, ...signed(at | 0), 0x0b, ...number(length)));
  const count = number(runs.length);
  const bytes = runs.reduce((sum, { length }, index) => sum + length + (heads[index]?.length ?? 0), count.length);
  if (bytes > 0xffff_ffff) throw new Error(`the memory has ${bytes} bytes that are not zero, more than a section of WebAssembly may have`);
  const own = layout === undefined || root === undefined ? [] : section(0, [...named('flagstone'), ...number(SECTION), ...named(VERSION), ...number(layout), 0, ...number(root), ...number(time), ...named(reason), ...named(error), 0, 0]);
  const head = Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(0, [...named('core'), 0, ...named(program)]), ...own,
    ...section(0, [...named('coremodules'), 1, 0, ...named(program)]), ...section(0, [...named('coreinstances'), 1, 0, 0, 1, 0, 0]), ...section(0, [...named('corestack'), 0, ...named('main'), 0]),
    ...section(5, [1, 0, ...number(buffer.byteLength / PAGE)]),
    11, ...number(bytes), ...count,
  );
  const range = (at: number, length: number): BlobPart => buffer instanceof ArrayBuffer ? new Uint8Array(buffer, at, length) : new Uint8Array(buffer, at, length).slice();
  return [head, ...runs.flatMap(({ at, length }, index): BlobPart[] => [heads[index] ?? new Uint8Array(), range(at, length)])];
}

/** Where the memory is not zero, in whole pages. A run is shorter than 2 GiB, so that its address and length are what they are read as. */
function runsOf(words: Uint32Array): { at: number; length: number }[] {
  const runs: { at: number; length: number }[] = [];
  for (let at = 0; at < words.length; at += GRANULE) {
    let word = at;
    const end = Math.min(words.length, at + GRANULE);
    while (word < end && words[word] === 0) word += 1;
    if (word === end) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.at + last.length === at * 4 && last.length < 0x4000_0000) last.length += (end - at) * 4;
    else runs.push({ at: at * 4, length: (end - at) * 4 });
  }
  return runs;
}

function section(id: number, contents: number[]): number[] {
  return [id, ...number(contents.length), ...contents];
}

/** A name: its length and UTF-8, of which as much is written as is read. */
function named(text: string): number[] {
  const bytes = new TextEncoder().encode(text.slice(0, 250));
  return [...number(bytes.length), ...bytes];
}

/** A number without a sign: beyond 32 bits as well. */
function number(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...digits, rest];
    digits.push(rest % 128 + 128);
  }
}

/** A number with a sign, of 32 bits. */
function signed(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...digits, rest & 0x7f];
    digits.push(rest & 0x7f | 0x80);
  }
}

/** Saves a file as the browser does. */
function save(file: Blob, { name }: Facts): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
