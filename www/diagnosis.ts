/**
 * Reads what diagnosis knows of the heap into the state: the report with samples, the logs while they are looked at, names of frames when they
 * are first seen. A part of the recorder. Records of diagnosis that cannot be read are said beside them only: they say nothing of the heap.
 */
import { reportOf, type Audit } from './model/diagnosis.ts';
import { parsedLog } from './model/log-query.ts';
import { narrowed } from './model/selection.ts';
import type { AuditReport, Heap, LogEntry } from './model/records.ts';
import type { State, Tab } from './state.ts';
import type { SymbolStore } from './symbols.ts';

/** Views that show the report; for the others it is read now and then, so that a new fault is noticed. */
const SHOWN: readonly Tab[] = ['faults', 'snapshots', 'sites', 'log', 'leaks'];
const NOW_AND_THEN = 2000;
/** The log that has the calls, and as many of them as the engine lists at once. */
const CALLS = 'transactions';
const MOST_CALLS = 10_000;
/** Reading takes time; the page rests at least this many times as long before it reads the same again by itself. */
const REST = 3;

/** Who knows the names of frames. */
type Names = Pick<SymbolStore, 'resolve' | 'watch' | 'state'>;

interface Reading {
  ended: number;
  cost: number;
}

export class Diagnosis {
  readonly #state: State;
  readonly #clock: () => number;
  #heap: Heap | undefined;
  #symbols: Names | undefined;
  #audit: Reading = { ended: -Infinity, cost: 0 };
  #log: Reading = { ended: -Infinity, cost: 0 };
  /** Entries that the log of transactions ever had when its calls were read; none where they were not. */
  #calls: number | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;
  /** Offsets whose names were asked for. */
  #asked = new Set<number>();

