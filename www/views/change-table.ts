/**
 * `<change-table .selected .diff .shelf .frames>`: what changed between two snapshots by cache, arena, call site or tag: sorted by any column, filtered by
 * words; a row narrows the list of objects. Sends `snapshots`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { exactBytes, plural } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { SnapshotDiff } from '../model/records.ts';
import { EMPTY, type By, type Choice, type Shelf } from '../model/shelf.ts';
import { BY, CHANGE_COLUMNS, changeOrderTurned, changeRows, changesInOrder, changesWith, figureOf, figureWords, type ChangeColumn, type ChangeRow } from '../model/snapshots.ts';
import * as selection from '../model/selection.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import { tableSheet } from './table-sheet.ts';
import './term-hint.ts';

/** More rows than this are not drawn: the order and the filter bring others up. */
const ROWS = 300;
const NAMES: Record<By, string> = { caches: 'Caches', arenas: 'Arenas', sites: 'Call sites', tags: 'Tags' };
const MISSING: Record<By, string> = {
  caches: 'No cache held anything in either snapshot.',
  arenas: 'There is no arena.',
  sites: 'No call site is on record in either snapshot. Where the program has the feature “audit”, the view of call sites turns sampling on.',
  tags: 'No call site is on record in either snapshot, so there are no tags.',
};

export class ChangeTable extends LitElement {
  static override styles = [sheet, tableSheet, css`
.scroll { max-height: min(48vh, 560px); }
.by { gap: 4px; }
.by button { min-height: 30px; padding: 2px 10px; }
thead th { white-space: normal; line-height: 1.25; vertical-align: bottom; }
tbody th { min-width: 132px; max-width: 300px; white-space: normal; overflow-wrap: anywhere; font-weight: 600; }
tbody tr[data-chosen="true"] > * { background: var(--accent-soft); }
tbody tr.chosen:not([data-chosen="true"]) > * { background: none; }
tbody th button.link { text-align: left; font-weight: 600; }
.note { display: block; font-weight: 400; font-size: 12px; color: var(--muted); }
.none { color: var(--muted); }
input[type="search"] { width: 170px; }
.more { padding-top: 8px; }
`];
  static override properties = { selected: { attribute: false }, diff: { attribute: false }, shelf: { attribute: false }, frames: { attribute: false } };
  /** What is chosen in all views. */
  declare selected: selection.Choice;
  declare diff: SnapshotDiff | undefined;
  declare shelf: Shelf;
  declare frames: Frames;

  constructor() {
    super();
    this.selected = selection.NO_CHOICE;
    this.shelf = EMPTY;
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { diff, shelf } = this;
    if (diff === undefined) return html``;
    const all = changeRows(diff, shelf.by, this.frames);
    const rows = changesInOrder(changesWith(all, shelf.filter), shelf.order);
    return html`
      <div class="row spread">
        <div class="row by" role="group" aria-label="Told by">${BY.map((by) => html`<button aria-pressed=${by === shelf.by} @click=${() => this.#choose({ by })}>${NAMES[by]}</button>`)}</div>
        <div class="row"><span class="muted small">${rows.length === all.length ? plural(all.length, 'row') : `${rows.length} of ${plural(all.length, 'row')}`}</span>
          <input type="search" aria-label="Filter by name" placeholder="Name" .value=${shelf.filter} @input=${this.#onFilter}></div>
      </div>
      ${rows.length === 0 ? html`<p class="empty">${all.length === 0 ? MISSING[shelf.by] : 'No row has that in it. Change the filter to see more.'}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label="What changed, a table"><table>
          <thead><tr>${CHANGE_COLUMNS.map((column) => this.#head(column))}</tr></thead>
          <tbody>${rows.slice(0, ROWS).map((row) => this.#row(row))}</tbody></table>
          ${rows.length > ROWS ? html`<p class="small muted more">The first ${ROWS} are drawn; filter or sort to see others.</p>` : nothing}</div>`}`;
  }

  #head(column: ChangeColumn): TemplateResult {
    const { order } = this.shelf;
    const { key, label, says, unit } = column;
    const now = order.key === key;
    const arrow = html`<span class="arrow" aria-hidden="true">${now ? (order.descending ? '↓' : '↑') : ''}</span>`;
    return html`<th scope="col" class=${unit === 'name' ? '' : 'number'} aria-sort=${now ? (order.descending ? 'descending' : 'ascending') : 'none'}><term-hint plain says=${says}>
      <button data-column=${key} @click=${() => this.#choose({ order: changeOrderTurned(order, key) })}>${unit === 'name' ? html`${label}${arrow}` : html`${arrow}${label}`}</button></term-hint></th>`;
  }

  #row(row: ChangeRow): TemplateResult {
    const { shelf } = this;
    const { narrows } = row;
    const chosen = narrows !== undefined && narrows.cache === shelf.cache && narrows.site === shelf.site;
    const ofChoice = narrows !== undefined && selection.ofChange(this.selected, narrows);
    const name = narrows === undefined ? row.name : html`<button class="link" aria-pressed=${chosen}
      @click=${() => this.#choose(chosen ? { cache: undefined, site: undefined } : narrows)}>${row.name}</button>`;
    return html`<tr data-row=${row.id} data-chosen=${chosen} class=${ofChoice ? 'chosen' : ''} aria-current=${ofChoice}><th scope="row">${name}${row.note === '' ? nothing : html`<span class="note">${row.note}</span>`}</th>
      ${CHANGE_COLUMNS.slice(1).map((column) => {
        const value = figureOf(row, column.key);
        return html`<td class="number ${value === 0 ? 'none' : ''}" title=${column.unit === 'bytes' && !row.numbers ? exactBytes(Math.round(value)) : nothing}>${figureWords(row, column)}</td>`;
      })}</tr>`;
  }

  #choose(choice: Choice): void {
    wish(this, 'snapshots', { kind: 'choose', choice });
  }

  #onFilter(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.#choose({ filter: event.target.value });
  }
}

customElements.define('change-table', ChangeTable);
