/**
 * `<flame-table .root .measure>`: the flame graph as a tree in a table, for those who do not see it. Up and down move, right opens, left closes or goes
 * to the caller.
 */
import { css, html, LitElement, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { keyOf, openRows, type FlameNode } from '../model/flame.ts';
import type { Measure } from '../model/diagnosis.ts';
import { flameError, flameValue } from '../model/flame-words.ts';
import { share } from '../model/format.ts';
import { sheet } from './sheet.ts';

const DEEPEST = 12;

export class FlameTable extends LitElement {
  static override styles = [sheet, css`
.scroll { max-height: 420px; overflow: auto; }
th, td { padding: 3px 8px; }
tbody th { font-weight: 400; color: var(--text); white-space: normal; overflow-wrap: anywhere; min-width: 150px; }
tbody tr { cursor: pointer; }
tr:focus-visible { outline-offset: -2px; }
.arrow { display: inline-block; width: 1.2em; color: var(--muted); }
.pad { display: inline-block; }
.error { color: var(--muted); }
`, unsafeCSS(Array.from({ length: DEEPEST + 1 }, (_, depth) => `.d${depth} { width: ${depth * 12}px; }`).join(' '))];
  static override properties = { root: { attribute: false }, measure: {}, open: { state: true }, at: { state: true } };
  declare root: FlameNode | undefined;
  declare measure: Measure;
  /** Keys of the nodes that are open. */
  declare open: ReadonlySet<string>;
  /** Key of the row that has the place in the order of the Tab key. */
  declare at: string;

  constructor() {
    super();
    this.measure = 'liveBytes';
    this.open = new Set(['']);
    this.at = '';
  }

  protected override render(): TemplateResult {
    const { root } = this;
    if (root === undefined) return html``;
    const rows = openRows(root, this.open);
    const reachable = rows.find((row) => keyOf(row) === this.at) ?? root;
    return html`<div class="scroll"><table role="treegrid" aria-label="Flame graph as a tree" @keydown=${this.#onKey}>
      <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Function or tag</th><th role="columnheader" scope="col" class="number">Under it</th><th role="columnheader" scope="col" class="number">Share</th><th role="columnheader" scope="col" class="number">Right here</th></tr></thead>
      <tbody role="rowgroup">${rows.map((row) => this.#row(row, root, row === reachable))}</tbody></table></div>`;
  }

  #row(row: FlameNode, root: FlameNode, reachable: boolean): TemplateResult {
    const key = keyOf(row);
    const open = this.open.has(key);
    const inner = row.children.length > 0;
    return html`<tr role="row" aria-level=${row.depth + 1} aria-expanded=${inner ? open : nothing} tabindex=${reachable ? 0 : -1} data-key=${key} @click=${() => this.#toggle(row)}>
      <th role="rowheader" scope="row"><span class="pad d${Math.min(row.depth, DEEPEST)}"></span><span class="arrow" aria-hidden="true">${inner ? (open ? '▾' : '▸') : ''}</span>${row.name}</th>
      <td role="gridcell" class="number">${flameValue(row, this.measure)} <span class="error">${flameError(row)}</span></td><td role="gridcell" class="number">${share(row.value, root.value)}</td>
      <td role="gridcell" class="number">${row.self === 0 ? '–' : share(row.self, root.value)}</td></tr>`;
  }

  #toggle(row: FlameNode, open = !this.open.has(keyOf(row))): void {
    const key = keyOf(row);
    const keys = new Set(this.open);
    if (open) keys.add(key);
    else keys.delete(key);
    this.open = keys;
    this.at = key;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('at') || !(this.shadowRoot?.activeElement instanceof HTMLTableRowElement)) return;
    const row = this.renderRoot.querySelector('tr[tabindex="0"]');
    if (row instanceof HTMLElement) row.focus();
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const { root } = this;
    if (root === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = openRows(root, this.open);
    const at = Math.max(0, rows.findIndex((candidate) => keyOf(candidate) === this.at));
    const row = rows[at];
    if (row === undefined) return;
    const isOpen = this.open.has(keyOf(row)) && row.children.length > 0;
    const move = (to: FlameNode | undefined): void => {
      if (to !== undefined) this.at = keyOf(to);
    };
    switch (event.key) {
      case 'ArrowDown': move(rows[at + 1]); break;
      case 'ArrowUp': move(rows[at - 1]); break;
      case 'Home': move(root); break;
      case 'End': move(rows.at(-1)); break;
      case 'ArrowRight':
        if (isOpen) move(row.children[0]);
        else this.#toggle(row, true);
        break;
      case 'ArrowLeft':
        if (isOpen) this.#toggle(row, false);
        else move(row.parent);
        break;
      case 'Enter': case ' ': this.#toggle(row); break;
      default: return;
    }
    event.preventDefault();
  };
}

customElements.define('flame-table', FlameTable);
