/**
 * Looks for leaks without making the page wait: takes a copy of the memory at one moment, lets a worker search it, and says how far that is.
 *
 * The copy must be of one moment, so it is made at once. What takes long in that is memory that was never touched, so the room for it is
 * touched before, a little at a time; then 256 MiB are copied in a few dozen milliseconds. The worker gets the bytes, not a copy of them.
 * Where there are no workers, or the script of one does not come, the page searches itself, a little at a time.
 */
import type { Atom } from './atom.ts';
import { loadEngine } from './engine.ts';
import type { LeakSearch, LeakWish } from './model/leaks.ts';
import type { LeakOptions, LeakProgress, LeakReport, Target } from './model/records.ts';

/** What a worker is told. */
export interface LeakTask {
  bytes: Uint8Array<ArrayBuffer>;
  root: number | undefined;
  options: LeakOptions;
}

/** What a worker says: first that it is there, then how far it is, and what it found or why not. */
export type LeakNews =
  | { kind: 'ready' }
  | { kind: 'progress'; progress: LeakProgress }
  | { kind: 'report'; report: LeakReport }
  | { kind: 'failed'; sentence: string };

/** Milliseconds that the page works at a time. */
const SLICE = 8;
/** Bytes of memory that come together when the first of them is touched. */
const TOUCH = 4096;
/** How often the room is made again because the memory grew meanwhile. */
const TRIES = 4;

export interface Finding {
  report: LeakReport;
  /** The longest that the page stood still, in milliseconds. */
  pause: number;
}

export interface FinderOptions extends LeakWish {
  signal: AbortSignal;
  /** Called now and then with the share that is done, 0 to 1. */
  progress(kind: 'copying' | 'searching', share: number): void;
  /** Whether a worker may be used; default true. */
  worker?: boolean;
}

/** Runs one search at a time and keeps what is known of it in an atom. */
export class LeakFinder {
  readonly #search: Atom<LeakSearch>;
  #running: AbortController | undefined;

  constructor(search: Atom<LeakSearch>) {
    this.#search = search;
  }

  /** Begins a search; one that runs is given up for it. */
  async start(target: Target, wish: LeakWish): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    const say = (search: LeakSearch): void => {
      if (this.#running === running) this.#search.set(search);
    };
    const begun = performance.now();
    say({ kind: 'copying', share: 0 });
    try {
      const { report, pause } = await findLeaks(target, { ...wish, signal, progress: (kind, share) => say({ kind, share }) });
      say({ kind: 'found', report, took: { search: performance.now() - begun, pause } });
    } catch (error) {
      say(signal.aborted ? { kind: 'none' } : { kind: 'failed', sentence: sentence(error) });
    }
  }

