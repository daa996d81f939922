/**
 * Takes snapshots when a person, a timer or growth wants one, keeps them, compares two, saves and opens them. Relies on the recorder for the heap
 * and on the state for what is chosen; loaded when snapshots are first asked for.
 */
import { loadEngine } from './engine.ts';
import type { Engine, Snapshot } from './model/records.ts';
import { EMPTY, type Choice, type Entry, type Shelf, type SnapshotWish } from './model/shelf.ts';
import { fileName, filterOf, nameFor, surplus } from './model/snapshots.ts';
import type { Recorder } from './recorder.ts';
import type { State } from './state.ts';

/** Bytes of a file that is opened: more than any snapshot has. */
const FILE_MAX = 512 * 1024 * 1024;

export interface KeeperOptions {
  load?: () => Promise<Pick<Engine, 'Snapshot'>>;
  save?: (name: string, bytes: Uint8Array<ArrayBuffer>) => void;
  now?: () => number;
}

export class SnapshotKeeper {
  readonly #state: State;
  readonly #recorder: Recorder;
  readonly #load: () => Promise<Pick<Engine, 'Snapshot'>>;
  readonly #save: (name: string, bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #now: () => number;
  readonly #held = new Map<number, Snapshot>();
  #made = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Live bytes from which growth is counted. */
  #base = 0;

  constructor(state: State, recorder: Recorder, { load = loadEngine, save = download, now = Date.now }: KeeperOptions = {}) {
    this.#state = state;
    this.#recorder = recorder;
    this.#load = load;
    this.#save = save;
    this.#now = now;
    state.summary.watch(() => this.#watchGrowth());
    // The earlier one of a comparison, or the last one that was taken.
    recorder.since = () => this.#held.get(this.#shelf.pair?.[0] ?? this.#shelf.entries.at(-1)?.id ?? 0);
  }

  /** Does what somebody wishes; what goes wrong is said in the state. */
  async do(wish: SnapshotWish): Promise<void> {
    this.#set({ trouble: '' });
    try {
      switch (wish.kind) {
        case 'take':
          // A heap that lies elsewhere is read as it is now, not as it was at the last sample.
          if (this.#recorder.copied) await this.#recorder.fresh();
          this.take('asked', wish.name);
          return;
        case 'rename': this.#rename(wish.id, wish.name); return;
        case 'forget': this.#forget(wish.id); return;
        case 'save': this.#write(wish.id); return;
        case 'open': await this.#open(wish.file); return;
        case 'auto': this.#setAuto(wish.auto); return;
        case 'choose': this.#choose(wish.choice); return;
        case 'mark-peak': this.#state.history.value.peaks.mark(this.#recorder.time); this.#state.history.touch(); return;
      }
    } catch (error) {
      this.#set({ trouble: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Takes none by itself any more; those that there are stay. */
  rest(): void {
    this.#setAuto(EMPTY.auto);
  }

  /** Takes a snapshot; throws a sentence where the heap cannot be read. */
  take(why: Entry['why'], given?: string): Entry | undefined {
    const heap = this.#recorder.heap;
    if (heap === undefined) return undefined;
    const name = given === undefined || given.trim() === '' ? nameFor(why, this.#made + 1, this.#shelf.auto) : given.trim();
    const entry = this.#keep(heap.snapshot({ name, time: this.#now() }), name, why, this.#recorder.time);
    this.#base = entry.figures.live.bytes;
    return entry;
  }

  get #shelf(): Shelf {
    return this.#state.snapshots.value;
  }

  #set(change: Partial<Shelf>): void {
    this.#state.snapshots.set({ ...this.#shelf, ...change });
  }

  /** Puts one beside the others; the newest two are compared. */
  #keep(snapshot: Snapshot, name: string, why: Entry['why'], time: number | undefined): Entry {
    const figures = snapshot.figures();
    const entry = { id: this.#made += 1, name, why, time, figures };
    this.#held.set(entry.id, snapshot);
    const entries = [...this.#shelf.entries, entry];
    this.#set({ entries });
    const gone = surplus(entries);
    if (gone !== undefined) this.#forget(gone.id);
    const before = entries.at(-2);
    // What a person compares stays on the screen when others come by themselves.
    const follows = why === 'asked' || why === 'file' || this.#shelf.pair === undefined;
    if (before !== undefined && follows) this.#choose({ pair: [before.id, entry.id] });
    return entry;
  }

  #rename(id: number, name: string): void {
    const named = name.trim();
    if (named === '') return;
    this.#set({ entries: this.#shelf.entries.map((entry) => entry.id === id ? { ...entry, name: named } : entry) });
  }

  #forget(id: number): void {
    this.#held.get(id)?.free();
    this.#held.delete(id);
    const { pair } = this.#shelf;
    this.#set({ entries: this.#shelf.entries.filter((entry) => entry.id !== id) });
    if (pair?.includes(id) === true) this.#set({ pair: undefined, diff: undefined, objects: undefined, cache: EMPTY.cache, site: EMPTY.site, offset: 0 });
  }

  #write(id: number): void {
    const entry = this.#shelf.entries.find((known) => known.id === id);
    const snapshot = this.#held.get(id);
    if (entry !== undefined && snapshot !== undefined) this.#save(fileName(entry.name), new Uint8Array(snapshot.bytes()));
  }

  async #open(file: Blob & { readonly name: string }): Promise<void> {
    if (file.size > FILE_MAX) throw new Error(`${file.name} has ${file.size} bytes, more than any snapshot.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { Snapshot } = await this.#load();
    let opened: Snapshot;
    try {
      opened = Snapshot.from(bytes);
    } catch (error) {
      throw new Error(`${file.name} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
    }
    const { name } = opened.figures();
    this.#keep(opened, name === '' ? file.name : name, 'file', undefined);
  }

