/**
 * `<heap-map .map .summary .caches .objects .look .history>`: all of memory on a canvas, from one glance down to single objects; and as it was.
 *
 * The canvas sticks to the window of a scrolling box whose content is as high as the whole grid, so scrolling is the browser's own.
 * Sends `set-granule` when the zoom needs a map with other cells, `choose-address`, and `set-spotlight`.
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { COLOURING_NAMES, COLOURINGS, valuesOf, type Colouring } from '../model/colouring.ts';
import type { Audit } from '../model/diagnosis.ts';
import { address as written, bytes, parseAddress, plural } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { addressAt, cellOf, layout, nearest, scrollTo, step, zooms, type Grid, type Zoom } from '../model/heat.ts';
import type { History } from '../model/history.ts';
import type { PastMap } from '../model/map-history.ts';
import { litClass, spotlightOf } from '../model/objects.ts';
import { LEGEND, OWNERS } from '../model/palette.ts';
import type { CacheRow, HeapMap, LogEntry, Layer, ObjectCacheRow, Summary, Whatis } from '../model/records.ts';
import { onWish, wish } from './events.ts';
import { MapPainter } from './map-painter.ts';
import { sheet } from './sheet.ts';
import './address-panel.ts';
import './colour-key.ts';
import './term-hint.ts';

export class HeapMapView extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
.stage { display: grid; grid-template-columns: minmax(0, 1fr) 320px; gap: 18px; margin-top: 12px; }
.window { height: clamp(300px, 62vh, 760px); overflow-y: scroll; overflow-x: hidden; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); position: relative; }
.window:focus-visible { outline-offset: 1px; }
canvas { position: sticky; top: 0; display: block; width: 100%; height: 100%; cursor: crosshair; touch-action: pan-y; }
.tall { width: 1px; }
[inert] { opacity: .4; }
.legend { margin-top: 12px; gap: 6px 8px; }
.legend button { min-height: 28px; padding: 1px 9px; font-size: 13px; display: inline-flex; align-items: center; gap: 7px; }
.ramp { display: inline-block; width: 26px; height: 12px; border-radius: 3px; border: 1px solid color-mix(in srgb, var(--text) 28%, transparent); }
.o0 { background: var(--part-foreign); } .o1 { background: var(--part-static); } .o2 { background: var(--part-stack); } .o5 { background: var(--part-arena-free); } .o6 { background: var(--part-metadata); } .o7 { background: var(--part-magazines); }
.o3 { background: linear-gradient(90deg, var(--part-slab-free), var(--part-live)); } .o4 { background: linear-gradient(90deg, var(--part-slab-free), var(--part-large)); }
.live { background: var(--part-live); } .magazine { background: var(--part-magazines); } .free { background: var(--part-arena-free); } .rest { background: var(--part-slab-free); }
form { margin: 0; }
form input { width: 150px; font-family: var(--mono); }
.zoom button { min-width: 34px; padding: 3px 8px; }
.zoom output { min-width: 118px; text-align: center; font-size: 13.5px; font-variant-numeric: tabular-nums; }
select { max-width: 190px; }
@container (max-width: 820px) { .stage { grid-template-columns: minmax(0, 1fr); } .window { height: clamp(260px, 46vh, 520px); } }
`];
  static override properties = {
    map: { attribute: false }, colouring: {}, layer: { attribute: false }, summary: { attribute: false }, caches: { attribute: false }, objects: { attribute: false }, look: { attribute: false }, past: { attribute: false }, audit: { attribute: false },
    frames: { attribute: false }, chosen: { type: Number },
    spotlight: { type: Number }, dark: { type: Boolean }, recorded: { type: Number }, history: { attribute: false }, range: { attribute: false },
    moment: { state: true }, scrubber: { state: true }, zoom: { state: true }, cursor: { state: true }, hovering: { state: true }, owner: { state: true }, mistake: { state: true }, size: { state: true },
  };
  declare map: HeapMap | undefined;
  /** What cells are coloured by, and the layer for that. */
  declare colouring: Colouring;
  declare layer: Layer | undefined;
  declare summary: Summary | undefined;
  declare caches: readonly CacheRow[];
  declare objects: readonly ObjectCacheRow[];
  /** What lies at an address now: the map asks for slabs in view and for the address under the pointer. */
  declare look: (address: number) => Whatis | undefined;
  /** What happened to the object at an address: asked for the chosen one only. */
  declare past: (address: number) => readonly LogEntry[];
  declare audit: Audit;
  declare frames: Frames;
  declare chosen: number | undefined;
  declare spotlight: number | undefined;
  declare dark: boolean;
  declare recorded: number;
  /** What the map showed before, and the part of the time that was chosen on the chart. */
  declare history: History | undefined;
  declare range: readonly [number, number] | undefined;
  /** What is shown of it instead of now. */
  declare moment: PastMap | undefined;
  /** What stands in the place of the scrubber, which comes with the map. */
  declare scrubber: string;
  /** What was zoomed to; `undefined` is the whole memory, also when it grows. */
  declare zoom: Zoom | undefined;
  /** The address that pointer or keys are at. */
  declare cursor: number | undefined;
  declare hovering: boolean;
  declare owner: number | undefined;
  declare mistake: string;
  declare size: { width: number; height: number };
  #painter: MapPainter | undefined;
  #watch: ResizeObserver | undefined;
  #frame = 0;

  constructor() {
    super();
    this.colouring = 'owner';
    this.caches = [];
    this.objects = [];
    this.look = () => undefined;
    this.past = () => [];
    this.frames = new Map();
    this.dark = false;
    this.recorded = 0;
    this.hovering = false;
    this.mistake = '';
    this.size = { width: 0, height: 0 };
    this.scrubber = '';
    onWish(this, 'set-moment', (moment) => { this.moment = moment; });
  }

  protected override firstUpdated(): void {
    import('./map-scrubber.ts').catch(() => { this.scrubber = 'What shows the map’s past could not be loaded (map-scrubber.js).'; });
  }

  protected override willUpdate(changed: PropertyValues): void {
    // Another heap has another past, and an address is one of now.
    if (changed.has('history') || changed.has('chosen')) this.moment = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  #steps(): Zoom[] {
    if (this.summary === undefined || this.size.width === 0) return [];
    return zooms(this.summary.memoryBytes, this.summary.quantum, this.size.width, this.size.height);
  }

  #grid(): Grid | undefined {
    const steps = this.#steps();
    const zoom = steps[nearest(steps, this.zoom)];
    if (zoom === undefined || this.summary === undefined) return undefined;
    return layout(this.summary.memoryBytes, zoom, this.size.width);
  }

  protected override render(): TemplateResult {
    const grid = this.#grid();
    const steps = this.#steps();
    const level = nearest(steps, this.zoom);
    const past = this.moment !== undefined;
    const byOwner = past || this.colouring === 'owner';
    const shown = this.cursor ?? this.chosen;
    const found = shown === undefined ? undefined : this.look(shown);
    return html`
      <div class="row spread">
        <h2>Heap map</h2>
        <div class="row" ?inert=${past}>
          <label>Colour by <select aria-label="Colour by" @change=${this.#onColouring}>
            ${COLOURINGS.map((colouring) => html`<option value=${colouring} ?selected=${colouring === this.colouring}>${COLOURING_NAMES[colouring]}</option>`)}
          </select></label>
          <label>Size class <select aria-label="Show one size class" @change=${this.#onSpotlight}>
            <option value="" .selected=${this.spotlight === undefined}>all</option>
            ${this.caches.filter((row) => row.slabs + row.live + row.magazineRounds > 0 || row.class === this.spotlight).map((row) => html`<option value=${row.class} .selected=${row.class === this.spotlight}>${row.name}</option>`)}
            ${this.objects.length === 0 ? '' : html`<optgroup label="Object caches">${this.objects.map((row) => html`<option value=${spotlightOf(row)} .selected=${spotlightOf(row) === this.spotlight}>${row.name}</option>`)}</optgroup>`}
          </select></label>
          <form class="row" @submit=${this.#onSearch}>
            <input type="text" aria-label="Address to find" placeholder="0x00010000" autocomplete="off" spellcheck="false" aria-invalid=${this.mistake !== ''}>
            <button>Find</button></form>
          <div class="row zoom" role="group" aria-label="Zoom">
            <button aria-label="Zoom out" ?disabled=${level === 0} @click=${() => this.#zoomBy(-1)}>−</button>
            <output>${grid === undefined ? '' : `1 cell = ${bytes(grid.granule)}`}</output>
            <button aria-label="Zoom in" ?disabled=${level >= steps.length - 1} @click=${() => this.#zoomBy(1)}>+</button>
            <button ?disabled=${level === 0} @click=${() => { this.zoom = undefined; }}>Whole memory</button>
          </div>
        </div>
      </div>
      ${this.mistake === '' || past ? '' : html`<p class="notice bad" role="alert">${this.mistake}</p>`}
      ${byOwner ? '' : html`<colour-key .colouring=${this.colouring} .layer=${this.layer} .audit=${this.audit} .frames=${this.frames}></colour-key>`}
      <div class="row legend" ?hidden=${!byOwner} role="group" aria-label="Legend; a button shows one owner alone">
        ${LEGEND.map((code) => [code, OWNERS[code]] as const).map(([code, owner]) => owner === undefined ? '' : html`<term-hint plain term=${owner.term}><button aria-pressed=${this.owner === code}
          @click=${() => { this.owner = this.owner === code ? undefined : code; }}><span class="ramp o${code}" aria-hidden="true"></span>${owner.label}</button></term-hint>`)}
        <span class="small muted">${grid !== undefined && grid.lines > 0 && !past
          ? html`In slabs: <span class="swatch live"></span> live <span class="swatch magazine"></span> in a magazine <span class="swatch free"></span> free <span class="swatch rest"></span> rest of the slab`
          : 'The stronger the colour, the more of a slab is live.'}</span>
      </div>
      <map-scrubber .history=${this.history} .recorded=${this.recorded} .range=${this.range} .moment=${this.moment} .owner=${this.owner} .summary=${this.summary} .dark=${this.dark}>${this.scrubber}</map-scrubber>
      <div class="stage" ?hidden=${past}>
        <div class="window" tabindex="0" role="application" aria-roledescription="heap map"
          aria-label="Map of memory: arrow keys move, plus and minus zoom, Enter chooses, Escape lets go" aria-describedby="where"
          @keydown=${this.#onKey} @scroll=${this.#paint} @wheel=${this.#onWheel}
          @pointermove=${this.#onPointer} @pointerleave=${this.#onLeave} @click=${this.#onClick}>
          <canvas aria-hidden="true"></canvas><div class="tall"></div></div>
        <div>
          <address-panel .found=${found} .caches=${this.caches} .chosen=${shown !== undefined && shown === this.chosen}
            .past=${shown !== undefined && shown === this.chosen ? this.past(shown) : []} .audit=${this.audit} .frames=${this.frames}></address-panel>
          <p class="visually-hidden" id="where" aria-live="polite">${this.#spoken(grid, found)}</p>
        </div>
      </div>`;
  }

  #spoken(grid: Grid | undefined, found: Whatis | undefined): string {
    if (grid === undefined) return '';
    if (found === undefined) return `${plural(grid.cells, 'cell')} of ${bytes(grid.granule)}, ${plural(grid.columns, 'column')}.`;
    // Only what the keys reached is spoken: a pointer would talk without end.
    return this.hovering ? '' : found.sentence;
  }

  #window(): HTMLElement | undefined {
    const found = this.renderRoot.querySelector('.window');
    return found instanceof HTMLElement ? found : undefined;
  }

  protected override updated(changed: PropertyValues): void {
    const view = this.#window();
    const canvas = this.renderRoot.querySelector('canvas');
    const tall = this.renderRoot.querySelector('.tall');
    if (view === undefined || canvas === null || !(tall instanceof HTMLElement)) return;
    this.#painter ??= new MapPainter(canvas, this.renderRoot);
    if (changed.has('dark')) this.#painter.recolour();
    if (this.#watch === undefined) {
      this.#watch = new ResizeObserver(() => {
        if (view.clientWidth > 0) this.size = { width: view.clientWidth, height: view.clientHeight };
      });
      this.#watch.observe(view);
    }
    const grid = this.#grid();
    if (grid === undefined) return;
    // The sticky canvas takes one window of the height; negative room is what a grid lower than the window has.
    tall.style.setProperty('height', `${Math.max(0, grid.rows * grid.edge - this.size.height)}px`);
    if (this.map?.granule !== grid.granule) wish(this, 'set-granule', grid.granule);
    if (changed.has('chosen') && this.chosen !== undefined) this.#reveal(this.chosen);
    this.#paint();
  }

  readonly #paint = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const grid = this.#grid();
      const view = this.#window();
      if (grid === undefined || view === undefined || this.moment !== undefined || this.map?.granule !== grid.granule) return;
      const cell = (address: number | undefined): number | undefined => address === undefined ? undefined : cellOf(grid, address);
      const version = (this.summary?.allocations ?? 0) + (this.summary?.frees ?? 0);
      const complete = this.#painter?.paint({
        grid, map: this.map, colouring: this.colouring, values: valuesOf(this.colouring, this.map, this.layer), version, top: view.scrollTop, ...this.size, chosen: cell(this.chosen), cursor: cell(this.cursor), owner: this.owner, spotlight: litClass(this.spotlight, this.objects),
      }, this.look);
      if (complete === false) this.#paint();
    });
  };

  /** Scrolls until the cell of an address is in the window. */
  #reveal(at: number): void {
    const grid = this.#grid();
    const view = this.#window();
    if (grid === undefined || view === undefined) return;
    view.scrollTop = scrollTo(grid, Math.min(cellOf(grid, at), grid.cells - 1), view.scrollTop, this.size.height);
  }

  /** Zooms around the address that the person looks at: the cursor, the choice, or the top of the window. */
  #zoomBy(by: number): void {
    const grid = this.#grid();
    const view = this.#window();
    if (grid === undefined || view === undefined) return;
    const around = this.cursor ?? this.chosen ?? addressAt(grid, 0, view.scrollTop) ?? 0;
    const steps = this.#steps();
    const level = Math.max(0, Math.min(steps.length - 1, nearest(steps, this.zoom) + by));
    this.zoom = level === 0 ? undefined : steps[level];
    void this.updateComplete.then(() => this.#reveal(around));
  }

  #at(event: MouseEvent): number | undefined {
    const grid = this.#grid();
    const view = this.#window();
    if (grid === undefined || view === undefined) return undefined;
    const box = view.getBoundingClientRect();
    return addressAt(grid, event.clientX - box.left - view.clientLeft, event.clientY - box.top - view.clientTop + view.scrollTop);
  }

  #onPointer(event: PointerEvent): void {
    this.hovering = true;
    this.cursor = this.#at(event);
  }

  #onLeave(): void {
    if (!this.hovering) return;
    this.hovering = false;
    this.cursor = undefined;
  }

  #onClick(event: MouseEvent): void {
    const at = this.#at(event);
    if (at !== undefined) wish(this, 'choose-address', at);
  }

  #onWheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#zoomBy(event.deltaY < 0 ? 1 : -1);
  }

  #onKey(event: KeyboardEvent): void {
    const grid = this.#grid();
    if (grid === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = this.cursor ?? this.chosen ?? 0;
    const next = this.#nextAddress(grid, now, event.key);
    if (next !== undefined) {
      this.hovering = false;
      this.cursor = next;
      this.#reveal(next);
    } else if (event.key === 'Enter' || event.key === ' ') wish(this, 'choose-address', now);
    else if (event.key === 'Escape') {
      this.cursor = undefined;
      wish(this, 'choose-address', undefined);
    } else if (event.key === '+' || event.key === '=') this.#zoomBy(1);
    else if (event.key === '-') this.#zoomBy(-1);
    else return;
    event.preventDefault();
  }

  /** Cell by cell; where objects are to be seen, left and right go object by object. */
  #nextAddress(grid: Grid, now: number, key: string): number | undefined {
    if (grid.lines > 0 && (key === 'ArrowLeft' || key === 'ArrowRight')) {
      const found = this.look(now);
      if (found?.slab !== undefined) {
        const next = key === 'ArrowRight' ? found.start + found.length : found.start - 1;
        const at = this.look(next)?.start;
        // An object may start in the cell before; what is no object goes on cell by cell.
        if (at !== undefined && next >= 0 && next < grid.bytes) return key === 'ArrowRight' ? next : Math.max(at, next - found.length + 1);
      }
    }
    const cell = step(grid, cellOf(grid, now), key, this.size.height);
    return cell === undefined ? undefined : cell * grid.granule;
  }

  #onSearch(event: SubmitEvent): void {
    event.preventDefault();
    const input = this.renderRoot.querySelector('form input');
    if (!(input instanceof HTMLInputElement)) return;
    const at = parseAddress(input.value);
    const end = this.summary?.memoryBytes ?? 0;
    if (at === undefined) this.mistake = `“${input.value}” is no address. Write it like 0x0001a000 or 106496.`;
    else if (at >= end) this.mistake = `${written(at)} is outside: memory ends at ${written(end)}.`;
    else {
      this.mistake = '';
      this.cursor = undefined;
      wish(this, 'choose-address', at);
    }
  }

  #onColouring(event: Event): void {
    const { target } = event;
    const colouring = target instanceof HTMLSelectElement ? COLOURINGS.find((known) => known === target.value) : undefined;
    if (colouring !== undefined) wish(this, 'set-colouring', colouring);
  }

  #onSpotlight(event: Event): void {
    if (!(event.target instanceof HTMLSelectElement)) return;
    wish(this, 'set-spotlight', event.target.value === '' ? undefined : Number(event.target.value));
  }
}

customElements.define('heap-map', HeapMapView);