  constructor(state: State, clock: () => number) {
    this.#state = state;
    this.#clock = clock;
    state.tab.watch(() => this.#shown());
    for (const atom of [state.diagnosis.logQuery, state.diagnosis.site, state.spotlight, state.chosen]) atom.watch(() => this.#readLogSoon());
  }

  attach(heap: Heap): void {
    this.#heap = heap;
    this.#audit = { ended: -Infinity, cost: 0 };
    this.#log = { ended: -Infinity, cost: 0 };
    this.#calls = undefined;
    this.#state.diagnosis.calls.set(undefined);
  }

  /** Lets go of the heap. */
  detach(): void {
    this.#heap = undefined;
    clearTimeout(this.#later);
  }

  /** Names come from here; where more is known later, all frames are named anew. */
  set symbols(symbols: Names) {
    this.#symbols = symbols;
    symbols.watch(() => {
      if (symbols.state === 'names' || symbols.state === 'lines') this.#nameAgain();
    });
    this.#nameAgain();
  }

  /** After a sample of the heap. */
  sampled(): void {
    const shown = SHOWN.includes(this.#state.tab.value);
    const rest = Math.max(this.#audit.cost * REST, shown ? 0 : NOW_AND_THEN);
    if (this.#clock() - this.#audit.ended >= rest) this.#readAudit();
    if (this.#state.tab.value !== 'log') return;
    if (this.#clock() - this.#log.ended >= this.#log.cost * REST) this.#readLog();
    const { past } = this.#state.diagnosis;
    if (past.value !== undefined) this.ask(past.value.address);
  }

  /** What happened at an address goes into the state; `undefined` ends that. */
  ask(address: number | undefined): void {
    this.#state.diagnosis.past.set(address === undefined ? undefined : { address, entries: this.past(address) });
  }

  /** What happened at an address, newest first; nothing where that cannot be read. */
  past(address: number): readonly LogEntry[] {
    if (reportOf(this.#state.diagnosis.audit.value) === undefined) return [];
    try {
      return this.#heap?.history(address) ?? [];
    } catch {
      return [];
    }
  }

  /** Leaves a text in the memory, which the module carries out. */
  configure(text: string): void {
    const { sent } = this.#state.diagnosis;
    try {
      this.#heap?.configure(text);
      sent.set({ text, sentence: '' });
    } catch (error) {
      sent.set({ text, sentence: sentence(error) });
    }
    this.#readAudit();
  }

  /** The log of transactions as a trace; a sentence where there is none. */
  trace(): Uint8Array | string {
    try {
      return this.#heap?.trace() ?? 'There is no heap.';
    } catch (error) {
      return sentence(error);
    }
  }

  /** A view that was just opened should not wait for the next sample; what is shown of faults is seen. */
  #shown(): void {
    if (this.#heap === undefined) return;
    if (SHOWN.includes(this.#state.tab.value)) this.#readAudit();
    if (this.#state.tab.value === 'log') this.#readLog();
  }

  #readAudit(): void {
    if (this.#heap === undefined) return;
    const { audit, seen } = this.#state.diagnosis;
    const start = this.#clock();
    let read: Audit;
    try {
      read = { report: this.#heap.audit() };
    } catch (error) {
      read = { sentence: sentence(error) };
    }
    audit.set(read);
    const report = reportOf(read);
    if (report !== undefined) this.#readCalls(report);
    const ended = this.#clock();
    this.#audit = { ended, cost: ended - start };
    if (this.#state.tab.value === 'faults' && report !== undefined) seen.set(report.faultsEver);
    if (report !== undefined) this.#name(report);
    if (report !== undefined) this.#watchGrowth(ended, report);
  }

  /** Reads the calls in the log where lifetimes are looked at, and there are others than before. */
  #readCalls({ logs }: AuditReport): void {
    const entries = logs.find(({ name }) => name === CALLS)?.entries ?? 0;
    if (this.#heap === undefined || this.#state.tab.value !== 'sites' || this.#calls === entries) return;
    this.#calls = entries;
    const { calls } = this.#state.diagnosis;
    try {
      calls.set({ list: this.#heap.log({ logs: [CALLS], limit: MOST_CALLS }) });
    } catch (error) {
      calls.set({ sentence: sentence(error) });
    }
  }

  /** Reads what is held once more. Time that a person looks away, or the program rests, does no harm. */
  #watchGrowth(time: number, report: AuditReport): void {
    const { growth, grown } = this.#state.diagnosis;
    growth.value.add(time, report, this.#state.objects.value.objectCaches);
    grown.set(grown.value + 1);
  }

  /** Begins anew to look for what only grows. */
  forgetGrowth(): void {
    this.#state.diagnosis.growth.value.clear();
    this.#readAudit();
  }

  #readLogSoon(): void {
    clearTimeout(this.#later);
    const wait = this.#log.ended + this.#log.cost * REST - this.#clock();
    if (wait > 0) this.#later = setTimeout(() => this.#readLog(), wait);
    else this.#readLog();
  }

  #readLog(): void {
    clearTimeout(this.#later);
    const { logQuery, log } = this.#state.diagnosis;
    const wanted = parsedLog(narrowed(logQuery.value, this.#state.choice()));
    if (this.#heap === undefined || this.#state.tab.value !== 'log' || !('filter' in wanted)) return;
    const start = this.#clock();
    try {
      log.set({ list: this.#heap.log(wanted.filter) });
    } catch (error) {
      log.set({ sentence: sentence(error) });
    }
    const ended = this.#clock();
    this.#log = { ended, cost: ended - start };
  }

  /** Asks for the names of frames that were not seen before. Who knows them is loaded with the first that are shown. */
  #name({ sites }: AuditReport): void {
    const { tab, chosen, diagnosis: { frames } } = this.#state;
    const shown = SHOWN.includes(tab.value) || (tab.value === 'map' && chosen.value !== undefined);
    const symbols = this.#symbols;
    if (symbols === undefined || !shown) return;
    const asked = this.#asked;
    const fresh = new Set(sites.flatMap((site) => site.frames).filter((offset) => !asked.has(offset)));
    if (fresh.size === 0) return;
    for (const offset of fresh) asked.add(offset);
    void symbols.resolve(fresh).then((found) => {
      // Names that were asked for before a debug file came are not those of the file.
      if (asked === this.#asked) frames.set(new Map([...frames.value, ...found]));
    });
  }

  #nameAgain(): void {
    this.#asked = new Set();
    const report = reportOf(this.#state.diagnosis.audit.value);
    if (report !== undefined) this.#name(report);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
