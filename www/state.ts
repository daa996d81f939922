/**
 * Every state of the inspector, each with one comment. Relies on the atoms and the model.
 * Elements never write here: they send events, and `inspector-app` and the recorder set what changes.
 */
import { Atom } from './atom.ts';
import { DiagnosisState } from './diagnosis-state.ts';
import { WHOLE, type SegmentPage, type SegmentQuery } from './model/arenas.ts';
import type { Colouring } from './model/colouring.ts';
import { History } from './model/history.ts';
import type { DumpWork, LookedAt } from './model/dumps.ts';
import type { LeakSearch } from './model/leaks.ts';
import type { Moment } from './model/object-history.ts';
import { NOTHING, type ObjectOrder, type Objects } from './model/objects.ts';
import type { ArenaRow, CacheRow, CheckReport, HeapMap, Layer, Summary, Target, Verdict } from './model/records.ts';
import { GENTLE } from './model/pace.ts';
import { chosenCache, type Choice } from './model/selection.ts';
import { EMPTY, type Shelf } from './model/shelf.ts';
import type { Order } from './model/table.ts';

export const TABS = ['overview', 'caches', 'objects', 'arenas', 'map', 'snapshots', 'leaks', 'sites', 'log', 'faults', 'check'] as const;
export type Tab = (typeof TABS)[number];

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Sampling intervals that can be chosen, in milliseconds; the first one leaves it to the page. */
export const INTERVALS = [GENTLE, 100, 250, 500, 1000, 2000, 5000] as const;

/** Whether there is a heap to look at. */
export type Phase =
  | { kind: 'loading'; sentence: string }
  | { kind: 'failed'; sentence: string }
  | { kind: 'attached' };

export class State {
  /** Whether there is a heap to look at, and why not. */
  readonly phase = new Atom<Phase>({ kind: 'loading', sentence: 'Loading the inspector and the program …' });
  /** Why the last reading of the heap failed; empty when it did not. */
  readonly trouble = new Atom('');

  /** The newest sample. */
  readonly summary = new Atom<Summary | undefined>(undefined);
  /** Size classes of the newest sample, used or not. */
  readonly caches = new Atom<readonly CacheRow[]>([]);
  /** Arenas of the newest sample. */
  readonly arenas = new Atom<readonly ArenaRow[]>([]);
  /** Object caches, budgets and the last refusal of the newest sample. */
  readonly objects = new Atom<Objects>(NOTHING);
  /** All samples; changes inside, `touch`ed after each sample. */
  readonly history = new Atom(new History());
  /** Why memory is high; read only while it is looked at. */
  readonly verdict = new Atom<Verdict | undefined>(undefined);
  /** Milliseconds that the newest sample took. */
  readonly cost = new Atom(0);

  /** The newest map; taken only while it is looked at. */
  readonly map = new Atom<HeapMap | undefined>(undefined);
  /** What the map's cells are coloured by, and the layer for that where it is not in the map itself. */
  readonly colouring = new Atom<Colouring>('owner');
  readonly layer = new Atom<Layer | undefined>(undefined);
  /** Bytes per cell that the map on the screen asks for; 0 before it is laid out. */
  readonly granule = new Atom(0);
  /** The address that is chosen in all views. */
  readonly chosen = new Atom<number | undefined>(undefined);
  /** The size class, or object cache, that is chosen in all views: the map shows it alone. */
  readonly spotlight = new Atom<number | undefined>(undefined);

  /** The arena that is looked at, and which of its segments; one value, because a filter is of one arena. */
  readonly query = new Atom<SegmentQuery>(WHOLE);
  /** What the query came to; read only while it is looked at. */
  readonly segments = new Atom<SegmentPage | undefined>(undefined);

  /** The memory that is looked at, and what is known of it besides. */
  readonly target = new Atom<Target | undefined>(undefined);
  /** The search for leaks that runs, or what came of the last one. */
  readonly leaks = new Atom<LeakSearch>({ kind: 'none' });
  /** The dump that is looked at instead of the running program. */
  readonly dump = new Atom<LookedAt | undefined>(undefined);
  /** What is done with dumps now, or what came of it. */
  readonly dumpWork = new Atom<DumpWork>({ kind: 'none' });
  /** The report of the last check of the heap. */
  readonly report = new Atom<CheckReport | undefined>(undefined);

  /** Whether sampling rests. */
  readonly paused = new Atom(false);
  /** Milliseconds between samples that a person chose. */
  readonly interval = new Atom<number>(GENTLE);
  /** Milliseconds that there are between samples now; undefined where none are taken. */
  readonly every = new Atom<number | undefined>(undefined);
  /** The view that is shown. */
  readonly tab = new Atom<Tab>('overview');
  /** The chosen theme. */
  readonly theme = new Atom<Theme>('auto');
  /** What the theme comes to: canvases need to know. */
  readonly dark = new Atom(false);

  /** Order of the cache table. */
  readonly order = new Atom<Order>({ key: 'liveBytes', descending: true });
  /** Filter text of the cache table. */
  readonly filter = new Atom('');
  /** Whether the cache table leaves out size classes that were never used. */
  readonly onlyUsed = new Atom(true);

  /** Order of the table of object caches. */
  readonly objectOrder = new Atom<ObjectOrder>({ key: 'memoryBytes', descending: true });
  /** Filter text of the table of object caches. */
  readonly objectFilter = new Atom('');
  /** How object caches were when a person asked to remember it. */
  readonly moment = new Atom<Moment | undefined>(undefined);

  /** Snapshots that were taken, and how they are compared. */
  readonly snapshots = new Atom<Shelf>(EMPTY);
  /** The part of the time that the chart shows, in seconds since the recording began. */
  readonly range = new Atom<readonly [number, number] | undefined>(undefined);

  /** What is known and asked of faults, call sites and logs. */
  readonly diagnosis = new DiagnosisState();

  /** Whether what changes now comes of a sample that nobody asked for: drawing it can wait a little. */
  unasked = false;

  /** What is chosen in all views. */
  choice(): Choice {
    const { spotlight, caches, objects, diagnosis, chosen, range } = this;
    return { cache: chosenCache(spotlight.value, caches.value, objects.value.objectCaches), site: diagnosis.site.value, address: chosen.value, range: range.value };
  }

  /** All of them, for the one element that shows all. */
  atoms(): { watch(watcher: () => void): () => void }[] {
    return [
      this.phase, this.trouble, this.summary, this.verdict, this.caches, this.arenas, this.history, this.cost, this.map, this.colouring, this.layer, this.granule, this.chosen,
      this.spotlight, this.query, this.segments, this.report, this.paused, this.interval, this.every, this.tab, this.theme, this.dark, this.order, this.filter, this.onlyUsed,
      this.objects, this.objectOrder, this.objectFilter, this.moment, this.target, this.leaks, this.snapshots, this.range, this.dump, this.dumpWork, ...this.diagnosis.atoms(),
    ];
  }
}

