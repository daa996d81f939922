/** `<growers-table .growth .read .audit .frames>`: what only grew since the recording began, or since a person began anew. Sends `choose-site`, `choose-cache`, `forget-growth`. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import type { Audit } from '../model/diagnosis.ts';
import { bytes, count, duration } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { Grower, GrowthWatch } from '../model/growth.ts';
import { wish } from './events.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

const SHOWN = 12;

export class GrowersTable extends LitElement {
  static override styles = [sheet, css`
td.who { min-width: 200px; overflow-wrap: anywhere; }
.how { margin-top: 6px; max-width: 88ch; }
`];
  static override properties = { growth: { attribute: false }, read: { type: Number }, audit: { attribute: false }, frames: { attribute: false } };
  declare growth: GrowthWatch | undefined;
  /** Changes with each reading: the watch changes inside. */
  declare read: number;
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.read = 0;
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const growers = this.growth?.growers() ?? [];
    const span = this.growth?.span ?? 0;
    return html`<div class="row spread"><h2 class="grow"><term-hint says="Live bytes that were read again and again and never fell much: what a leak looks like that is still reachable, such as a cache without a limit.">What only grows</term-hint></h2>
      <button @click=${() => wish(this, 'forget-growth', undefined)}>Begin anew</button></div>
      <p class="small muted how">${growers.length === 0 ? 'Nothing so far' : `${count(growers.length)} found`}, looking for ${duration(span)}. Begin anew, do the same thing in the program several times, and see what is listed: what is needed only while it is done is not.</p>
      ${growers.length === 0 ? '' : html`<div class="scroll" tabindex="0" role="group" aria-label="What only grows"><table>
        <thead><tr><th scope="col">Who</th><th scope="col" class="number">Then</th><th scope="col" class="number">Now</th><th scope="col" class="number">Grew</th><th scope="col" class="number">A minute</th></tr></thead>
        <tbody>${growers.slice(0, SHOWN).map((grower) => this.#row(grower, span))}</tbody></table></div>`}
      ${growers.length > SHOWN ? html`<p class="small muted">The ${SHOWN} that grew most are listed.</p>` : ''}`;
  }

  #row(grower: Grower, span: number): TemplateResult {
    const grew = grower.last - grower.first;
    return html`<tr><td class="who">${this.#who(grower)}</td><td class="number">${bytes(grower.first)}</td><td class="number">${bytes(grower.last)}</td>
      <td class="number">+${bytes(grew)}</td><td class="number">+${bytes(Math.round(grew / Math.max(span, 1) * 60_000))}</td></tr>`;
  }

  #who({ kind, id, name }: Grower): TemplateResult {
    if (kind === 'site') return html`<span class="muted">site</span> ${siteLink(this, id, this.audit, this.frames)}`;
    if (kind === 'tag') return html`<span class="muted">tag</span> ${name}`;
    return html`<span class="muted">object cache</span> <button class="link" @click=${() => { wish(this, 'choose-cache', id); wish(this, 'show-tab', 'objects'); }}>${name}</button>`;
  }
}

customElements.define('growers-table', GrowersTable);
