/**
 * The symbols of the inspected program: reads them from its module, and from a debug file that a person chooses, when they are first asked for.
 *
 * Relies on `flagstone_symbols.js` and `flagstone_symbols_bg.wasm` lying beside the page's script; they are loaded with the first call site
 * that is shown. Everything is resolved offline: the program that is looked at is not called.
 */
import { Atom } from './atom.ts';
import type { Frame } from './model/symbols.ts';

export { interesting, offsetsOfStack, placeOf, shortFile, type Frame } from './model/symbols.ts';

/** The symbols of one module, open. */
export interface Symbols {
  /** Throws a sentence when the file does not fit or has nothing to add; all stays as it was then. */
  addDebug(bytes: Uint8Array): void;
  /** Frames of each offset, innermost first, at least one. */
  resolve(offsets: Uint32Array): Frame[][];
  readonly hasLines: boolean;
  readonly hasNames: boolean;
  /** What was damaged and left out, as sentences. */
  readonly damage: string[];
}

/** Opens the symbols of a module; throws a sentence when it is none. */
export type Open = (bytes: Uint8Array) => Symbols;

/** What the generated package exports, as far as the page uses it. */
interface Package {
  default(): Promise<unknown>;
  Symbols: { open: Open };
}

/** Loads the reader of symbols; rejects with a sentence. */
export async function loadReader(): Promise<Open> {
  const url = new URL('./flagstone_symbols.js', import.meta.url).href;
  try {
    const loaded: Package = await import(url);
    await loaded.default();
    return (bytes) => loaded.Symbols.open(bytes);
  } catch (cause) {
    throw new Error('The reader of symbols could not be loaded (flagstone_symbols.js, flagstone_symbols_bg.wasm).', { cause });
  }
}

/** A debug file that lies beside the module. */
export interface DebugFile {
  name: string;
  fetch(): Promise<ArrayBuffer>;
}

/** Which symbols there are: none yet, or none in the module; names of functions; lines too; or the module could not be read. */
export type SymbolState = 'none' | 'loading' | 'names' | 'lines' | 'failed';

interface Status {
  state: SymbolState;
  sentence: string;
}

const BEFORE: Status = { state: 'none', sentence: 'Symbols are read when the first call site is shown.' };

export class SymbolStore {
  readonly #fetchModule: () => Promise<ArrayBuffer>;
  readonly #load: () => Promise<Open>;
  readonly #shipped: DebugFile | undefined;
  readonly #status = new Atom<Status>(BEFORE);
  readonly #trouble = new Atom('');
  readonly #known = new Map<number, Frame[]>();
  #opening: Promise<Symbols | undefined> | undefined;
  /** What symbols were read from, for people. */
  #source = 'the module';

  /** `shipped` is a debug file that can be had without choosing one; `load` is for tests. */
  constructor(fetchModule: () => Promise<ArrayBuffer>, shipped?: DebugFile, load: () => Promise<Open> = loadReader) {
    this.#fetchModule = fetchModule;
    this.#shipped = shipped;
    this.#load = load;
  }

  get state(): SymbolState {
    return this.#status.value.state;
  }

  /** What the state means, for people. */
  get sentence(): string {
    return this.#status.value.sentence;
  }

  /** Why the last debug file was not taken; empty when it was, or none was chosen. */
  get trouble(): string {
    return this.#trouble.value;
  }

  /** The name of a debug file that `addShipped` would read; `undefined` when there is none or lines are known. */
  get offered(): string | undefined {
    return this.state === 'lines' ? undefined : this.#shipped?.name;
  }

  /** Calls `watcher` after each change, also because frames that were resolved before have more to say now; the returned function ends that. */
  watch(watcher: () => void): () => void {
    const stops = [this.#status.watch(watcher), this.#trouble.watch(watcher)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /**
   * The frames at byte offsets into the module, each innermost first and with at least one frame. Never rejects: where there are no symbols,
   * frames are called after their offsets. Equal offsets have the same array, until a debug file adds to what is known.
   */
  async resolve(offsets: Iterable<number>): Promise<Map<number, Frame[]>> {
    const wanted = new Set(offsets);
    const symbols = await this.#open();
    const unknown = [...wanted].filter((offset) => !this.#known.has(offset));
    if (symbols !== undefined && unknown.length > 0) this.#look(symbols, unknown);
    return new Map([...wanted].map((offset) => [offset, this.#known.get(offset) ?? [nameless(offset)]]));
  }

  /** Takes names and lines from a debug file of the same build. Never rejects: `trouble` says why a file was not taken. */
  async addFile(file: File): Promise<void> {
    await this.#add(file.name, () => file.arrayBuffer());
  }

  /** Takes names and lines from the debug file that lies beside the module, where there is one. */
  async addShipped(): Promise<void> {
    const shipped = this.#shipped;
    if (shipped !== undefined) await this.#add(shipped.name, () => shipped.fetch());
  }

  async #add(name: string, read: () => Promise<ArrayBuffer>): Promise<void> {
    const symbols = await this.#open();
    const before = this.#status.value;
    this.#status.set({ state: 'loading', sentence: `Reading ${name} …` });
    try {
      const bytes = new Uint8Array(await read());
      let all = symbols;
      if (all === undefined) {
        // Without the module itself, such as for a dump, the file has to do.
        all = (await this.#load())(bytes);
        this.#opening = Promise.resolve(all);
        this.#source = `${name}, which could not be compared with the module that ran`;
      } else {
        all.addDebug(bytes);
        this.#source = name;
      }
      this.#known.clear();
      this.#trouble.set('');
      this.#status.set(this.#describe(all));
    } catch (error) {
      this.#status.set(before);
      this.#trouble.set(`${name} was not taken. ${sentenceOf(error)}`);
    }
  }

  /** Reads the module once, whoever asks first. */
  #open(): Promise<Symbols | undefined> {
    this.#opening ??= this.#read();
    return this.#opening;
  }

  async #read(): Promise<Symbols | undefined> {
    this.#status.set({ state: 'loading', sentence: 'Reading the names in the module …' });
    try {
      const [open, module] = await Promise.all([this.#load(), this.#fetchModule()]);
      const symbols = open(new Uint8Array(module));
      this.#status.set(this.#describe(symbols));
      return symbols;
    } catch (error) {
      this.#status.set({ state: 'failed', sentence: sentenceOf(error) });
      return undefined;
    }
  }

  #look(symbols: Symbols, offsets: number[]): void {
    try {
      const found = symbols.resolve(Uint32Array.from(offsets));
      for (const [index, frames] of found.entries()) this.#known.set(offsets[index] ?? 0, frames);
    } catch (error) {
      // A reader that failed in the middle is not asked again.
      this.#opening = Promise.resolve(undefined);
      this.#status.set({ state: 'failed', sentence: `The reader of symbols failed. ${sentenceOf(error)}` });
    }
  }

  #describe(symbols: Symbols): Status {
    const damage = symbols.damage.length === 0 ? '' : ` ${symbols.damage.join(' ')}`;
    if (symbols.hasLines) return { state: 'lines', sentence: `File and line from ${this.#source}.${damage}` };
    if (symbols.hasNames) return { state: 'names', sentence: `Names from ${this.#source}.${damage}` };
    return { state: 'none', sentence: `The module has no names, so functions are called by their numbers.${damage}` };
  }
}

/** A frame of which only the offset is known. */
function nameless(offset: number): Frame {
  return { function: `module+0x${offset.toString(16)}`, file: undefined, line: undefined, column: undefined, inlined: false };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
