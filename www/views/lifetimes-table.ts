/**
 * `<lifetimes-table .lifetimes .trouble .sites .report .order>`: how long objects live, by call site, as far as the log knows; where the log is empty, how it is
 * filled. Sends `set-life-order`, `choose-site`, `configure` and `show-tab`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { LifeOrder } from '../model/diagnosis.ts';
import { exactBytes, unbroken } from '../model/format.ts';
import { apartWords, basedOn, LIFE_COLUMNS, lifeOrderBy, lifeOrderTurned, livesInOrder, lifeWords, namedLives, type LifeColumn, type NamedLives } from '../model/lifetime-rows.ts';
import type { Lifetimes } from '../model/lifetimes.ts';
import type { AuditReport } from '../model/records.ts';
import type { Site } from '../model/site-names.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import { tableSheet } from './table-sheet.ts';
import './term-hint.ts';

/** More rows than this are not drawn: the order brings others up. */
const MOST = 200;
/** Logs each call with its site. */
const LOGS_CALLS = 'audit=audit+sites';

export class LifetimesTable extends LitElement {
  static override styles = [sheet, tableSheet, css`
:host { container-type: inline-size; }
.scroll { max-height: min(40vh, 460px); }
thead th { white-space: normal; line-height: 1.25; vertical-align: bottom; }
tbody th { padding-left: 12px; min-width: 190px; white-space: normal; overflow-wrap: anywhere; line-height: 1.35; }
tbody th button.link { text-align: left; overflow-wrap: anywhere; }
.place { display: block; font-weight: 400; font-size: 12px; color: var(--muted); }
.none { color: var(--muted); font-weight: 400; }
.how { margin-top: 6px; max-width: 88ch; text-wrap: pretty; }
.how + .row { margin-top: 10px; }
code { font-family: var(--mono); font-size: .92em; }
@container (max-width: 500px) { tbody th { min-width: 136px; max-width: 176px; } }
`];
  static override properties = { lifetimes: { attribute: false }, trouble: {}, sites: { attribute: false }, report: { attribute: false }, order: { attribute: false } };
  declare lifetimes: Lifetimes | undefined;
  /** Why the log cannot be read; empty where it can. */
  declare trouble: string;
  declare sites: readonly Site[];
  declare report: AuditReport | undefined;
  declare order: LifeOrder;

  constructor() {
    super();
    this.trouble = '';
    this.sites = [];
    this.order = lifeOrderBy('temporaryBytes');
  }

  protected override render(): TemplateResult {
    const { lifetimes, trouble } = this;
    return html`<h2><term-hint says="Counted in operations: calls that are on record. What is asked for and given back at once, again and again, costs time without holding memory.">Lifetimes</term-hint></h2>
      ${trouble !== '' ? html`<p class="notice bad" role="alert">The log cannot be read: ${trouble}</p>`
        : lifetimes === undefined ? html`<p class="small muted how">Reading the log …</p>`
          : lifetimes.calls === 0 ? this.#none() : this.#table(lifetimes)}`;
  }

  #table(lifetimes: Lifetimes): TemplateResult {
    const { order } = this;
    const rows = livesInOrder(namedLives(lifetimes.sites, this.sites), order);
    const apart = apartWords(lifetimes);
    return html`<p class="small muted how" data-lives="based">${basedOn(lifetimes)}</p>
      ${apart === '' ? nothing : html`<p class="small muted how" data-lives="apart">${apart}</p>`}
      ${lifetimes.sites.some(({ site }) => site !== 0) ? nothing : html`<p class="small muted how">No call site is on record with the calls: the mode <code>sites</code> adds it.</p>${this.#begin()}`}
      ${rows.length === 0 ? nothing : html`<div class="scroll"><table aria-label="Lifetimes">
        <thead><tr>${LIFE_COLUMNS.map((column) => this.#head(column))}</tr></thead>
        <tbody>${rows.slice(0, MOST).map((row) => this.#row(row))}</tbody></table>
        ${rows.length > MOST ? html`<p class="small muted how">The first ${MOST} are drawn; sort to see others.</p>` : nothing}</div>
      <p class="small muted how">Where a mode logs calls, an object that gets another size is a request, a copy and a free: two objects. Many temporary bytes where a list grows say that it should be made large enough at once.</p>`}`;
  }

  #head({ key, label, says }: LifeColumn): TemplateResult {
    const { order } = this;
    const now = order.key === key;
    const name = key === 'name';
    const arrow = html`<span class="arrow" aria-hidden="true">${now ? (order.descending ? '↓' : '↑') : ''}</span>`;
    return html`<th scope="col" class=${name ? '' : 'number'} aria-sort=${now ? (order.descending ? 'descending' : 'ascending') : 'none'}><term-hint plain says=${says}>
      <button data-column=${key} @click=${() => wish(this, 'set-life-order', lifeOrderTurned(order, key))}>${name ? html`${label}${arrow}` : html`${arrow}${label}`}</button></term-hint></th>`;
  }

  #row({ lives, name, place, known }: NamedLives): TemplateResult {
    return html`<tr data-site=${lives.site}><th scope="row">${known ? html`<button class="link" @click=${() => wish(this, 'choose-site', lives.site)}>${name}</button>` : html`<span class="none">${name}</span>`}${place === '' ? nothing : html`<span class="place">${place}</span>`}</th>
      ${LIFE_COLUMNS.map(({ key }) => key === 'name' ? nothing
        : html`<td class="number" title=${key === 'temporaryBytes' ? exactBytes(lives.temporaryBytes) : nothing}>${unbroken(lifeWords(lives, key))}</td>`)}</tr>`;
  }

  #none(): TemplateResult {
    return html`<p class="small muted how">The log has no calls yet. The mode <code>audit</code> logs each request and each free, and <code>sites</code> who asked. That is much slower, and each object takes a segment of its own
      meanwhile: turn it on under Faults, Modes (<code>${LOGS_CALLS}</code>), let the program do what you want to know about, and turn it off again.</p>${this.#begin()}`;
  }

  #begin(): TemplateResult {
    return html`<p class="row"><button @click=${() => wish(this, 'configure', LOGS_CALLS)}>Log calls with their sites</button><button class="plain" @click=${() => wish(this, 'show-tab', 'faults')}>Show the modes</button>
      ${this.report?.command === 'waiting' ? html`<span class="small muted" role="status">Waiting for the module to take it: that is at its next call that is not on the fast path, or its next tick.</span>` : nothing}</p>`;
  }
}

customElements.define('lifetimes-table', LifetimesTable);
