/**
 * `<change-objects .shelf .audit .frames>`: the objects that are new, freed or survive between two snapshots, a page at a time; each links to its place
 * on the map. Sends `snapshots`, and `choose-address` with `show-tab`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Audit } from '../model/diagnosis.ts';
import { bytes, count, exactBytes } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { ObjectList, ObjectRow } from '../model/records.ts';
import { EMPTY, type Choice, type Fate, type Shelf } from '../model/shelf.ts';
import { operations } from '../model/site-rows.ts';
import { FATES, PAGE, tallyWords } from '../model/snapshots.ts';
import { wish } from './events.ts';
import { addressLink, siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

const NAMES: Record<Fate, string> = { new: 'New', freed: 'Freed', surviving: 'Surviving' };
const SAYS: Record<Fate, string> = {
  new: 'Allocated between the two, and held at the later one.', freed: 'Held at the earlier one, and given back since.', surviving: 'Held at both.',
};

export class ChangeObjects extends LitElement {
  static override styles = [sheet, css`
.choices { margin-top: 8px; gap: 8px 16px; }
.by { gap: 4px; }
.by button { min-height: 30px; padding: 2px 10px; }
.pages { margin-top: 8px; min-height: 34px; font-size: 14px; }
.pages button { min-height: 30px; }
.scroll { margin: 8px -18px 0; padding: 0 18px; max-height: min(48vh, 520px); overflow: auto; }
thead th { position: sticky; top: 0; background: var(--surface); box-shadow: inset 0 -1px var(--edge); padding: 6px 8px; }
td, tbody th { padding: 3px 8px; white-space: nowrap; font-weight: 400; }
td.site { white-space: normal; overflow-wrap: anywhere; min-width: 120px; }
`];
  static override properties = { shelf: { attribute: false }, audit: { attribute: false }, frames: { attribute: false } };
  declare shelf: Shelf;
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.shelf = EMPTY;
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { shelf } = this;
    const { objects, fate } = shelf;
    if (objects === undefined) return html``;
    const narrowed = shelf.cache !== undefined ? `of one cache` : shelf.site !== undefined ? `of one call site` : '';
    return html`
      <h2>Objects ${narrowed === '' ? nothing : html`<span class="muted small">${narrowed}</span> <button class="plain" @click=${() => this.#choose({ cache: undefined, site: undefined })}>Show all</button>`}</h2>
      <div class="row choices">
        <div class="row by" role="group" aria-label="Which objects">${FATES.map((it) => html`<term-hint plain says=${SAYS[it]}><button aria-pressed=${it === fate} @click=${() => this.#choose({ fate: it })}>${NAMES[it]}</button></term-hint>`)}</div>
        ${fate === 'freed' ? nothing : html`<label><input type="checkbox" .checked=${shelf.held} @change=${this.#onHeld}>Only those held now</label>`}
        <label>Order <select @change=${this.#onOrder}><option value="address" ?selected=${!shelf.longest}>address</option><option value="length" ?selected=${shelf.longest}>longest first</option></select></label>
      </div>
      ${this.#pages(objects)}
      ${objects.rows.length === 0 ? html`<p class="empty">There is no such object.</p>` : this.#table(objects.rows)}`;
  }

  #pages({ matching, bytes: size, rows }: ObjectList): TemplateResult {
    const { offset } = this.shelf;
    const turn = (label: string, to: number, off: boolean): TemplateResult => html`<button ?disabled=${off} @click=${() => this.#choose({ offset: to })}>${label}</button>`;
    return html`<div class="row spread pages"><span role="status">${tallyWords({ count: matching, bytes: size })}${matching > rows.length && rows.length > 0 ? `, ${count(offset + 1)} to ${count(offset + rows.length)} shown` : ''}</span>
      ${matching <= PAGE ? nothing : html`<span class="row" role="group" aria-label="Pages">${turn('Previous', Math.max(0, offset - PAGE), offset === 0)}${turn('Next', offset + PAGE, offset + PAGE >= matching)}</span>`}</div>`;
  }

  #table(rows: readonly ObjectRow[]): TemplateResult {
    const recorded = rows.some(({ asked }) => asked !== null);
    return html`<div class="scroll" tabindex="0" role="group" aria-label="Objects, a table"><table>
      <thead><tr><th scope="col">Address</th><th scope="col" class="number">Length</th><th scope="col">Cache</th>
        ${recorded ? html`<th scope="col" class="number">Asked for</th><th scope="col" class="number">Age</th><th scope="col">Call site</th>` : nothing}</tr></thead>
      <tbody>${rows.map((row) => html`<tr><th scope="row">${addressLink(this, row.address)}</th>
        <td class="number" title=${exactBytes(row.length)}>${bytes(row.length)}</td><td>${row.name}</td>
        ${recorded ? html`<td class="number">${row.asked === null ? '–' : bytes(row.asked)}</td><td class="number">${row.age === null ? '–' : operations(row.age)}</td>
          <td class="site">${row.site === null ? '–' : siteLink(this, row.site, this.audit, this.frames)}</td>` : nothing}</tr>`)}</tbody></table></div>`;
  }

  #choose(choice: Choice): void {
    wish(this, 'snapshots', { kind: 'choose', choice });
  }

  #onHeld(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.#choose({ held: event.target.checked });
  }

  #onOrder(event: Event): void {
    if (event.target instanceof HTMLSelectElement) this.#choose({ longest: event.target.value === 'length' });
  }
}

customElements.define('change-objects', ChangeObjects);
