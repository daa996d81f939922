/** `<arenas-view .choice .rows .query .page>`: the tree of arenas, and below it the chosen one in full, down to its segments. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { called, chosenArena, type SegmentPage, type SegmentQuery } from '../model/arenas.ts';
import { plural } from '../model/format.ts';
import type { ArenaRow } from '../model/records.ts';
import { NO_CHOICE, type Choice } from '../model/selection.ts';
import { sheet } from './sheet.ts';
import './arena-details.ts';
import './arena-tree.ts';
import './segment-table.ts';
import './term-hint.ts';

export class ArenasView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; }
.card { min-width: 0; }
arena-tree { margin-top: 8px; }
.gone { margin-top: 8px; }
`];
  static override properties = { choice: { attribute: false }, rows: { attribute: false }, query: { attribute: false }, page: { attribute: false } };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare rows: readonly ArenaRow[];
  declare query: SegmentQuery | undefined;
  declare page: SegmentPage | undefined;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.rows = [];
  }

  protected override render(): TemplateResult {
    const { rows, query, page } = this;
    const wanted = query?.arena;
    const row = chosenArena(rows, wanted);
    return html`
      <section class="card">
        <h2><term-hint term="arena">Arenas</term-hint> <span class="muted small">${plural(rows.length, 'arena')}</span></h2>
        ${row === undefined ? html`<p class="empty">No arena yet: the program has not allocated anything.</p>` : html`<arena-tree .rows=${rows} .chosen=${row.id}></arena-tree>`}
        ${row !== undefined && wanted !== undefined && row.id !== wanted ? html`<p class="small muted gone" role="status">The arena that was chosen is gone; this is ${called(row)}.</p>` : nothing}
      </section>
      ${row === undefined ? nothing : html`
        <section class="card"><arena-details .row=${row} .rows=${rows}></arena-details></section>
        <section class="card"><segment-table .choice=${this.choice} .row=${row} .rows=${rows} .query=${query} .page=${page}></segment-table></section>`}`;
  }
}

customElements.define('arenas-view', ArenasView);
