/**
 * Takes samples of the heap at the chosen interval, or gently (`Pace`), and keeps them in the state. Relies on a
 * heap that can be read at any time.
 *
 * While the program works, the page cannot take samples (both run on one thread), so whoever knows of such work calls `sample`
 * before and after it. A pause stops these too: the picture stays as it is until the pause ends or one sample is asked for.
 * A heap whose bytes come from elsewhere is renewed before the timer's samples, and nothing is asked for while that goes on.
 */
import { Diagnosis } from './diagnosis.ts';
import { chosenArena, lastOffset, parsed } from './model/arenas.ts';
import { changeLayer, layerOf } from './model/colouring.ts';
import { Looks } from './model/looks.ts';
import { GENTLE, GENTLE_INTERVAL, GENTLE_REST, Pace } from './model/pace.ts';
import type { CheckReport, Heap, Snapshot, Whatis } from './model/records.ts';
import { reportOf } from './model/diagnosis.ts';
import type { State } from './state.ts';

/** Reading a very large heap takes time; where a person chose the interval, the page rests at least this many times as long before the
 * timer's next sample. */
const REST = 3;
/** Milliseconds between verdicts: nobody reads faster. Where the page chooses, they take a thousandth of the time. */
const READING = 1000;
const READING_REST = 1000;
const READING_LONGEST = 5000;
/** Milliseconds of the longest rest that the page chooses. */
const LONGEST = 2000;

export class Recorder {
  readonly diagnosis: Diagnosis;
  /** The snapshot since which the map shows changes; who keeps snapshots says which. */
  since: () => Snapshot | undefined = () => undefined;
  readonly #state: State;
  readonly #clock: () => number;
  #heap: Heap | undefined;
  /** The heap is in a file: it stays as it is, and one sample is all there is to take. */
  #still = false;
  #began = 0;
  #ended = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What samples take. */
  #pace = new Pace(LONGEST);
  /** When segments were last listed, how long that took, and what will list them again. */
  #listed = { ended: -Infinity, cost: 0 };
  #later: ReturnType<typeof setTimeout> | undefined;
  #looks = new Looks();
  /** When the last verdict was ended, and how long they take. */
  #judged = { ended: -Infinity, pace: new Pace(READING_LONGEST) };
  /** Fetches what the heap is read from; undefined where it lies in this page. */
  #renew: (() => Promise<void>) | undefined;
  #renewing = false;

