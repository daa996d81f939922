/**
 * `<cache-table .chosen .rows .history .order .filter .onlyUsed>`: one row per size class, of objects in slabs or of whole segments, sortable, filtered, with a line of its live bytes.
 * Sends `set-order`, `set-filter`, `set-only-used`, and `set-spotlight` with `show-tab` to show one class on the map.
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { bytes, count, exactBytes, plural, share } from '../model/format.ts';
import { GLOSSARY } from '../model/glossary.ts';
import { TRAIL, type History } from '../model/history.ts';
import type { CacheRow } from '../model/records.ts';
import { COLUMNS, filtered, ofSegments, reordered, sorted, sums, type Column, type Order } from '../model/table.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import { sparkLine } from './spark-line.ts';
import { tableSheet } from './table-sheet.ts';
import './term-hint.ts';

/** The column that is followed by the line of its values over the last samples. */
const SPARK_AFTER = 'liveBytes';

export class CacheTable extends LitElement {
  static override styles = [sheet, tableSheet, css`
thead th.plain { padding: 3px 10px; font-size: 13px; }
.meter { display: inline-block; vertical-align: 1px; width: 44px; height: 7px; border-radius: 4px; background: var(--part-slab-free); overflow: hidden; margin-right: 8px; }
.meter > i { display: block; height: 100%; width: 0; background: var(--part-live); }
.percent { display: inline-block; min-width: 60px; }
.spark { color: var(--part-live); display: block; }
.bad { color: var(--bad); font-weight: 600; }
input[type="search"] { width: 216px; }
.none { color: var(--muted); }
.kind { font-weight: 400; font-size: 12px; color: var(--muted); margin-right: 6px; }
@container (max-width: 500px) { .kind { display: block; margin: 0; line-height: 1.2; } }
.note { margin-top: 10px; max-width: 92ch; }
`];
  static override properties = {
    rows: { attribute: false }, history: { attribute: false }, recorded: { type: Number }, order: { attribute: false }, filter: {}, onlyUsed: { type: Boolean }, chosen: { type: Number },
  };
  declare rows: readonly CacheRow[];
  declare history: History | undefined;
  declare recorded: number;
  declare order: Order;
  declare filter: string;
  declare onlyUsed: boolean;
  /** The size class that is chosen in all views. */
  declare chosen: number | undefined;

  constructor() {
    super();
    this.rows = [];
    this.recorded = 0;
    this.order = { key: 'liveBytes', descending: true };
    this.filter = '';
    this.onlyUsed = true;
  }

  protected override render(): TemplateResult {
    const shown = sorted(filtered(this.rows, this.filter, this.onlyUsed), this.order);
    return html`
      <div class="row spread">
        <h2><term-hint term="cache">Caches</term-hint> <span class="muted small">${shown.length} of ${plural(this.rows.length, 'size class', 'size classes')}</span></h2>
        <div class="row">
          <label><input type="checkbox" .checked=${this.onlyUsed} @change=${this.#onOnlyUsed}>Only used ones</label>
          <input type="search" aria-label="Filter by object size, for example 64, 32-128 or >=1024" placeholder="Size: 64, 32-128, >=1024"
            .value=${this.filter} @input=${this.#onFilter}>
        </div>
      </div>
      ${shown.length === 0 ? html`<p class="empty">${this.rows.length === 0 ? 'No sample yet.' : 'No size class matches. Change the filter to see more.'}</p>` : this.#table(shown)}`;
  }

  #table(shown: readonly CacheRow[]): TemplateResult {
    const foot = sums(shown);
    const segments = shown.some(ofSegments);
    return html`<div class="scroll" tabindex="0" role="group" aria-label="Caches, a table"><table>
      <thead><tr>${COLUMNS.map((column) => html`${this.#head(column)}${column.key === SPARK_AFTER ? html`<th scope="col" class="plain">Recently</th>` : ''}`)}</tr></thead>
      <tbody>${shown.map((row) => this.#row(row))}</tbody>
      <tfoot><tr>${COLUMNS.map((column, index) => index === 0 ? html`<th scope="row">Sum</th>`
        : html`<td class="number">${written(column, foot.get(column.key) ?? 0)}</td>${column.key === SPARK_AFTER ? html`<td></td>` : ''}`)}</tr></tfoot>
    </table></div>
    ${segments ? html`<p class="small muted note">${GLOSSARY.segments}</p>` : ''}`;
  }

  #head(column: Column): TemplateResult {
    const now = this.order.key === column.key;
    const sort = now ? (this.order.descending ? 'descending' : 'ascending') : 'none';
    return html`<th scope="col" class="number" aria-sort=${sort}><term-hint plain term=${column.term}>
      <button data-column=${column.key} @click=${() => wish(this, 'set-order', reordered(this.order, column.key))}><span class="arrow" aria-hidden="true">${now ? (this.order.descending ? '↓' : '↑') : ''}</span>${column.label}</button></term-hint></th>`;
  }

  #row(row: CacheRow): TemplateResult {
    const trail = this.history?.trail(row.class) ?? [];
    return html`<tr data-class=${row.class} class=${row.class === this.chosen ? 'chosen' : ''} aria-current=${row.class === this.chosen}>${COLUMNS.map((column, index) => {
      const value = column.value(row);
      if (index === 0) {
        return html`<th scope="row" class="number">${ofSegments(row) ? html`<span class="kind">segments</span>` : ''}<button class="link" title="Show ${row.name} on the map" @click=${() => this.#showOnMap(row)}>${bytes(value)}</button></th>`;
      }
      if (column.slabs === true && ofSegments(row)) return html`<td class="number none" title="Not counted for segments: see below the table.">–</td>`;
      const meter = column.key === 'occupancy' ? html`<span class="meter" aria-hidden="true"><i data-share=${value}></i></span>` : '';
      const tone = column.key === 'failures' && value > 0 ? 'bad' : value === 0 ? 'none' : '';
      return html`<td class="number ${tone}" title=${column.unit === 'bytes' ? exactBytes(value) : ''}>${meter}${column.unit === 'share' ? html`<span class="percent">${written(column, value)}</span>` : written(column, value)}</td>${column.key === SPARK_AFTER
        ? html`<td>${sparkLine(trail, TRAIL, `Live bytes of ${row.name}, now ${bytes(row.liveBytes)}`)}</td>` : ''}`;
    })}</tr>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('rows') && !changed.has('filter') && !changed.has('order') && !changed.has('onlyUsed')) return;
    for (const fill of this.renderRoot.querySelectorAll('.meter > i')) {
      if (fill instanceof HTMLElement) fill.style.setProperty('width', `${Number(fill.dataset['share']) * 100}%`);
    }
  }

  #showOnMap(row: CacheRow): void {
    wish(this, 'set-spotlight', row.class);
    wish(this, 'show-tab', 'map');
  }

  #onFilter(event: Event): void {
    if (event.target instanceof HTMLInputElement) wish(this, 'set-filter', event.target.value);
  }

  #onOnlyUsed(event: Event): void {
    if (event.target instanceof HTMLInputElement) wish(this, 'set-only-used', event.target.checked);
  }
}

function written(column: Column, value: number): string {
  if (column.unit === 'bytes') return bytes(value);
  return column.unit === 'share' ? share(value, 1) : count(value);
}

customElements.define('cache-table', CacheTable);
