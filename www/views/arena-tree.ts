/**
 * `<arena-tree .rows .chosen>`: one row per arena, below the one that it imports from; sends `choose-arena`.
 * Up, down, Home and End choose, right opens and left closes. What is chosen has the one place in the order of the Tab key.
 */
import { css, html, LitElement, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import { amount, called, chosenArena, KIND_NAMES, move, tree, visible, type Branch } from '../model/arenas.ts';
import { plural, share } from '../model/format.ts';
import type { ArenaRow } from '../model/records.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class ArenaTree extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
tbody tr { cursor: pointer; }
tbody tr:hover > * { background: var(--raised); }
tbody tr[aria-selected="true"] > * { background: var(--accent-soft); }
tbody tr[aria-selected="true"] > :first-child { box-shadow: inset 3px 0 var(--accent); }
tbody tr:focus-visible { outline-offset: -2px; }
tbody th { color: var(--text); white-space: normal; overflow-wrap: anywhere; padding: 7px 10px 7px 6px; }
.name { display: flex; align-items: center; gap: 2px; }
.twisty { flex: none; width: 24px; height: 24px; line-height: 24px; text-align: center; color: var(--muted); border-radius: 5px; }
.open { transform: rotate(90deg); }
.l2 { padding-left: 20px; } .l3 { padding-left: 40px; } .l4 { padding-left: 60px; } .l5 { padding-left: 80px; } .l6 { padding-left: 100px; }
.use { display: flex; align-items: center; gap: 10px; white-space: nowrap; }
svg { width: 84px; height: 8px; flex: none; border-radius: 4px; background: var(--part-arena-free); box-shadow: 0 0 0 1px color-mix(in srgb, var(--text) 18%, transparent); }
.held { fill: var(--part-large); } .cached { fill: var(--part-magazines); }
.bad { color: var(--bad); font-weight: 600; }
.label { display: none; color: var(--muted); }
@container (max-width: 640px) {
  table, tbody { display: block; }
  thead { display: none; }
  tbody tr { display: flex; flex-wrap: wrap; align-items: center; padding: 6px 8px 8px; gap: 2px 14px; border-bottom: 1px solid var(--line); }
  tbody tr:hover, tbody tr[aria-selected="true"] { background: var(--raised); }
  tbody tr[aria-selected="true"] { background: var(--accent-soft); box-shadow: inset 3px 0 var(--accent); }
  tbody tr > *, tbody tr[aria-selected="true"] > :first-child { border: 0; padding: 0; background: none !important; box-shadow: none; text-align: left; }
  tbody th { flex: 1 1 55%; }
  .wide { flex: 1 1 100%; }
  .wide svg { flex: 1 1 60px; max-width: 160px; }
  .label { display: inline; }
  .never { display: none; }
  .l3, .l4, .l5, .l6 { padding-left: 32px; }
}
`];
  static override properties = { rows: { attribute: false }, chosen: { type: Number }, closed: { state: true } };
  declare rows: readonly ArenaRow[];
  /** Id of the arena whose details are shown. */
  declare chosen: number | undefined;
  /** Ids of arenas whose children are hidden. */
  declare closed: ReadonlySet<number>;

  constructor() {
    super();
    this.rows = [];
    this.closed = new Set();
  }

  protected override render(): TemplateResult {
    const shown = this.#shown();
    const chosen = this.#chosen();
    const failures = this.rows.some((row) => row.failures > 0);
    return html`<table role="treegrid" aria-label="Arenas, each below the one that it imports from" @keydown=${this.#onKey}>
      <thead role="rowgroup"><tr role="row">
        <th role="columnheader" scope="col">Name</th>
        <th role="columnheader" scope="col"><term-hint term="arenaKind">Kind</term-hint></th>
        <th role="columnheader" scope="col"><term-hint term="arenaInUse">In use</term-hint></th>
        <th role="columnheader" scope="col" class="number"><term-hint term="largestFree">Longest free</term-hint></th>
        <th role="columnheader" scope="col" class="number"><term-hint term="fragmentation">Fragmentation</term-hint></th>
        ${failures ? html`<th role="columnheader" scope="col" class="number"><term-hint term="failure">Failures</term-hint></th>` : nothing}
      </tr></thead>
      <tbody role="rowgroup">${shown.map((branch, index) => this.#row(branch, branch.row.id === chosen, shown[index + 1]?.above.at(-1) === branch.row.id, failures))}</tbody>
    </table>`;
  }

  #row({ row, level, place, siblings, children }: Branch, chosen: boolean, open: boolean, failures: boolean): TemplateResult {
    return html`<tr role="row" data-arena=${row.id} tabindex=${chosen ? 0 : -1} aria-selected=${chosen} aria-level=${level} aria-posinset=${place} aria-setsize=${siblings}
      aria-expanded=${children > 0 ? open : nothing} @click=${() => wish(this, 'choose-arena', row.id)}>
      <th role="rowheader" scope="row"><span class="name l${Math.min(level, 6)}">${children > 0
        ? html`<span class="twisty ${open ? 'open' : ''}" aria-hidden="true" @click=${() => this.#open(row.id, !open)}>▸</span>` : html`<span class="twisty" aria-hidden="true"></span>`}${called(row)}</span></th>
      <td role="gridcell" class="muted">${KIND_NAMES[row.kind]}</td>
      <td role="gridcell" class="wide"><span class="use">${gauge(row)}${amount(row, row.inUse)} of ${amount(row, row.total)}</span></td>
      <td role="gridcell" class="number"><span class="label">longest free </span>${amount(row, row.largestFree)}</td>
      <td role="gridcell" class="number"><term-hint plain term="fragmentation"><span>${row.free === 0 ? '–' : share(row.fragmentation, 1)}</span></term-hint><span class="label"> fragmentation</span></td>
      ${failures ? html`<td role="gridcell" class="number ${row.failures > 0 ? 'bad' : 'muted never'}">${row.failures > 0 ? plural(row.failures, 'failure') : '0'}</td>` : nothing}
    </tr>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('chosen') && !changed.has('rows')) return;
    const focused = this.shadowRoot?.activeElement;
    // Rows are drawn over in place when arenas come and go: the focus stays with the arena, not with the place.
    if (focused instanceof HTMLTableRowElement && focused.tabIndex < 0) {
      const row = this.renderRoot.querySelector('tr[aria-selected="true"]');
      if (row instanceof HTMLElement) row.focus();
    }
  }

  #chosen(): number | undefined {
    return chosenArena(this.rows, this.chosen)?.id;
  }

  #shown(): Branch[] {
    return visible(tree(this.rows), this.closed, this.#chosen());
  }

  #open(id: number, open: boolean): void {
    const closed = new Set(this.closed);
    if (open) closed.delete(id);
    else closed.add(id);
    this.closed = closed;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const chosen = this.#chosen();
    if (chosen === undefined || event.ctrlKey || event.metaKey || event.altKey || !(this.shadowRoot?.activeElement instanceof HTMLTableRowElement)) return;
    const wanted = move(this.#shown(), chosen, event.key);
    if (wanted === undefined) return;
    event.preventDefault();
    if ('open' in wanted) this.#open(chosen, wanted.open);
    else wish(this, 'choose-arena', wanted.choose);
  };
}

/** What is in use, and how much of that waits in caches; said in words beside it. */
function gauge(row: ArenaRow): TemplateResult {
  const part = (length: number): number => (row.total > 0 ? (100 * length) / row.total : 0);
  const cached = Math.min(row.cached, row.inUse);
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${svg`<rect class="held" width=${part(row.inUse - cached)} height="8"></rect><rect class="cached" x=${part(row.inUse - cached)} width=${part(cached)} height="8"></rect>`}</svg>`;
}

customElements.define('arena-tree', ArenaTree);
