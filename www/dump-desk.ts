/**
 * Opens and saves dumps: reads a file without making the page wait, lets everything look at it in place of the running program, and goes back.
 *
 * A file is read by the browser, a piece at a time, into one array that the engine reads in place; so a gigabyte is in memory once, and opening it
 * takes the page a few milliseconds. A file is only looked at once the engine has read all that a first look needs; until then everything stays.
 */
import { WHOLE } from './model/arenas.ts';
import { fileName, NO_WORK } from './model/dumps.ts';
import { loadEngine } from './engine.ts';
import { History } from './model/history.ts';
import type { DumpContents, Heap, Target } from './model/records.ts';
import type { Recorder } from './recorder.ts';
import type { State } from './state.ts';

/** Bytes that are read at a time: copying them takes a few milliseconds. */
const PIECE = 8 << 20;

/** Bytes, and how many. */
interface Read {
  bytes: Uint8Array<ArrayBuffer>;
  name: string;
}

export class DumpDesk {
  readonly #state: State;
  readonly #recorder: Recorder;
  #running: AbortController | undefined;
  /** The running program, while a dump is looked at. */
  #live: { heap: Heap | undefined; target: Target | undefined } | undefined;

  constructor(state: State, recorder: Recorder) {
    this.#state = state;
    this.#recorder = recorder;
  }

  /** Looks at a file, or at what is at an address; what is opened now is given up for it. */
  async open(source: File | string): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    const { dumpWork } = this.#state;
    const name = typeof source === 'string' ? source : source.name;
    const tell = (share: number | undefined): void => {
      if (!signal.aborted) dumpWork.set({ kind: 'opening', name, share });
    };
    tell(0);
    try {
      const file = typeof source === 'string' ? await fetched(source, signal, tell) : source;
      const bytes = await readAll(await unpacked(file), signal, tell);
      const engine = await loadEngine();
      await this.#settled(signal);
      const heap = engine.open(bytes);
      try {
        // Whatever cannot be read is said now, and not looked at.
        heap.sample();
      } catch (error) {
        heap.free();
        throw error;
      }
      if (signal.aborted) return heap.free();
      // A link may say what to look at in the dump that it names.
      if (typeof source !== 'string') this.#forgetChoice();
      this.#look(heap, { bytes, name });
    } catch (error) {
      if (!signal.aborted) dumpWork.set({ kind: 'failed', sentence: `${name} cannot be opened: ${sentence(error)}` });
    }
  }

  /** Gives up what is being opened. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#state.dumpWork.set(NO_WORK);
  }

  /** Looks at the running program again. */
  leave(): void {
    const live = this.#live;
    if (live === undefined || live.heap === undefined) return;
    const dump = this.#recorder.heap;
    this.#live = undefined;
    this.#state.dump.set(undefined);
    this.#state.dumpWork.set(NO_WORK);
    this.#forgetChoice();
    this.#show(live.heap, live.target);
    dump?.free();
  }

  /** Saves what is looked at as a file. */
  save(contents: DumpContents, program: string): Promise<void> {
    const { dump, dumpWork, target } = this.#state;
    try {
      const { heap } = this.#recorder;
      if (heap === undefined) throw new Error('there is no heap.');
      const { origin } = heap;
      const named = origin === null ? program : origin.program;
      const { parts, sentence: words } = heap.dump({ contents, program: named, reason: origin?.reason === '' ? undefined : origin?.reason, error: origin?.error, time: origin?.time ?? undefined });
      const buffer = dump.value === undefined ? target.value?.memory.buffer : undefined;
      const pieces = parts.map((part) => part instanceof Uint8Array ? part : rangeOf(buffer, part));
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob(pieces, { type: 'application/wasm' }));
      link.download = fileName(named, contents, new Date());
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      dumpWork.set({ kind: 'saved', sentence: `${link.download}: ${words}` });
    } catch (error) {
      dumpWork.set({ kind: 'failed', sentence: `Nothing could be saved: ${sentence(error)}` });
    }
    return Promise.resolve();
  }

  /** Waits until it is known whether there is a running program, so that it does not come in between. */
  async #settled(signal: AbortSignal): Promise<void> {
    const { phase } = this.#state;
    while (phase.value.kind === 'loading' && !signal.aborted) {
      await new Promise<void>((done) => {
        const stop = phase.watch(() => {
          stop();
          done();
        });
      });
    }
  }

  #look(heap: Heap, { bytes, name }: Read): void {
    const state = this.#state;
    const before = this.#recorder.heap;
    this.#live ??= { heap: before, target: state.target.value };
    const { origin } = heap;
    if (origin === null) throw new Error('it is no file.');
    const back = this.#live.heap !== undefined;
    const older = state.dump.value === undefined ? undefined : before;
    state.dump.set({ name, origin, back });
    state.dumpWork.set(NO_WORK);
    // Leaks are looked for in a copy of these bytes, as in one of a memory.
    const grow = (): never => { throw new Error('A file does not grow.'); };
    const same = (): ArrayBuffer => bytes.buffer;
    this.#show(heap, { memory: { buffer: bytes.buffer, grow, toFixedLengthBuffer: same, toResizableBuffer: same } });
    older?.free();
  }

  /** Numbers of caches and of call sites mean others in another heap. An address may be looked at in both. */
  #forgetChoice(): void {
    const { spotlight, diagnosis: { site, fault } } = this.#state;
    for (const atom of [spotlight, site, fault]) atom.set(undefined);
  }

  /** Everything that was said of another heap goes. */
  #show(heap: Heap, target: Target | undefined): void {
    const state = this.#state;
    for (const atom of [state.map, state.report, state.segments, state.verdict, state.moment, state.diagnosis.past]) atom.set(undefined);
    state.leaks.set({ kind: 'none' });
    state.query.set(WHOLE);
    state.history.set(new History());
    state.range.set(undefined);
    state.target.set(target);
    this.#recorder.attach(heap);
  }
}

/** Bytes of a memory, as a file takes them. */
function rangeOf(buffer: ArrayBufferLike | undefined, { at, length }: { at: number; length: number }): Uint8Array<ArrayBuffer> {
  if (buffer === undefined) throw new Error('the memory is gone.');
  // A file is not made of bytes that others may change meanwhile.
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, at, length) : new Uint8Array(buffer, at, length).slice();
}

/** What gzip compressed, as it was. */
async function unpacked(file: Blob): Promise<Blob> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file;
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).blob().catch((cause: unknown) => {
    throw new Error('what gzip compressed cannot be unpacked: it is damaged or cut off.', { cause });
  });
}

/** All bytes of a file. */
async function readAll(file: Blob, signal: AbortSignal, tell: (share: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = room(file.size);
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = await file.slice(at, at + PIECE).arrayBuffer();
    signal.throwIfAborted();
    bytes.set(new Uint8Array(piece), at);
    tell(Math.min(1, (at + PIECE) / file.size));
  }
  return bytes;
}

function room(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new Error(`there is no room for its ${length} bytes.`, { cause });
  }
}

/** What is at an address, as far as this page may ask for it. */
async function fetched(address: string, signal: AbortSignal, tell: (share: number | undefined) => void): Promise<Blob> {
  tell(undefined);
  const url = new URL(address, location.href);
  if (!['http:', 'https:'].includes(url.protocol)) throw new Error(`an address begins with http or https, not ${url.protocol}`);
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw new Error(`it cannot be fetched. This page fetches from ${location.origin} only: save the file and open it from there.`, { cause });
  });
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trim());
  return response.blob();
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