  #setAuto(auto: Shelf['auto']): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#set({ auto });
    this.#base = this.#state.summary.value?.liveBytes ?? 0;
    if (auto.minutes > 0) this.#timer = setInterval(() => this.#takeQuietly('time'), auto.minutes * 60_000);
  }

  #watchGrowth(): void {
    const { growth } = this.#shelf.auto;
    const live = this.#state.summary.value?.liveBytes ?? 0;
    if (growth > 0 && live >= this.#base + growth) this.#takeQuietly('growth');
  }

  /** A heap that cannot be read is said where it is looked at; nobody asked just now. */
  #takeQuietly(why: 'time' | 'growth'): void {
    try {
      this.take(why);
    } catch (error) {
      this.#set({ trouble: error instanceof Error ? error.message : String(error) });
    }
  }

  #choose(choice: Choice): void {
    // Another list begins at its beginning, and of another pair neither cache nor site is known.
    const lists = ['fate', 'held', 'cache', 'site', 'longest'].some((key) => key in choice);
    this.#set({ ...('pair' in choice ? { cache: undefined, site: undefined, offset: 0 } : lists ? { offset: 0 } : {}), ...choice });
    const pair = this.#pair();
    if (pair === undefined) return this.#set({ diff: undefined, objects: undefined });
    if ('pair' in choice) this.#set({ diff: pair[0].diff(pair[1]) });
    if ('pair' in choice || lists || 'offset' in choice) this.#list(pair);
  }

  #pair(): [Snapshot, Snapshot] | undefined {
    const [before, after] = (this.#shelf.pair ?? []).map((id) => this.#held.get(id));
    return before === undefined || after === undefined ? undefined : [before, after];
  }

  #list([before, after]: [Snapshot, Snapshot]): void {
    const shelf = this.#shelf;
    const filter = filterOf(shelf);
    const now = shelf.held && shelf.fate !== 'freed' ? this.#recorder.heap?.snapshot() : undefined;
    try {
      this.#set({ objects: now === undefined ? before.objects(after, filter) : before.objectsHeld(after, now, filter) });
    } finally {
      now?.free();
    }
  }
}

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
