/**
 * `<inspector-app .state .recorder .symbols ?alone>`: the whole inspector. Hands the state down to the views and turns their wishes into changes of it.
 * The program that is looked at has a place of its own, the slot `program`, unless the inspector is `alone`; nothing else is known of it here.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { chosenArena, WHOLE } from '../model/arenas.ts';
import { reportOf } from '../model/diagnosis.ts';
import type { DumpDesk } from '../dump-desk.ts';
import type { LeakFinder } from '../leak-finder.ts';
import { bytes, plural } from '../model/format.ts';
import type { LeakWish } from '../model/leaks.ts';
import type { ArenaRow, LogEntry } from '../model/records.ts';
import { litNumber, spotlightOf } from '../model/objects.ts';
import { GENTLE } from '../model/pace.ts';
import type { Known } from '../model/search.ts';
import { isNoChoice, type Choice } from '../model/selection.ts';
import type { SnapshotWish } from '../model/shelf.ts';
import type { Recorder } from '../recorder.ts';
import type { SnapshotKeeper } from '../snapshot-keeper.ts';
import { TABS, type State, type Tab } from '../state.ts';
import type { SymbolStore } from '../symbols.ts';
import { onWish, wish } from './events.ts';
import { LazyUpdate } from './lazy-update.ts';
import './selection-bar.ts';
import { sheet } from './sheet.ts';
import './arenas-view.ts';
import './cache-table.ts';
import './check-view.ts';
import './heap-map.ts';
import './overview-view.ts';
import { NAMES } from './tool-bar.ts';

/** Views that come when they are first asked for: the element in the page becomes one then, and what it says until then goes. */
const LATER: { readonly [tab in Tab]?: () => Promise<unknown> } = {
  objects: () => import('./objects-view.ts'),
  snapshots: () => import('./snapshots-view.ts'),
  leaks: () => import('./leaks-view.ts'),
  sites: () => import('./sites-view.ts'),
  log: () => import('./log-view.ts'),
  faults: () => import('./faults-view.ts'),
};

