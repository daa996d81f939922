/**
 * `<site-table .sites .chosen .order .filter>`: one row per call site, sorted by any column, filtered by words; sends `choose-site`, `set-site-order`
 * and `set-site-filter`. Up, down, Home and End choose a row. Figures that are worked out from samples say by how much they may be off.
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { SiteOrder } from '../model/diagnosis.ts';
import { sitesWords } from '../model/flame-words.ts';
import { exactBytes } from '../model/format.ts';
import type { Site } from '../model/site-names.ts';
import { figureOf, SITE_COLUMNS, siteOrderBy, siteOrderTurned, sitesInOrder, sitesWith, type SiteColumn } from '../model/site-rows.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import { tableSheet } from './table-sheet.ts';
import './term-hint.ts';

/** More rows than this are not drawn: the order and the filter bring others up. */
const MOST = 400;

export class SiteTable extends LitElement {
  static override styles = [sheet, tableSheet, css`
.scroll { max-height: min(48vh, 560px); }
thead th { white-space: normal; line-height: 1.25; vertical-align: bottom; }
tbody tr { cursor: pointer; }
tbody tr[aria-selected="true"] > * { background: var(--accent-soft); }
tbody tr[aria-selected="true"] > :first-child { box-shadow: inset 3px 0 var(--accent); }
tbody tr:focus-visible { outline-offset: -2px; }
tbody th { padding-left: 12px; min-width: 190px; white-space: normal; overflow-wrap: anywhere; line-height: 1.35; font-weight: 600; }
.place { display: block; font-weight: 400; font-size: 12px; color: var(--muted); }
td.tags { overflow-wrap: anywhere; min-width: 92px; }
.error { display: block; font-size: 12px; color: var(--muted); }
.none { color: var(--muted); }
input[type="search"] { width: 190px; }
.more { padding: 8px 0 0; }
tbody th .tags { display: none; }
@container (max-width: 500px) { tbody th { min-width: 136px; max-width: 176px; } tbody th .tags { display: block; } td.tags, th.tags { display: none; } input[type="search"] { width: 100%; } .find { flex: 1 1 100%; } }
`];
  static override properties = { sites: { attribute: false }, chosen: { type: Number }, order: { attribute: false }, filter: {} };
  declare sites: readonly Site[];
  /** Number of the site whose stack is shown. */
  declare chosen: number | undefined;
  declare order: SiteOrder;
  declare filter: string;

  constructor() {
    super();
    this.sites = [];
    this.order = siteOrderBy('liveBytes');
    this.filter = '';
  }

  protected override render(): TemplateResult {
    const { sites, order } = this;
    const shown = this.#shown();
    return html`
      <div class="row spread">
        <h2><term-hint says="A place in the program that asked for memory: a stack of calls, and the tags in force.">Call sites</term-hint> <span class="muted small">${sitesWords(shown.length, sites.length)}</span></h2>
        <div class="row">
          <label>Order <select @change=${this.#onOrder}>${SITE_COLUMNS.map(({ key, label }) => html`<option value=${key} ?selected=${key === order.key}>${label}</option>`)}</select></label>
          <button aria-label=${order.descending ? 'Show the smallest first' : 'Show the largest first'} @click=${() => wish(this, 'set-site-order', siteOrderTurned(order, order.key))}>${order.descending ? '↓' : '↑'}</button>
          <span class="find"><input type="search" aria-label="Filter by function, file or tag" placeholder="Function, file or tag" .value=${this.filter} @input=${this.#onFilter}></span>
        </div>
      </div>
      ${shown.length === 0 ? html`<p class="empty">No call site has that in it. Change the filter to see more.</p>` : this.#table(shown)}`;
  }

