/** `<growth-list .growths>`: when memory grew, by how much, and what the program was doing. Newest first. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { bytes, count, moment, plural } from '../model/format.ts';
import type { Growth } from '../model/history.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

const SHOWN = 50;

export class GrowthList extends LitElement {
  static override styles = [sheet, css`
.list { max-height: 300px; overflow: auto; margin-top: 8px; }
thead th { position: sticky; top: 0; background: var(--surface); }
td { vertical-align: top; }
td.during { min-width: 220px; }
`];
  static override properties = { growths: { attribute: false }, recorded: { type: Number } };
  declare growths: readonly Growth[];
  /** Changes with each sample: the list changes inside. */
  declare recorded: number;

  constructor() {
    super();
    this.growths = [];
    this.recorded = 0;
  }

  protected override render(): TemplateResult {
    if (this.growths.length === 0) {
      return html`<p class="empty">Memory has not grown since the recording began.</p>`;
    }
    const newest = this.growths.slice(-SHOWN).reverse();
    return html`
      <div class="list scroll" tabindex="0" role="group" aria-label="Growth events, newest first"><table>
        <thead><tr><th scope="col">Time</th><th scope="col" class="number">Pages</th><th scope="col" class="number">Grown</th>
          <th scope="col" class="number">Live then</th><th scope="col">While</th></tr></thead>
        <tbody>${newest.map((growth) => html`<tr>
          <td>${moment(growth.time)}</td>
          <td class="number">${count(growth.fromPages)} → ${count(growth.toPages)}</td>
          <td class="number">+${bytes((growth.toPages - growth.fromPages) * 65536)}</td>
          <td class="number">${bytes(growth.liveAfter)}</td>
          <td class="during">${growth.during ?? 'running'} <span class="muted">· ${this.#calls(growth)}</span></td>
        </tr>`)}</tbody>
      </table></div>
      ${this.growths.length > SHOWN ? html`<p class="small muted">The newest ${SHOWN} of ${this.growths.length} are listed.</p>` : ''}`;
  }

  #calls({ calls, foreignCalls }: Growth): string {
    const parts = [calls > 0 ? plural(calls, 'call') : '', foreignCalls > 0 ? `${plural(foreignCalls, 'call')} by others` : ''];
    return parts.filter((part) => part !== '').join(', ') || 'by others';
  }
}

customElements.define('growth-list', GrowthList);
