/** `<arena-table .rows>`: where slabs and large allocations are cut from, one row per arena. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { bytes, count, plural, range, share } from '../model/format.ts';
import type { ArenaRow } from '../model/records.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class ArenaTable extends LitElement {
  static override styles = [sheet, css`
.scroll { margin-top: 8px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 8px 24px; margin-top: 10px; font-size: 14px; }
dt { color: var(--muted); font-size: 13px; }
dd { font-variant-numeric: tabular-nums; }
article + article { margin-top: 18px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { margin-top: 10px; }
ul { margin-top: 6px; font-size: 13.5px; }
@media (max-width: 420px) { dl { grid-template-columns: 1fr 1fr; gap: 8px 16px; } }
`];
  static override properties = { rows: { attribute: false } };
  declare rows: readonly ArenaRow[];

  constructor() {
    super();
    this.rows = [];
  }

  protected override render(): TemplateResult {
    return html`<h2><term-hint term="arena">Arenas</term-hint></h2>
      ${this.rows.length === 0 ? html`<p class="empty">No arena yet: the program has not allocated anything.</p>` : this.rows.map((row) => this.#arena(row))}`;
  }

  #arena(row: ArenaRow): TemplateResult {
    return html`<article>
      <h3>${row.name}</h3>
      <dl>
        <div><dt>In use</dt><dd>${bytes(row.inUse)} of ${bytes(row.total)} (${share(row.inUse, row.total)})</dd></div>
        <div><dt><term-hint term="arenaFree">Free</term-hint></dt><dd>${bytes(row.free)} in ${plural(row.freeSegments, 'run')}</dd></div>
        <div><dt><term-hint term="largestFree">Longest free run</term-hint></dt><dd>${bytes(row.largestFree)}</dd></div>
        <div><dt><term-hint term="slab">In slabs</term-hint></dt><dd>${bytes(row.slabBytes)}</dd></div>
        <div><dt><term-hint term="parked">Parked in magazines</term-hint></dt><dd>${bytes(row.parkedBytes)}</dd></div>
        <div><dt><term-hint term="large">Large allocations</term-hint></dt><dd>${count(row.largeLive)}, ${bytes(row.largeLiveBytes)}</dd></div>
        <div><dt><term-hint term="metadata">Metadata</term-hint></dt><dd>${bytes(row.metadataBytes)}</dd></div>
        <div><dt><term-hint term="segment">Segments</term-hint></dt><dd>${count(row.segments)}</dd></div>
        <div><dt><term-hint term="quantum">Quantum</term-hint></dt><dd>${bytes(row.quantum)}</dd></div>
        <div><dt>Taken and given back</dt><dd>${count(row.allocations)} / ${count(row.frees)} times${row.failures > 0 ? `, ${plural(row.failures, 'failure')}` : ''}</dd></div>
        <div><dt><term-hint term="growth">Growths</term-hint></dt><dd>${count(row.growths)}, ${plural(row.pages, 'page')}</dd></div>
      </dl>
      <details><summary><span>${plural(row.spans, 'span')}</span></summary>
        <ul>${row.spanList.map((span) => html`<li><span class="mono">${range(span.start, span.length)}</span> <span class="muted">${bytes(span.length)}</span></li>`)}</ul>
      </details>
    </article>`;
  }
}

customElements.define('arena-table', ArenaTable);
