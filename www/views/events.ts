/**
 * The events that go up from the elements, by name and detail. All cross shadow roots, so that `inspector-app` hears them all.
 */
import type { SegmentQuery } from '../model/arenas.ts';
import type { Colouring } from '../model/colouring.ts';
import type { FlameChoice, LifeOrder, LogQuery, SiteOrder } from '../model/diagnosis.ts';
import type { LeakWish } from '../model/leaks.ts';
import type { PastMap } from '../model/map-history.ts';
import type { ObjectOrder } from '../model/objects.ts';
import type { DumpContents } from '../model/records.ts';
import type { SnapshotWish } from '../model/shelf.ts';
import type { Order } from '../model/table.ts';
import type { Tab, Theme } from '../state.ts';

export interface Wishes {
  'show-tab': Tab;
  'set-paused': boolean;
  'set-interval': number;
  'set-theme': Theme;
  'take-sample': undefined;
  'set-order': Order;
  'set-filter': string;
  'set-only-used': boolean;
  'set-granule': number;
  /** The map is to be coloured by something else. */
  'set-colouring': Colouring;
  'find-leaks': LeakWish;
  'stop-finding-leaks': undefined;
  /** An address was chosen; `undefined` ends that. */
  'choose-address': number | undefined;
  /** Only this size class, or object cache (see `spotlightOf`), is to stand out on the map; `undefined` ends that. */
  'set-spotlight': number | undefined;
  /** Another arena is to be looked at, all of its segments. */
  'choose-arena': number;
  /** Other segments are to be listed. */
  'set-query': SegmentQuery;
  /** Another object cache is to be looked at. */
  'choose-cache': number;
  'set-object-order': ObjectOrder;
  'set-object-filter': string;
  /** How object caches are now is to be remembered, or what was is to be forgotten. */
  'remember': boolean;
  /** Something is to be done with snapshots. */
  'snapshots': SnapshotWish;
  /** The part of the time that the chart shows; `undefined` ends that. */
  'set-range': readonly [number, number] | undefined;
  /** The map is to show what it did then; `undefined` is now. */
  'set-moment': PastMap | undefined;
  'run-check': undefined;
  /** Another fault is to be looked at. */
  'choose-fault': number;
  /** Another call site is to be looked at; `undefined` ends that. */
  'choose-site': number | undefined;
  'set-site-order': SiteOrder;
  'set-site-filter': string;
  'set-life-order': LifeOrder;
  'set-flame': FlameChoice;
  'set-log-query': LogQuery;
  /** What happened at an address is to be shown beside the log; `undefined` ends that. */
  'ask-history': number | undefined;
  /** A text such as `audit=lite` is to be left for the module. */
  'configure': string;
  'save-trace': undefined;
  /** The menu of exports is to be opened, or is closed again. */
  'export': boolean;
  /** A file, or what is at an address, is to be looked at. */
  'open-dump': File | string;
  'stop-opening': undefined;
  /** What is looked at is to be saved. */
  'save-dump': DumpContents;
  /** The running program is to be looked at again. */
  'leave-dump': undefined;
  /** What only grows is to be looked for anew. */
  'forget-growth': undefined;
}

export class Wish<K extends keyof Wishes> extends Event {
  readonly detail: Wishes[K];

  constructor(name: K, detail: Wishes[K]) {
    super(name, { bubbles: true, composed: true });
    this.detail = detail;
  }
}

export function wish<K extends keyof Wishes>(from: EventTarget, name: K, detail: Wishes[K]): void {
  from.dispatchEvent(new Wish(name, detail));
}

/** Calls `then` for each `name` that arrives at `at`. */
export function onWish<K extends keyof Wishes>(at: EventTarget, name: K, then: (detail: Wishes[K]) => void): void {
  at.addEventListener(name, (event) => {
    // The name decides the detail's type: only `wish` sends these.
    if (event instanceof Wish) then(event.detail);
  });
}
