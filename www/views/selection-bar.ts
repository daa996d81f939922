/** `<selection-bar .choice>`: what is chosen, in every view, each with a button that ends the choice. Sends the wishes that end it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { address, moment } from '../model/format.ts';
import { NO_CHOICE, type Choice } from '../model/selection.ts';
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
    const chips = [
      cache === undefined ? undefined : { label: `cache ${cache.name}`, end: () => wish(this, 'set-spotlight', undefined) },
      site === undefined ? undefined : { label: `call site ${site}`, end: () => wish(this, 'choose-site', undefined) },
      at === undefined ? undefined : { label: `address ${address(at)}`, end: () => wish(this, 'choose-address', undefined) },
      range === undefined ? undefined : { label: `time ${moment(range[0])} – ${moment(range[1])}`, end: () => wish(this, 'set-range', undefined) },
    ].filter((chip) => chip !== undefined);
    if (chips.length === 0) return nothing;
    return html`<div class="row" role="group" aria-label="What is chosen"><span class="muted" title="Views mark what belongs to it. The log lists only what is of the call site, the object cache and the address.">Chosen:</span>
      ${repeat(chips, ({ label }) => label, ({ label, end }) => html`<button aria-label=${`End the choice of ${label}`} @click=${(event: MouseEvent) => {
        // The second click of two lands on the chip that moved here.
        if (event.detail < 2) end();
      }}>${label} <span aria-hidden="true">×</span></button>`)}</div>`;
  }
}

customElements.define('selection-bar', SelectionBar);