  constructor(state: State, clock: () => number = () => performance.now()) {
    this.#state = state;
    this.#clock = clock;
    this.diagnosis = new Diagnosis(state, clock);
    state.paused.watch(() => this.#restart());
    state.interval.watch(() => this.#restart());
    state.granule.watch(() => this.#readMap());
    state.tab.watch(() => this.#readMap());
    state.colouring.watch(() => this.#readLayer());
    state.tab.watch(() => this.#readSegments());
    state.tab.watch(() => this.#judge());
    state.query.watch(() => this.#readSegments());
  }

  /** The heap that is read, once there is one. */
  get heap(): Heap | undefined {
    return this.#heap;
  }

  /** Whether what is read is a copy, as old as the last sample. */
  get copied(): boolean {
    return this.#renew !== undefined;
  }

  attach(heap: Heap, renew?: () => Promise<void>): void {
    this.#heap = heap;
    this.#renew = renew;
    this.#still = heap.origin !== null;
    this.diagnosis.attach(heap);
    this.#began = this.#clock();
    this.#looks = new Looks();
    this.#judged = { ended: -Infinity, pace: new Pace(READING_LONGEST) };
    this.#pace = new Pace(LONGEST);
    this.#state.phase.set({ kind: 'attached' });
    this.take();
    this.#restart();
  }

  /** Lets go of the heap: nothing is read from now on, and no timer runs. */
  detach(): void {
    this.#heap = undefined;
    this.#renew = undefined;
    this.diagnosis.detach();
    clearTimeout(this.#later);
    this.#restart();
  }

  /** Takes a sample of what the heap is now, wherever it lies, even in a pause; `unasked` where nobody waits for it. */
  async fresh(unasked = false): Promise<void> {
    const [heap, renew] = [this.#heap, this.#renew];
    if (renew === undefined) return this.take();
    if (this.#renewing) return;
    this.#renewing = true;
    const start = this.#clock();
    try {
      await renew();
      if (this.#heap !== heap) return;
      if (unasked) this.#unasked(() => this.take(undefined, start));
      else this.take(undefined, start);
    } catch (error) {
      if (this.#heap === heap) this.#state.trouble.set(sentence(error));
    } finally {
      this.#renewing = false;
    }
  }

  /** Seconds since the recording began. */
  get time(): number {
    return (this.#clock() - this.#began) / 1000;
  }

  /** Takes a sample unless recording rests; `during` says what the program did since the last one. */
  sample(during?: string): void {
    if (!this.#state.paused.value && !this.#still) this.take(during);
  }

  /** Takes a sample even in a pause; `start` is when that began. */
  take(during?: string, start = this.#clock()): void {
    const state = this.#state;
    const heap = this.#heap;
    if (heap === undefined) return;
    const begun = this.#clock();
    const taken = this.#guard(() => {
      const sample = heap.sample(this.#granule());
      const { summary, caches, arenas, objectCaches, budgets, refusal, map } = sample;
      state.summary.set(summary);
      state.caches.set(caches);
      state.arenas.set(arenas);
      state.objects.set({ objectCaches, budgets, refusal });
      const time = (start - this.#began) / 1000;
      if (map !== undefined) {
        state.map.set(map);
        state.history.value.maps.note(time, summary.pages, map);
      }
      this.#readLayer();
      this.#looks.push(time, sample);
      state.history.value.push(time, summary, caches, during);
      state.history.value.objects.push(time, objectCaches, during);
      state.history.touch();
      return true;
    });
    this.#listSegments();
    if (taken === true) this.#judge();
    this.diagnosis.sampled();
    this.#notePeak((start - this.#began) / 1000);
    this.#ended = this.#clock();
    const cost = this.#ended - start;
    // Waiting for bytes from elsewhere is no work of this page.
    this.#pace.note(this.#ended - begun);
    state.cost.set(cost);
    if (this.#timer !== undefined) state.every.set(Math.max(cost + this.#rest, this.#interval));
  }

  /** Who holds memory, in case it is never more; of call sites what was read last. */
  #notePeak(time: number): void {
    const { summary, caches, objects, diagnosis, history } = this.#state;
    if (summary.value === undefined) return;
    const { pages, liveBytes, liveObjects, allocations, frees } = summary.value;
    const sites = reportOf(diagnosis.audit.value)?.sites ?? [];
    history.value.peaks.note({ time, pages, liveBytes, liveObjects, operations: allocations + frees, caches: caches.value, objectCaches: objects.value.objectCaches, sites });
  }

  /** What lies at an address now. */
  look(address: number): Whatis | undefined {
    return this.#guard(() => this.#heap?.whatis(address));
  }

  check(): CheckReport | undefined {
    const report = this.#guard(() => this.#heap?.check());
    this.#state.report.set(report);
    return report;
  }

  /** Why memory is high: while that is looked at, and not all the time. */
  #judge(): void {
    const { tab, verdict } = this.#state;
    const start = this.#clock();
    const { pace, ended: before } = this.#judged;
    // Who asked for a sample, or opened the view, does not wait to read what became of it.
    const rest = this.#state.unasked ? Math.max(READING, pace.rest(this.#isGentle ? READING_REST : REST)) : pace.rest(REST);
    if (tab.value !== 'overview' || this.#heap === undefined || start - before < rest) return;
    this.#guard(() => verdict.set(this.#heap?.verdict(this.#looks.earlier((start - this.#began) / 1000))));
    const ended = this.#clock();
    this.#judged.ended = ended;
    this.#judged.pace.note(ended - start);
  }

  /** Bytes of a cell of the map that is looked at. It is the largest thing to read, so it is read only for eyes. */
  #granule(): number | undefined {
    const { granule, tab } = this.#state;
    return tab.value === 'map' && granule.value !== 0 ? granule.value : undefined;
  }

  /** Between samples, when the map is opened or zoomed. */
  #readMap(): void {
    const granule = this.#granule();
    if (granule !== undefined) this.#guard(() => this.#state.map.set(this.#heap?.map(granule)));
    this.#readLayer();
  }

  /** What the map is coloured by, with its cells. */
  #readLayer(): void {
    const { colouring, layer } = this.#state;
    const kind = layerOf(colouring.value);
    const granule = this.#granule();
    const since = this.since();
    if (granule !== undefined && colouring.value === 'change') {
      this.#guard(() => layer.set(since === undefined || this.#heap === undefined ? undefined : changeLayer(this.#heap.changes(granule, since))));
    }
    if (granule !== undefined && kind !== undefined) this.#guard(() => layer.set(this.#heap?.layer(kind, granule)));
  }

  /** Between samples, when the arenas are opened or a filter changes; a large heap rests between two of these as between samples. */
  readonly #readSegments = (): void => {
    clearTimeout(this.#later);
    const wait = this.#listed.ended + this.#listed.cost * REST - this.#clock();
    if (wait > 0) this.#later = setTimeout(this.#readSegments, wait);
    else this.#listSegments();
  };

  /** The segments that are asked for, while they are looked at. That they cannot be listed says nothing of the rest of the heap. */
  #listSegments(): void {
    clearTimeout(this.#later);
    const { arenas, query, segments, tab } = this.#state;
    const arena = chosenArena(arenas.value, query.value.arena);
    if (this.#heap === undefined || tab.value !== 'arenas' || arena === undefined) return;
    const wanted = parsed(query.value, arena);
    if (!('filter' in wanted)) return;
    const start = this.#clock();
    try {
      segments.set({ arena: arena.id, offset: query.value.offset, list: this.#heap.segments(arena.id, wanted.filter) });
    } catch (error) {
      segments.set({ arena: arena.id, sentence: sentence(error) });
    }
    const ended = this.#clock();
    this.#listed = { ended, cost: ended - start };
    // Segments come and go: the page that was looked at may be one that is no more.
    const found = segments.value;
    const last = found !== undefined && 'list' in found ? lastOffset(found.list.matching) : Infinity;
    if (query.value.offset > last) query.set({ ...query.value, offset: last });
  }

  get #isGentle(): boolean {
    return this.#state.interval.value === GENTLE;
  }

  /** Milliseconds between samples, unless they take too long for that. */
  get #interval(): number {
    return this.#isGentle ? GENTLE_INTERVAL : this.#state.interval.value;
  }

  /** Milliseconds between the end of a sample and the next one, at least. */
  get #rest(): number {
    return this.#isGentle ? this.#pace.rest(GENTLE_REST) : this.#state.cost.value * REST;
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const runs = this.#heap !== undefined && !this.#state.paused.value && !this.#still;
    this.#state.every.set(runs ? Math.max(this.#state.cost.value + this.#rest, this.#interval) : undefined);
    if (runs) this.#sampleAfter(this.#interval);
  }

  /** Samples in so many milliseconds, and from then on; later, if somebody else took one meanwhile. */
  #sampleAfter(wait: number): void {
    const timer = setTimeout(() => {
      const start = this.#clock();
      const early = this.#ended + this.#rest - start;
      if (early <= 0) this.#sampleUnasked();
      // Who heard of the sample may have let go of the heap, or begun with another.
      if (this.#timer === timer) this.#sampleAfter(early > 0 ? Math.ceil(early) : Math.max(this.#interval - (this.#clock() - start), this.#rest));
    }, wait);
    this.#timer = timer;
  }

  /** What the timer does. */
  #sampleUnasked(): void {
    if (this.#renew !== undefined) return void this.fresh(true);
    this.#unasked(() => this.sample());
  }

  /** Lets those who hear of a sample know that nobody asked for it. */
  #unasked(take: () => void): void {
    this.#state.unasked = true;
    try {
      take();
    } finally {
      this.#state.unasked = false;
    }
  }

  /** A heap that cannot be read is news for the person who looks at it, not the end of the page. */
  #guard<T>(read: () => T): T | undefined {
    try {
      const value = read();
      this.#state.trouble.set('');
      return value;
    } catch (error) {
      this.#state.trouble.set(sentence(error));
      return undefined;
    }
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
