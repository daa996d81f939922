/**
 * `<segment-table .choice .row .rows .query .page>`: segments of one arena, a page at a time, for a filter and an order.
 * Sends `set-query`, `choose-arena`, and `choose-address` with `show-tab` to show a segment on the map.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { amount, called, importer, kindsOf, lastOffset, ofMemory, PAGE, pageWords, parsed, position, stretch, type QueryField, type SegmentPage, type SegmentQuery } from '../model/arenas.ts';
import { count, plural } from '../model/format.ts';
import type { ArenaRow, SegmentKind, SegmentList, SegmentRow } from '../model/records.ts';
import { NO_CHOICE, ofRange, type Choice } from '../model/selection.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class SegmentTable extends LitElement {
  static override styles = [sheet, css`
.filters { margin-top: 10px; gap: 8px 20px; }
.kinds { gap: 6px 14px; border: 0; padding: 0; margin: 0; }
legend { float: left; padding: 0; margin-right: 10px; font-size: 14px; color: var(--muted); }
.kinds term-hint { display: block; }
.bounds { gap: 6px 8px; font-size: 14px; color: var(--muted); }
input[type="text"] { width: 108px; }
.address input[type="text"] { width: 122px; font-family: var(--mono); font-size: 13px; }
input[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.pages { margin-top: 10px; min-height: 34px; font-size: 14px; font-variant-numeric: tabular-nums; }
.pages button { min-height: 30px; padding: 1px 10px; }
button[aria-disabled="true"] { color: var(--muted); border-color: var(--line); cursor: not-allowed; background: none; }
.notice { margin-top: 10px; overflow-wrap: anywhere; }
.scroll { margin: 8px -18px 0; padding: 0 18px; max-height: min(64vh, 720px); overflow: auto; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--surface); padding: 3px 10px; height: 34px; box-shadow: inset 0 -1px var(--edge); }
thead button { border: 0; background: none; padding: 3px 0; font-size: 13px; font-weight: 600; color: inherit; }
th[aria-sort="ascending"], th[aria-sort="descending"] { color: var(--text); }
.arrow { display: inline-block; width: 1.2em; }
tbody th { font-weight: 400; color: var(--text); }
td, tbody th { padding: 3px 10px; white-space: nowrap; }
.swatch { margin-right: 7px; vertical-align: -1px; }
.free { background: var(--part-arena-free); } .held { background: var(--part-large); } .parked { background: var(--part-magazines); } .slab, .objects { background: var(--part-live); } .metadata { background: var(--part-metadata); }
@container (max-width: 500px) {
  .bounds { flex-wrap: nowrap; width: 100%; }
  .bounds input[type="text"] { flex: 1 1 0; min-width: 0; padding: 3px 6px; }
  td, tbody th, thead th { padding-left: 6px; padding-right: 6px; }
}
`];
  static override properties = { choice: { attribute: false }, row: { attribute: false }, rows: { attribute: false }, query: { attribute: false }, page: { attribute: false } };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare row: ArenaRow | undefined;
  declare rows: readonly ArenaRow[];
  declare query: SegmentQuery | undefined;
  declare page: SegmentPage | undefined;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.rows = [];
  }

  protected override render(): TemplateResult {
    const { row, query } = this;
    if (row === undefined || query === undefined) return html``;
    const wanted = parsed(query, row);
    const wrong = 'mistake' in wanted ? wanted : undefined;
    const page = this.page?.arena === row.id ? this.page : undefined;
    return html`
      <h2><term-hint term="segment">Segments</term-hint> <span class="muted small">of ${called(row)}</span></h2>
      <div class="row filters">
        <fieldset class="row kinds"><legend>Kinds</legend>
          ${kindsOf(row).map(({ kind, label, term }) => html`<term-hint plain term=${term}><label><input type="checkbox" .checked=${query.kinds.includes(kind)}
            @change=${() => this.#toggle(query, kind)}>${label}</label></term-hint>`)}</fieldset>
        <div class="row bounds" role="group" aria-label="Length">Length ${this.#field('least', 'Least length', query, wrong?.field, ofMemory(row) ? '4 KiB' : '1')}
          to ${this.#field('most', 'Most length', query, wrong?.field, ofMemory(row) ? '1 MiB' : '100')}</div>
        <div class="row bounds ${ofMemory(row) ? 'address' : ''}" role="group" aria-label=${ofMemory(row) ? 'Address' : 'Number'}>${ofMemory(row) ? 'Address' : 'Number'}
          ${this.#field('from', ofMemory(row) ? 'First address' : 'First number', query, wrong?.field, ofMemory(row) ? '0x00010000' : '0')}
          to ${this.#field('to', ofMemory(row) ? 'Last address' : 'Last number', query, wrong?.field, ofMemory(row) ? '0x0001ffff' : '999')}</div>
      </div>
      ${wrong !== undefined ? html`<p class="notice bad" role="alert">${wrong.mistake}</p>`
        : page === undefined ? html`<p class="empty" role="status">Reading segments …</p>`
          : 'sentence' in page ? html`<p class="notice bad" role="alert">The segments cannot be listed: ${page.sentence}</p>`
            : this.#list(row, query, page.list, page.offset)}`;
  }

  /** What is typed counts when it is finished, by Enter or by leaving the field: half an address is no mistake. */
  #field(field: Exclude<QueryField, 'kinds'>, label: string, query: SegmentQuery, wrong: QueryField | undefined, example: string): TemplateResult {
    return html`<input type="text" aria-label=${label} placeholder=${example} autocomplete="off" spellcheck="false" aria-invalid=${wrong === field} .value=${query[field]}
      @change=${(event: Event) => {
        if (event.target instanceof HTMLInputElement) wish(this, 'set-query', { ...query, [field]: event.target.value, offset: 0 });
      }}>`;
  }

  #toggle(query: SegmentQuery, kind: SegmentKind): void {
    const kinds = query.kinds.includes(kind) ? query.kinds.filter((known) => known !== kind) : [...query.kinds, kind];
    wish(this, 'set-query', { ...query, kinds, offset: 0 });
  }

  #list(row: ArenaRow, query: SegmentQuery, list: SegmentList, offset: number): TemplateResult {
    const last = lastOffset(list.matching);
    const turn = (label: string, to: number, off: boolean): TemplateResult => html`<button aria-disabled=${off} @click=${() => {
      if (!off) wish(this, 'set-query', { ...query, offset: to });
    }}>${label}</button>`;
    return html`<div class="row spread pages">
        <span role="status">${pageWords(offset, list)}, ${amount(row, list.length)} in all</span>
        ${last === 0 ? nothing : html`<span class="row" role="group" aria-label="Pages">${turn('Previous', Math.max(0, offset - PAGE), offset === 0)}${turn('Next', Math.min(last, offset + PAGE), offset >= last)}</span>`}
      </div>
      ${list.rows.length === 0 ? html`<p class="empty">${list.matching > 0 ? 'Reading segments …' : 'No segment matches. Change the filter to see more.'}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label="Segments, a table"><table>
        <thead><tr>${this.#head('address', ofMemory(row) ? 'Address' : 'First number', query)}${this.#head('length', 'Length', query)}<th scope="col">Kind</th><th scope="col"><term-hint term="span">Span</term-hint></th></tr></thead>
        <tbody>${list.rows.map((segment) => this.#row(row, segment))}</tbody></table></div>`}`;
  }

  #head(order: SegmentQuery['order'], label: string, query: SegmentQuery): TemplateResult {
    const now = query.order === order;
    const up = order === 'address';
    return html`<th scope="col" class=${up ? '' : 'number'} aria-sort=${now ? (up ? 'ascending' : 'descending') : 'none'}><button
      @click=${() => wish(this, 'set-query', { ...query, order, offset: 0 })}>${label}<span class="arrow" aria-hidden="true">${now ? (up ? ' ↑' : ' ↓') : ''}</span></button></th>`;
  }

  #row(row: ArenaRow, segment: SegmentRow): TemplateResult {
    const to = importer(this.rows, row, segment);
    const { start, span } = segment;
    const chosen = ofMemory(row) && ofRange(this.choice, start, segment.length);
    return html`<tr class=${chosen ? 'chosen' : ''} aria-current=${chosen}>
      <th scope="row" class="mono">${ofMemory(row) ? html`<button class="link" title="Show on the map" @click=${() => this.#showOnMap(start)}>${position(row, start)}</button>` : position(row, start)}</th>
      <td class="number">${amount(row, segment.length)}</td>
      <td><i class="swatch ${segment.kind}"></i>${segment.objectCache === undefined ? segment.kind : `objects of ${segment.objectCache}`}${segment.objects === undefined ? nothing
        : html`<span class="muted">: ${count(segment.live ?? 0)} of ${plural(segment.objects, 'object')} of ${amount(row, segment.objectLength ?? 0)} live</span>`}${to === undefined ? nothing
        : html` by <button class="link" @click=${() => wish(this, 'choose-arena', to.id)}>${called(to)}</button>`}</td>
      <td><span class="mono">${stretch(row, span.start, span.length)}</span>${span.imported ? html` <span class="muted">imported</span>` : nothing}</td></tr>`;
  }

  #showOnMap(address: number): void {
    wish(this, 'choose-address', address);
    wish(this, 'show-tab', 'map');
  }
}

customElements.define('segment-table', SegmentTable);
