/** `<selection-bar .choice>`: what is chosen, in every view, each with a button that ends the choice. Sends the wishes that end it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { address, moment } from '../model/format.ts';
import { isNoChoice, NO_CHOICE, type Choice } from '../model/selection.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';

export class SelectionBar extends LitElement {
  static override styles = [sheet, css`
.row { gap: 6px 8px; font-size: 14px; }
button { min-height: 28px; padding: 1px 9px; border-radius: 14px; font-size: 13px; }
`];
  static override properties = { choice: { attribute: false } };
  declare choice: Choice;

  constructor() {
    super();
    this.choice = NO_CHOICE;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { cache, site, address: at, range } = this.choice;
    if (isNoChoice(this.choice)) return nothing;
    return html`<div class="row" role="group" aria-label="What is chosen"><span class="muted" title="Views mark what belongs to it. The log lists only what is of the call site, the object cache and the address.">Chosen:</span>
      ${cache === undefined ? nothing : this.#chip(`cache ${cache.name}`, () => wish(this, 'set-spotlight', undefined))}
      ${site === undefined ? nothing : this.#chip(`call site ${site}`, () => wish(this, 'choose-site', undefined))}
      ${at === undefined ? nothing : this.#chip(`address ${address(at)}`, () => wish(this, 'choose-address', undefined))}
      ${range === undefined ? nothing : this.#chip(`time ${moment(range[0])} – ${moment(range[1])}`, () => wish(this, 'set-range', undefined))}</div>`;
  }

  /** The second click of two is for the chip that was there: it does nothing to the one that moved to its place. */
  #chip(label: string, end: () => void): TemplateResult {
    return html`<button aria-label=${`End the choice of ${label}`} @click=${(event: MouseEvent) => {
      if (event.detail < 2) end();
    }}>${label} <span aria-hidden="true">×</span></button>`;
  }
}

customElements.define('selection-bar', SelectionBar);