  /** Ends the search that runs, if there is one. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#search.set({ kind: 'none' });
  }
}

/** Objects of a heap that nothing leads to. Rejects with a sentence, or when it is aborted. */
export async function findLeaks(target: Target, { stack, signal, progress, worker = true }: FinderOptions): Promise<Finding> {
  const helper = worker ? startWorker(signal) : Promise.resolve(undefined);
  // Whoever waits for it later hears of a failure then.
  helper.catch(() => undefined);
  const { bytes, held, pause } = await copied(target, signal, (share) => progress('copying', share));
  const { root } = target;
  const options: LeakOptions = { stack, ...(held === undefined ? {} : { roots: held }) };
  const task: LeakTask = { bytes, root: typeof root === 'object' ? Number(root.value) >>> 0 : root, options };
  const tell = ({ done, total }: LeakProgress): void => progress('searching', total === 0 ? 1 : done / total);
  const found = await helper;
  if (found !== undefined) return { report: await searchedBy(found, task, signal, tell), pause };
  const own = await searchedHere(task, signal, tell);
  return { report: own.report, pause: Math.max(pause, own.pause) };
}

/** A copy of the memory of one moment, what JavaScript held then, and how long the page stood still for it. */
async function copied({ memory, roots }: Target, signal: AbortSignal, progress: (share: number) => void): Promise<{ bytes: Uint8Array<ArrayBuffer>; held: number[] | undefined; pause: number }> {
  let pause = 0;
  for (let tries = 1; ; tries += 1) {
    const length = memory.buffer.byteLength;
    const bytes = room(length);
    for (let at = 0; at < length;) {
      const begun = performance.now();
      for (const end = Math.min(length, at + (TOUCH << 12)); at < end && performance.now() - begun < SLICE;) {
        // A look at the clock for each byte would take longer than the byte.
        for (const until = Math.min(end, at + (TOUCH << 6)); at < until; at += TOUCH) bytes[at] = 0;
      }
      pause = Math.max(pause, performance.now() - begun);
      progress(at / length);
      await turn(signal);
    }
    if (memory.buffer.byteLength !== length && tries < TRIES) continue;
    const begun = performance.now();
    // A memory that never stops growing is copied as it is now, into room that was not touched.
    const whole = memory.buffer.byteLength === length ? bytes : room(memory.buffer.byteLength);
    whole.set(new Uint8Array(memory.buffer));
    const held = roots?.();
    return { bytes: whole, held, pause: Math.max(pause, performance.now() - begun) };
  }
}

function room(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new Error('There is not enough memory for a copy of the program’s memory.', { cause });
  }
}

/** A worker that is ready; none where there are no workers, or its script does not come. */
async function startWorker(signal: AbortSignal): Promise<Worker | undefined> {
  if (typeof Worker === 'undefined') return undefined;
  let worker: Worker;
  try {
    worker = new Worker(new URL('./leak-worker.js', import.meta.url), { type: 'module', name: 'leaks' });
  } catch {
    return undefined;
  }
  signal.addEventListener('abort', () => worker.terminate());
  return new Promise((resolve) => {
    const end = (answer: Worker | undefined): void => {
      if (answer === undefined) worker.terminate();
      resolve(answer);
    };
    worker.addEventListener('error', () => end(undefined), { once: true });
    worker.addEventListener('message', ({ data }: MessageEvent<LeakNews>) => end(data.kind === 'ready' ? worker : undefined), { once: true });
    signal.addEventListener('abort', () => end(undefined));
  });
}

/** The search in a worker, which ends with it. */
async function searchedBy(worker: Worker, task: LeakTask, signal: AbortSignal, tell: (progress: LeakProgress) => void): Promise<LeakReport> {
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('The search was stopped.')));
      if (signal.aborted) reject(new Error('The search was stopped.'));
      worker.addEventListener('error', () => reject(new Error('The search for leaks failed in its worker.')));
      worker.addEventListener('message', ({ data }: MessageEvent<LeakNews>) => {
        if (data.kind === 'progress') tell(data.progress);
        else if (data.kind === 'report') resolve(data.report);
        else if (data.kind === 'failed') reject(new Error(data.sentence));
      });
      worker.postMessage(task, [task.bytes.buffer]);
    });
  } finally {
    worker.terminate();
  }
}

/** The search on the page's own thread, a little at a time. */
async function searchedHere({ bytes, root, options }: LeakTask, signal: AbortSignal, tell: (progress: LeakProgress) => void): Promise<Finding> {
  const engine = await loadEngine();
  let pause = 0;
  const timed = <T>(work: () => T): T => {
    const begun = performance.now();
    const result = work();
    pause = Math.max(pause, performance.now() - begun);
    return result;
  };
  const scan = timed(() => new engine.LeakScan(bytes, root, options));
  try {
    for (;;) {
      const progress = timed(() => scan.step(SLICE));
      tell(progress);
      await turn(signal);
      if (progress.ended) break;
    }
    const report = timed(() => scan.report());
    return { report, pause };
  } finally {
    scan.free();
  }
}

/** Lets the page do what waits. */
async function turn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  if (signal.aborted) throw new Error('The search was stopped.');
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
