/**
 * `<map-scrubber .history .range .moment .owner .summary>`: a slider over the past maps, and the one that it is at. Sends `set-moment`, and
 * `set-range` to leave the part of the time that was chosen on the chart.
 *
 * All past maps are laid out as one grid, of the largest memory and the largest cells among them, where the map of now is and, as far as cells
 * allow, like that one: an address stays in its place.
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { bytes, duration, moment as written, plural, unbroken } from '../model/format.ts';
import { layout, zooms, type Grid, type Zoom } from '../model/heat.ts';
import type { History } from '../model/history.ts';
import { unpacked, type PastMap } from '../model/map-history.ts';
import type { Summary } from '../model/records.ts';
import { wish } from './events.ts';
import { MapPainter } from './map-painter.ts';
import { sheet } from './sheet.ts';

const PAGE = 65536;

export class MapScrubber extends LitElement {
  static override styles = [sheet, css`
.row { margin-top: 12px; }
label { flex: 1 1 300px; min-width: 0; }
input { flex: 1 1 auto; min-width: 0; min-height: 32px; accent-color: var(--accent); }
output { min-width: 232px; font-size: 13.5px; font-variant-numeric: tabular-nums; }
p.small { margin-top: 8px; }
.stage { display: grid; grid-template-columns: minmax(0, 1fr) 320px; column-gap: 18px; }
.stage > [role="status"] { grid-area: 1 / 2; }
.notice { margin-top: 12px; background: var(--accent-soft); border-color: var(--accent); }
.notice p + p { margin-top: 6px; }
.view { height: clamp(300px, 62vh, 760px); margin-top: 12px; border: 1px solid var(--accent); border-radius: 8px; background: var(--surface); overflow-x: hidden; overflow-y: scroll; }
canvas { display: block; width: 100%; height: 100%; }
@container (max-width: 820px) { .stage { grid-template-columns: minmax(0, 1fr); } .stage > [role="status"] { grid-area: auto; } .view { height: clamp(260px, 46vh, 520px); } }
`];
  static override properties = {
    history: { attribute: false }, recorded: { type: Number }, range: { attribute: false }, moment: { attribute: false }, owner: { type: Number }, summary: { attribute: false }, dark: { type: Boolean },
    size: { state: true },
  };
  declare history: History | undefined;
  /** Changes with each sample: the history itself changes inside. */
  declare recorded: number;
  /** The only part of the time that the slider covers. */
  declare range: readonly [number, number] | undefined;
  /** The past map that is shown; without one it is now. */
  declare moment: PastMap | undefined;
  /** Code of the owner that stands out alone. */
  declare owner: number | undefined;
  declare summary: Summary | undefined;
  declare dark: boolean;
  declare size: { width: number; height: number };
  #painter: MapPainter | undefined;
  #watch: ResizeObserver | undefined;

  constructor() {
    super();
    this.recorded = 0;
    this.dark = false;
    this.size = { width: 0, height: 0 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#onKey);
    this.#rest();
  }

  /** The canvas goes with the past. */
  #rest(): void {
    this.#watch?.disconnect();
    this.#watch = undefined;
    this.#painter = undefined;
  }

  protected override render(): TemplateResult {
    const { history, moment, range } = this;
    if (history === undefined || history.maps.all.length < 2) return html``;
    const maps = history.maps.within(range);
    const grid = this.#grid();
    return html`
      ${maps.length === 0 ? nothing : this.#slider(maps)}
      ${range === undefined ? nothing : html`<p class="small">${maps.length === 0 ? 'There is no past map of' : 'Only'} the time that was chosen on the chart, ${written(range[0])} – ${written(range[1])}.
        <button class="link" @click=${() => wish(this, 'set-range', undefined)}>All of the time</button></p>`}
      <div class="stage">
        <div role="status">${moment === undefined || grid === undefined ? nothing : html`<div class="notice"><p><b>This is the past</b>, by owner, in cells of ${unbroken(bytes(grid.granule))}. All that is not on this map is of now.</p><p>Recording goes on. Escape leads back.</p></div>`}</div>
        ${moment === undefined ? nothing : html`<div class="view"><canvas role="img" aria-label="Map of memory at ${written(moment.time)}: ${plural(moment.pages, 'page')}"></canvas></div>`}
      </div>`;
  }

  /** A step for each map, and now as the last one. */
  #slider(maps: readonly PastMap[]): TemplateResult {
    const { moment } = this;
    const at = moment === undefined ? maps.length : maps.filter(({ time }) => time < moment.time).length;
    const words = this.#words();
    return html`<div class="row">
      <label>Time <input type="range" min="0" max=${maps.length} step="1" .value=${String(at)} aria-valuetext=${words} @input=${(event: Event) => this.#slide(event, maps)}></label>
      <output aria-hidden="true">${words}</output>
      <button ?disabled=${moment === undefined} @click=${this.#now}>Now</button></div>`;
  }

  #words(): string {
    const { history, moment, summary } = this;
    if (moment === undefined) return summary === undefined ? 'Now' : `Now, ${bytes(summary.memoryBytes)}`;
    const now = history?.at(history.length - 1)?.time ?? moment.time;
    return `${written(moment.time)}, ${bytes(moment.pages * PAGE)}, ${duration(Math.round(now - moment.time) * 1000)} ago`;
  }

  #slide(event: Event, maps: readonly PastMap[]): void {
    if (event.target instanceof HTMLInputElement) wish(this, 'set-moment', maps[Number(event.target.value)]);
  }

  /** The button can no longer be pressed then, so the focus goes to the slider. */
  readonly #now = (): void => {
    wish(this, 'set-moment', undefined);
    this.renderRoot.querySelector('input')?.focus();
  };

  /** Where the focus is in the map, or nowhere. */
  readonly #onKey = (event: KeyboardEvent): void => {
    const root = this.getRootNode();
    if (event.key !== 'Escape' || this.moment === undefined || (event.target !== document.body && !event.composedPath().includes(root))) return;
    event.preventDefault();
    wish(this, 'set-moment', undefined);
  };

  #grid(): Grid | undefined {
    const { history, moment, size, summary } = this;
    if (history === undefined || moment === undefined || summary === undefined || size.width === 0) return undefined;
    const maps = [moment, ...history.maps.within(this.range)];
    const room = Math.max(summary.memoryBytes, ...maps.map(({ pages }) => pages * PAGE));
    const granule = Math.max(...maps.map((map) => map.granule));
    const whole = (quantum: number): Zoom | undefined => zooms(room, quantum, size.width, size.height)[0];
    const now = whole(summary.quantum);
    const zoom = now !== undefined && now.granule >= granule ? now : whole(granule);
    return zoom === undefined ? undefined : layout(room, zoom, size.width);
  }

  protected override updated(changed: PropertyValues): void {
    const view = this.renderRoot.querySelector('.view');
    const canvas = this.renderRoot.querySelector('canvas');
    if (view === null || canvas === null) return this.#rest();
    if (this.#painter === undefined) {
      this.#watch = new ResizeObserver(() => {
        if (view.clientWidth > 0) this.size = { width: view.clientWidth, height: view.clientHeight };
      });
      this.#watch.observe(view);
      this.#painter = new MapPainter(canvas, view);
    }
    if (changed.has('dark')) this.#painter.recolour();
    const { moment, owner, size } = this;
    const grid = this.#grid();
    if (moment === undefined || grid === undefined) return;
    this.#painter.paint({
      grid, map: unpacked(moment, grid.granule), version: 0, top: 0, ...size, chosen: undefined, cursor: undefined, colouring: 'owner', values: undefined, owner, spotlight: undefined,
    }, () => undefined);
  }
}

customElements.define('map-scrubber', MapScrubber);