  #table(shown: readonly Site[]): TemplateResult {
    const reachable = shown.some(({ row }) => row.id === this.chosen) ? this.chosen : shown[0]?.row.id;
    return html`<div class="scroll"><table role="grid" aria-label="Call sites" @keydown=${this.#onKey}>
      <thead role="rowgroup"><tr role="row">${SITE_COLUMNS.map((column) => this.#head(column))}</tr></thead>
      <tbody role="rowgroup">${shown.slice(0, MOST).map((site) => this.#row(site, site.row.id === reachable))}</tbody></table>
      ${shown.length > MOST ? html`<p class="small muted more">The first ${MOST} are drawn; filter or sort to see others.</p>` : nothing}</div>`;
  }

  #head({ key, label, says, unit }: SiteColumn): TemplateResult {
    const { order } = this;
    const now = order.key === key;
    const arrow = html`<span class="arrow" aria-hidden="true">${now ? (order.descending ? '↓' : '↑') : ''}</span>`;
    const name = unit === 'name';
    return html`<th role="columnheader" scope="col" class=${key === 'tags' ? 'tags' : name ? '' : 'number'} aria-sort=${now ? (order.descending ? 'descending' : 'ascending') : 'none'}><term-hint plain says=${says}>
      <button data-column=${key} @click=${() => wish(this, 'set-site-order', siteOrderTurned(order, key))}>${name ? html`${label}${arrow}` : html`${arrow}${label}`}</button></term-hint></th>`;
  }

  #row({ row, name, place, tags }: Site, reachable: boolean): TemplateResult {
    return html`<tr role="row" data-site=${row.id} tabindex=${reachable ? 0 : -1} aria-selected=${row.id === this.chosen} @click=${() => wish(this, 'choose-site', row.id)}>
      <th role="rowheader" scope="row">${name}${place === '' ? nothing : html`<span class="place">${place}</span>`}${tags === '' ? nothing : html`<span class="place tags">${tags}</span>`}</th>
      <td role="gridcell" class="tags ${tags === '' ? 'none' : ''}">${tags === '' ? '–' : tags}</td>
      ${SITE_COLUMNS.slice(2).map((column) => {
        const { words, error, value } = figureOf(row, column);
        return html`<td role="gridcell" class="number ${value === 0 ? 'none' : ''}" title=${column.unit === 'bytes' ? exactBytes(Math.round(value)) : nothing}>${words}${error === '' ? nothing : html`<span class="error">${error}</span>`}</td>`;
      })}</tr>`;
  }

  protected override updated(changed: PropertyValues): void {
    const focused = this.shadowRoot?.activeElement;
    // Rows are drawn over in place when they are sorted: the focus stays with the site, not with the place.
    if ((changed.has('chosen') || changed.has('sites') || changed.has('order')) && focused instanceof HTMLTableRowElement && focused.tabIndex < 0) {
      const row = this.renderRoot.querySelector('tr[tabindex="0"]');
      if (row instanceof HTMLElement) row.focus();
    }
  }

  #shown(): Site[] {
    return sitesInOrder(sitesWith(this.sites, this.filter), this.order);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(this.shadowRoot?.activeElement instanceof HTMLTableRowElement)) return;
    const shown = this.#shown().slice(0, MOST);
    const at = shown.findIndex(({ row }) => row.id === this.chosen);
    const moves: Record<string, Site | undefined> = { ArrowDown: shown[at + 1], ArrowUp: shown[at - 1], Home: shown[0], End: shown.at(-1), Enter: shown[Math.max(0, at)], ' ': shown[Math.max(0, at)] };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    wish(this, 'choose-site', next.row.id);
  };

  #onOrder(event: Event): void {
    const { target } = event;
    const column = target instanceof HTMLSelectElement ? SITE_COLUMNS.find(({ key }) => key === target.value) : undefined;
    if (column !== undefined) wish(this, 'set-site-order', siteOrderBy(column.key));
  }

  #onFilter(event: Event): void {
    if (event.target instanceof HTMLInputElement) wish(this, 'set-site-filter', event.target.value);
  }
}

customElements.define('site-table', SiteTable);
