/**
 * `<object-table .rows .chosen .order .filter>`: one row per object cache, sorted by any column, filtered by name, with sums; sends
 * `choose-cache`, `set-object-order` and `set-object-filter`. Up, down, Home and End choose a row; what is chosen has the one place in the order
 * of the Tab key. The list of orders beside the filter is the way to sort where the heads are out of sight.
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { bytes, count, exactBytes, plural, share } from '../model/format.ts';
import { badges, figure, inOrder, isOver, named, OBJECT_COLUMNS, orderBy, stepped, totals, totalsWords, turned, type ObjectColumn } from '../model/object-rows.ts';
import { type ObjectOrder } from '../model/objects.ts';
import type { ObjectCacheRow } from '../model/records.ts';
import { wish } from './events.ts';
import { fragmentationMeter, meterSheet } from './fragmentation-meter.ts';
import { sheet } from './sheet.ts';
import { tableSheet } from './table-sheet.ts';
import './term-hint.ts';

export class ObjectTable extends LitElement {
  static override styles = [sheet, tableSheet, meterSheet, css`
.scroll { max-height: min(52vh, 620px); }
thead th { white-space: normal; line-height: 1.25; vertical-align: bottom; }
.sums { margin-top: 6px; max-width: 88ch; }
tbody tr { cursor: pointer; }
tbody tr[aria-selected="true"] > * { background: var(--accent-soft); }
tbody tr[aria-selected="true"] > :first-child { box-shadow: inset 3px 0 var(--accent); }
tbody tr:focus-visible { outline-offset: -2px; }
tbody th { white-space: normal; padding-left: 12px; min-width: 128px; width: 24%; overflow-wrap: anywhere; line-height: 1.35; }
tfoot th:first-child { padding-left: 12px; }
.badge { font-weight: 400; font-size: 12px; color: var(--muted); border: 1px solid var(--line); border-radius: 5px; padding: 0 5px; margin-left: 5px; white-space: nowrap; }
.orphan { color: var(--bad); border-color: var(--bad); }
.aliases { display: block; font-weight: 400; font-size: 12px; color: var(--muted); }
.meter { width: 48px; }
.percent { display: inline-block; min-width: 52px; }
thead button, th, td { padding-left: 6px; padding-right: 6px; }
.over { color: var(--bad); font-weight: 600; }
.none { color: var(--muted); }
input[type="search"] { width: 150px; }
@container (max-width: 500px) { tbody th { width: auto; max-width: 168px; } input[type="search"] { width: 100%; } .find { flex: 1 1 100%; } }
`];
  static override properties = { rows: { attribute: false }, chosen: { type: Number }, order: { attribute: false }, filter: {} };
  declare rows: readonly ObjectCacheRow[];
  /** Number of the cache whose details are shown. */
  declare chosen: number | undefined;
  declare order: ObjectOrder;
  declare filter: string;

  constructor() {
    super();
    this.rows = [];
    this.order = orderBy('memoryBytes');
    this.filter = '';
  }

  protected override render(): TemplateResult {
    const { rows, order } = this;
    const shown = this.#shown();
    return html`
      <div class="row spread">
        <h2><term-hint term="objectCache">Object caches</term-hint> <span class="muted small">${shown.length === rows.length ? count(rows.length) : `${count(shown.length)} of ${count(rows.length)}`}</span></h2>
        <div class="row">
          <label>Order <select @change=${this.#onOrder}>${OBJECT_COLUMNS.map(({ key, label }) => html`<option value=${key} ?selected=${key === order.key}>${label}</option>`)}</select></label>
          <button aria-label=${order.descending ? 'Show the smallest first' : 'Show the largest first'} @click=${() => wish(this, 'set-object-order', turned(order, order.key))}>${order.descending ? '↓' : '↑'}</button>
          <span class="find"><input type="search" aria-label="Filter by name" placeholder="Name" .value=${this.filter} @input=${this.#onFilter}></span>
        </div>
      </div>
      <p class="small muted sums">${totalsWords(rows)}</p>
      ${shown.length === 0 ? html`<p class="empty">No name has that in it. Change the filter to see more.</p>` : this.#table(shown)}`;
  }

  #table(shown: readonly ObjectCacheRow[]): TemplateResult {
    const sums = totals(shown);
    const reachable = shown.some(({ number }) => number === this.chosen) ? this.chosen : shown[0]?.number;
    return html`<div class="scroll"><table role="grid" aria-label="Object caches" @keydown=${this.#onKey}>
      <thead role="rowgroup"><tr role="row">${OBJECT_COLUMNS.map((column) => this.#head(column))}</tr></thead>
      <tbody role="rowgroup">${shown.map((row) => this.#row(row, row.number === reachable))}</tbody>
      <tfoot role="rowgroup"><tr role="row"><th role="rowheader" scope="row">Sum of ${plural(shown.length, 'cache')}</th>${OBJECT_COLUMNS.slice(1).map(({ key, unit }) =>
        html`<td role="gridcell" class="number">${key === 'name' || key === 'size' ? nothing : written(unit, sums[key])}</td>`)}</tr></tfoot>
    </table></div>`;
  }

  #head({ key, label, says }: ObjectColumn): TemplateResult {
    const { order } = this;
    const now = order.key === key;
    const arrow = html`<span class="arrow" aria-hidden="true">${now ? (order.descending ? '↓' : '↑') : ''}</span>`;
    return html`<th role="columnheader" scope="col" class=${key === 'name' ? '' : 'number'} aria-sort=${now ? (order.descending ? 'descending' : 'ascending') : 'none'}><term-hint plain says=${says}>
      <button data-column=${key} @click=${() => wish(this, 'set-object-order', turned(order, key))}>${key === 'name' ? html`${label}${arrow}` : html`${arrow}${label}`}</button></term-hint></th>`;
  }

  #row(row: ObjectCacheRow, reachable: boolean): TemplateResult {
    return html`<tr role="row" data-cache=${row.number} tabindex=${reachable ? 0 : -1} aria-selected=${row.number === this.chosen} @click=${() => wish(this, 'choose-cache', row.number)}>
      <th role="rowheader" scope="row">${row.name}${badges(row).map(({ label }) => html` <span class="badge ${label}">${label}</span>`)}
        ${row.aliases.length === 0 ? nothing : html`<span class="aliases">also ${row.aliases.join(', ')}</span>`}</th>
      ${OBJECT_COLUMNS.map(({ key, unit }) => key === 'name' ? nothing : this.#cell(row, key, unit))}</tr>`;
  }

  #cell(row: ObjectCacheRow, key: Exclude<ObjectColumn['key'], 'name'>, unit: ObjectColumn['unit']): TemplateResult {
    const value = figure(row, key);
    const words = written(unit, value);
    if (key === 'fragmentation') {
      return html`<td role="gridcell" class="number">${row.total === 0 ? html`<span class="none">–</span>` : html`${fragmentationMeter(row)} <span class="percent ${isOver(row) ? 'over' : ''}">${words}</span>`}</td>`;
    }
    return html`<td role="gridcell" class="number ${value === 0 ? 'none' : ''}" title=${unit === 'bytes' ? exactBytes(value) : nothing}>${key === 'use' && row.total === 0 ? '–' : words}</td>`;
  }

  protected override updated(changed: PropertyValues): void {
    const focused = this.shadowRoot?.activeElement;
    // Rows are drawn over in place when they are sorted: the focus stays with the cache, not with the place.
    if ((changed.has('chosen') || changed.has('rows') || changed.has('order')) && focused instanceof HTMLTableRowElement && focused.tabIndex < 0) {
      const row = this.renderRoot.querySelector('tr[tabindex="0"]');
      if (row instanceof HTMLElement) row.focus();
    }
  }

  #shown(): ObjectCacheRow[] {
    return inOrder(named(this.rows, this.filter), this.order);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(this.shadowRoot?.activeElement instanceof HTMLTableRowElement)) return;
    const shown = this.#shown();
    const chosen = shown.some(({ number }) => number === this.chosen) ? this.chosen : undefined;
    const next = event.key === 'Enter' || event.key === ' ' ? shown.find(({ number }) => number === (chosen ?? shown[0]?.number)) : stepped(shown, chosen, event.key);
    if (next === undefined) return;
    event.preventDefault();
    wish(this, 'choose-cache', next.number);
  };

  #onOrder(event: Event): void {
    const { target } = event;
    const column = target instanceof HTMLSelectElement ? OBJECT_COLUMNS.find(({ key }) => key === target.value) : undefined;
    if (column !== undefined) wish(this, 'set-object-order', orderBy(column.key));
  }

  #onFilter(event: Event): void {
    if (event.target instanceof HTMLInputElement) wish(this, 'set-object-filter', event.target.value);
  }
}

function written(unit: ObjectColumn['unit'], value: number): string {
  if (unit === 'bytes') return bytes(value);
  return unit === 'share' ? share(value, 1) : count(value);
}

customElements.define('object-table', ObjectTable);