export class InspectorApp extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
.page { display: grid; grid-template-columns: 330px minmax(0, 1fr); gap: 20px; padding: 20px; max-width: 1720px; margin: 0 auto; align-items: start; }
aside { position: sticky; top: 76px; max-height: calc(100vh - 96px); overflow: auto; border-radius: var(--radius); }
main { display: grid; gap: 16px; min-width: 0; }
.panel { display: grid; gap: 16px; min-width: 0; }
.panel > * { min-width: 0; }
.panel > p.card { margin: 0; font-size: 14px; }
.state { padding: 64px 20px; text-align: center; }
.state h2 { font-size: 18px; margin-bottom: 8px; }
.notice .grow { flex: 1 1 260px; min-width: 0; overflow-wrap: anywhere; }
.notice.row { flex-wrap: nowrap; }
dump-bar:not(:defined) { display: block; min-height: 46px; }
.state p { max-width: 56ch; margin: 0 auto; color: var(--muted); }
:host([alone]) .page { grid-template-columns: minmax(0, 1fr); }
:host([alone]) aside { display: none; }
@container (max-width: 960px) {
  .page { grid-template-columns: minmax(0, 1fr); padding: 12px; gap: 14px; }
  .notice.row { flex-wrap: wrap; }
  aside { position: static; max-height: none; }
}
`];
  static override properties = { state: { attribute: false }, recorder: { attribute: false }, symbols: { attribute: false }, failed: { state: true }, exporting: { state: true } };
  declare state: State | undefined;
  declare recorder: Recorder | undefined;
  /** Names of the functions in call sites, where there are any. */
  declare symbols: SymbolStore | undefined;
  /** Views that could not be loaded. */
  declare failed: ReadonlySet<Tab>;
  /** Whether the menu of exports is open, or could not be loaded. */
  declare exporting: boolean | 'failed';
  #stops: (() => void)[] = [];
  readonly #lazy = new LazyUpdate(this);
  #finder: LeakFinder | undefined;
  #keeper: Promise<SnapshotKeeper> | undefined;
  #desk: DumpDesk | undefined;

  constructor() {
    super();
    this.failed = new Set();
    this.exporting = false;
    onWish(this, 'show-tab', (tab) => this.state?.tab.set(tab));
    onWish(this, 'set-paused', (paused) => this.state?.paused.set(paused));
    onWish(this, 'set-interval', (interval) => this.state?.interval.set(interval));
    onWish(this, 'set-theme', (theme) => this.state?.theme.set(theme));
    onWish(this, 'take-sample', () => void this.recorder?.fresh());
    onWish(this, 'set-order', (order) => this.state?.order.set(order));
    onWish(this, 'set-filter', (filter) => this.state?.filter.set(filter));
    onWish(this, 'set-only-used', (only) => this.state?.onlyUsed.set(only));
    onWish(this, 'set-granule', (granule) => this.state?.granule.set(granule));
    onWish(this, 'set-colouring', (colouring) => this.state?.colouring.set(colouring));
    onWish(this, 'choose-address', (address) => this.state?.chosen.set(address));
    onWish(this, 'set-spotlight', (spotlight) => this.state?.spotlight.set(spotlight));
    onWish(this, 'choose-arena', (arena) => this.#chooseArena(arena));
    onWish(this, 'set-query', (query) => this.state?.query.set(query));
    onWish(this, 'choose-cache', (number) => this.state?.spotlight.set(spotlightOf({ number })));
    onWish(this, 'set-object-order', (order) => this.state?.objectOrder.set(order));
    onWish(this, 'set-object-filter', (filter) => this.state?.objectFilter.set(filter));
    onWish(this, 'remember', (remember) => this.state?.moment.set(remember ? this.state.history.value.objects.last : undefined));
    onWish(this, 'find-leaks', (wanted) => void this.#findLeaks(wanted));
    onWish(this, 'stop-finding-leaks', () => this.#finder?.stop());
    onWish(this, 'snapshots', (wanted) => void this.#snapshots(wanted));
    onWish(this, 'set-range', (range) => this.state?.range.set(range));
    onWish(this, 'run-check', () => this.recorder?.check());
    onWish(this, 'choose-fault', (fault) => this.state?.diagnosis.fault.set(fault));
    onWish(this, 'choose-site', (site) => this.state?.diagnosis.site.set(site));
    onWish(this, 'set-site-order', (order) => this.state?.diagnosis.siteOrder.set(order));
    onWish(this, 'set-site-filter', (filter) => this.state?.diagnosis.siteFilter.set(filter));
    onWish(this, 'set-life-order', (order) => this.state?.diagnosis.lifeOrder.set(order));
    onWish(this, 'set-flame', (choice) => this.state?.diagnosis.flame.set(choice));
    onWish(this, 'set-log-query', (query) => this.state?.diagnosis.logQuery.set(query));
    onWish(this, 'ask-history', (address) => this.recorder?.diagnosis.ask(address));
    onWish(this, 'configure', (text) => this.recorder?.diagnosis.configure(text));
    onWish(this, 'forget-growth', () => this.recorder?.diagnosis.forgetGrowth());
    onWish(this, 'export', (open) => void this.#export(open));
    onWish(this, 'save-trace', () => this.#saveTrace());
    onWish(this, 'open-dump', (source) => void this.#withDesk((desk) => desk.open(source)));
    onWish(this, 'stop-opening', () => this.#desk?.stop());
    onWish(this, 'save-dump', (contents) => void this.#withDesk((desk) => desk.save(contents, document.title)));
    onWish(this, 'leave-dump', () => this.#desk?.leave());
  }

  protected override firstUpdated(): void {
    if (!this.hasAttribute('alone')) import('./dump-bar.ts').catch(() => this.state?.dumpWork.set({ kind: 'failed', sentence: 'What opens and saves dumps could not be loaded (dump-bar.js).' }));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#onKey);
    this.#lazy.stop();
    this.#finder?.stop();
    void this.#keeper?.then((keeper) => keeper.rest());
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('state')) return;
    for (const stop of this.#stops) stop();
    this.#finder?.stop();
    this.#finder = undefined;
    void this.#keeper?.then((keeper) => keeper.rest());
    this.#keeper = undefined;
    const { state } = this;
    const draw = (): void => state?.unasked === true && state.interval.value === GENTLE ? this.#lazy.ask() : this.requestUpdate();
    this.#stops = (state?.atoms() ?? []).map((atom) => atom.watch(draw));
  }

  protected override render(): TemplateResult {
    const { state } = this;
    if (state === undefined) return html``;
    const tab = state.tab.value;
    const choice = state.choice();
    return html`
      <tool-bar part="toolbar" .tab=${tab} .known=${this.#known(state)} .paused=${state.paused.value} .interval=${state.interval.value} .theme=${state.theme.value}
        .ready=${state.phase.value.kind === 'attached'} .faults=${reportOf(state.diagnosis.audit.value)?.faultsEver ?? 0}></tool-bar>
      <div class="page">
        <aside aria-label="The program"><slot name="program"></slot></aside>
        <main part="content">
          ${state.trouble.value === '' ? nothing : html`<p class="notice bad" role="alert">The heap cannot be read: ${state.trouble.value}</p>`}
          ${this.exporting === 'failed' ? html`<p class="notice bad" role="alert">The menu of exports could not be loaded (export-menu.js).</p>` : nothing}
          ${this.#newFault(state)}
          ${this.hasAttribute('alone') ? nothing : html`<dump-bar .dump=${state.dump.value} .work=${state.dumpWork.value} .ready=${state.phase.value.kind}></dump-bar>`}
          ${isNoChoice(choice) ? nothing : html`<selection-bar .choice=${choice}></selection-bar>`}
          <div class="panel" role="tabpanel" aria-label=${tab}>${this.#view(state, choice)}</div>
        </main>
      </div>
      ${this.exporting === true ? html`<export-menu .state=${state} .recorder=${this.recorder} .symbols=${this.symbols}></export-menu>` : nothing}`;
  }

  /** The menu of exports comes when it is first asked for, too. */
  async #export(open: boolean): Promise<void> {
    this.exporting = open && await import('./export-menu.ts').then(() => true as const, () => 'failed' as const);
  }

  #view(state: State, choice: Choice): TemplateResult {
    const phase = state.phase.value;
    if (phase.kind === 'loading') return html`<div class="card state" role="status"><p>${phase.sentence}</p></div>`;
    if (phase.kind === 'failed') return html`<div class="card state" role="alert"><h2>Nothing to inspect</h2><p>${phase.sentence}</p></div>`;
    const summary = state.summary.value;
    const history = state.history.value;
    const recorded = history.recorded;
    const caches = state.caches.value;
    const { diagnosis } = state;
    const names = [...new Set(state.objects.value.objectCaches.map(({ name }) => name))];
    switch (state.tab.value) {
      case 'overview':
        return html`<overview-view .summary=${summary} .verdict=${state.verdict.value} .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value}
          .objects=${state.objects.value} .snapshots=${state.snapshots.value.entries} .range=${state.range.value} .history=${history} .recorded=${recorded} .dark=${state.dark.value}></overview-view>`;
      case 'caches':
        return html`
          <section class="card"><cache-table .rows=${caches} .history=${history} .recorded=${recorded} .order=${state.order.value}
            .filter=${state.filter.value} .onlyUsed=${state.onlyUsed.value} .chosen=${state.spotlight.value}></cache-table></section>
          ${this.#arenasNote(state.arenas.value)}`;
      case 'objects':
        return html`<objects-view .objects=${state.objects.value} .history=${history.objects} .recorded=${recorded} .chosen=${litNumber(state.spotlight.value)}
          .order=${state.objectOrder.value} .filter=${state.objectFilter.value} .moment=${state.moment.value}>${this.#later('objects')}</objects-view>`;
      case 'arenas':
        return html`<arenas-view .rows=${state.arenas.value} .query=${state.query.value} .page=${state.segments.value} .choice=${choice}></arenas-view>`;
      case 'map':
        return html`<section class="card"><heap-map .map=${state.map.value} .colouring=${state.colouring.value} .layer=${state.layer.value} .summary=${summary} .caches=${caches} .objects=${state.objects.value.objectCaches} .look=${this.#look}
          .past=${this.#past} .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value}
          .chosen=${state.chosen.value} .spotlight=${state.spotlight.value} .dark=${state.dark.value} .recorded=${recorded} .history=${history} .range=${state.range.value}></heap-map></section>`;
      case 'snapshots':
        return html`<snapshots-view .choice=${choice} .shelf=${state.snapshots.value} .peaks=${history.peaks} .recorded=${recorded} .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value}>${this.#later('snapshots')}</snapshots-view>`;
      case 'leaks':
        return html`<leaks-view .choice=${choice} .search=${state.leaks.value} .known=${state.target.value?.roots !== undefined}
          .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value}>${this.#later('leaks')}</leaks-view>`;
      case 'sites':
        return html`<sites-view .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value} .symbols=${this.symbols} .chosen=${diagnosis.site.value} .growth=${diagnosis.growth.value} .grown=${diagnosis.grown.value}
          .order=${diagnosis.siteOrder.value} .filter=${diagnosis.siteFilter.value} .flame=${diagnosis.flame.value} .calls=${diagnosis.calls.value} .lifeOrder=${diagnosis.lifeOrder.value}>${this.#later('sites')}</sites-view>`;
      case 'log':
        return html`<log-view .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value} .page=${diagnosis.log.value} .query=${diagnosis.logQuery.value} .choice=${choice} .past=${diagnosis.past.value}
          .caches=${names} .trouble=${diagnosis.traceTrouble.value}>${this.#later('log')}</log-view>`;
      case 'faults':
        return html`<faults-view .choice=${choice} .audit=${diagnosis.audit.value} .frames=${diagnosis.frames.value} .symbols=${this.symbols} .chosen=${diagnosis.fault.value}
          .caches=${names} .sent=${diagnosis.sent.value}>${this.#later('faults')}</faults-view>`;
      case 'check':
        return html`<check-view .report=${state.report.value} .summary=${summary} .cost=${state.cost.value} .every=${state.every.value}></check-view>`;
    }
  }

  /** Loads a view, and is what stands in its place until it comes. */
  #later(tab: Tab): TemplateResult {
    LATER[tab]?.().catch(() => {
      if (!this.failed.has(tab)) this.failed = new Set([...this.failed, tab]);
    });
    return html`<p class="card state" role="status">${this.failed.has(tab) ? `This view could not be loaded (${tab}-view.js).` : 'Loading …'}</p>`;
  }

  /** What looks for leaks comes when it is first asked for, too. */
  async #findLeaks(wanted: LeakWish): Promise<void> {
    const { state } = this;
    const target = state?.target.value;
    if (state === undefined || target === undefined) return;
    try {
      const { LeakFinder } = await import('../leak-finder.ts');
      this.#finder ??= new LeakFinder(state.leaks);
      await this.#finder.start(target, wanted);
    } catch {
      state.leaks.set({ kind: 'failed', sentence: 'what looks for them could not be loaded (leak-finder.js).' });
    }
  }

  /** What opens and saves dumps comes when it is first asked for. */
  async #withDesk(then: (desk: DumpDesk) => Promise<void>): Promise<void> {
    const { state, recorder } = this;
    if (state === undefined || recorder === undefined) return;
    try {
      const { DumpDesk } = await import('../dump-desk.ts');
      this.#desk ??= new DumpDesk(state, recorder);
      await then(this.#desk);
    } catch {
      state.dumpWork.set({ kind: 'failed', sentence: 'What opens and saves dumps could not be loaded (dump-desk.js).' });
    }
  }

  /** Where the search box looks. */
  #known(state: State): Known {
    return {
      caches: state.caches.value, objectCaches: state.objects.value.objectCaches, arenas: state.arenas.value, report: reportOf(state.diagnosis.audit.value),
      memoryBytes: state.summary.value?.memoryBytes ?? 0, views: TABS.map((id) => ({ id, name: NAMES[id] })),
    };
  }

  /** So does what takes and compares snapshots. */
  async #snapshots(wanted: SnapshotWish): Promise<void> {
    const { state, recorder } = this;
    if (state === undefined || recorder === undefined) return;
    try {
      this.#keeper ??= import('../snapshot-keeper.ts').then(({ SnapshotKeeper }) => new SnapshotKeeper(state, recorder));
      await (await this.#keeper).do(wanted);
    } catch {
      this.#keeper = undefined;
      state.snapshots.set({ ...state.snapshots.value, trouble: 'What takes snapshots could not be loaded (snapshot-keeper.js).' });
    }
  }

  /** `s` takes a snapshot in any view, but where a person writes; within another page only where the inspector has the focus. */
  readonly #onKey = (event: KeyboardEvent): void => {
    const path = event.composedPath();
    const [at] = path;
    if (!path.includes(this) && (at !== document.body || document.querySelector('inspector-app') !== this)) return;
    const writes = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
    if (event.key !== 's' || event.ctrlKey || event.metaKey || event.altKey || event.repeat || writes) return;
    void this.#snapshots({ kind: 'take' });
  };

  /** News that nobody should have to look for. */
  #newFault({ tab, diagnosis }: State): TemplateResult | typeof nothing {
    const report = reportOf(diagnosis.audit.value);
    const fresh = (report?.faultsEver ?? 0) - diagnosis.seen.value;
    const last = report?.faults.reduce((a, b) => a.id > b.id ? a : b, report.faults[0] ?? { id: 0, sentence: '' });
    if (fresh <= 0 || last === undefined || tab.value === 'faults') return nothing;
    return html`<div class="notice bad row spread" role="alert"><span class="grow">${fresh === 1 ? 'A fault was found' : `${plural(fresh, 'fault')} were found, the last one`}: ${last.sentence}</span>
      <button @click=${() => wish(this, 'show-tab', 'faults')}>Show faults</button></div>`;
  }

  /** The log of transactions as a file. */
  #saveTrace(): void {
    const { recorder, state } = this;
    if (recorder === undefined || state === undefined) return;
    const trace = recorder.diagnosis.trace();
    state.diagnosis.traceTrouble.set(typeof trace === 'string' ? trace : '');
    if (typeof trace === 'string') return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([new Uint8Array(trace)], { type: 'application/octet-stream' }));
    link.download = 'log.trace';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  /** Where the caches' slabs and segments come from, in short. */
  #arenasNote(rows: readonly ArenaRow[]): TemplateResult {
    const heap = chosenArena(rows, undefined);
    if (heap === undefined) return html``;
    const others = rows.length > 1 ? ` ${plural(rows.length - 1, 'other arena')} ${rows.length === 2 ? 'has its' : 'have their'} records in it.` : '';
    return html`<p class="card row spread"><span>Slabs and segments come from the arena ${heap.name}: ${bytes(heap.inUse)} of ${bytes(heap.total)} are in use.${others}</span>
      <button @click=${() => wish(this, 'show-tab', 'arenas')}>Show arenas</button></p>`;
  }

  /** Filters are of one arena: another begins with all of its segments. */
  #chooseArena(arena: number): void {
    const { state } = this;
    if (state !== undefined && state.query.value.arena !== arena) state.query.set({ ...WHOLE, arena });
  }

  readonly #past = (address: number): readonly LogEntry[] => this.recorder?.diagnosis.past(address) ?? [];
  readonly #look = (address: number): ReturnType<Recorder['look']> => this.recorder?.look(address);
}

customElements.define('inspector-app', InspectorApp);
