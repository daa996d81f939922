/** `<site-details .site .frames>`: one call site in full: its figures and how sure they are, its stack, and a way to its entries in the log. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { WHOLE_LOG } from '../model/diagnosis.ts';
import { count, plural } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { Site } from '../model/site-names.ts';
import { figureOf, isExact, operations, SITE_COLUMNS } from '../model/site-rows.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './stack-list.ts';
import './term-hint.ts';

export class SiteDetails extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
h2 { overflow-wrap: anywhere; }
.sure { margin-top: 6px; max-width: 76ch; font-size: 14px; text-wrap: pretty; }
.parts { display: grid; grid-template-columns: minmax(0, 300px) minmax(0, 1fr); gap: 18px 32px; margin-top: 14px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 5px 14px; font-size: 13.5px; align-content: start; }
dt { color: var(--muted); }
dd { font-variant-numeric: tabular-nums; }
dd span { color: var(--muted); white-space: nowrap; }
@container (max-width: 700px) { .parts { grid-template-columns: minmax(0, 1fr); } }
`];
  static override properties = { site: { attribute: false }, frames: { attribute: false } };
  declare site: Site | undefined;
  declare frames: Frames;

  constructor() {
    super();
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { site } = this;
    if (site === undefined) return html``;
    const { row } = site;
    return html`
      <div class="row spread"><h2>${site.name} <span class="muted small">site ${count(row.id)}</span></h2>
        <button @click=${() => this.#showLog(row.id)}>Show in the log</button></div>
      <p class="sure">${sureWords(site)}</p>
      <div class="parts">
        <dl>${SITE_COLUMNS.map((column) => {
          if (column.unit === 'name' || column.key === 'oldest' || column.key === 'samples') return nothing;
          const { words, error } = figureOf(row, column);
          return html`<dt><term-hint says=${column.says}>${column.label}</term-hint></dt><dd>${words}${error === '' ? nothing : html` <span>${error}</span>`}</dd>`;
        })}
          <dt><term-hint says="Requests from here that were looked at, ever.">Samples</term-hint></dt><dd>${count(row.samples)}</dd>
          <dt><term-hint says="Those of the samples whose objects are still held.">Live samples</term-hint></dt><dd>${count(row.liveSamples)}</dd>
          ${row.liveSamples === 0 ? nothing : html`<dt><term-hint says="How long ago the oldest and the newest of the live samples were made.">Ages</term-hint></dt><dd>${operations(row.newest)} to ${operations(row.oldest)}</dd>`}</dl>
        <section><h3>Stack, the innermost call first</h3><stack-list .row=${row} .frames=${this.frames}></stack-list></section>
      </div>`;
  }

  #showLog(id: number): void {
    wish(this, 'set-log-query', { ...WHOLE_LOG, site: String(id) });
    wish(this, 'show-tab', 'log');
  }
}

/** How much to trust the figures. */
function sureWords({ row }: Site): string {
  if (isExact(row)) return `Each of ${plural(row.samples, 'request')} was recorded, so the figures are exact.`;
  const few = row.samples < 10 ? ' That is few: take them as a hint.' : '';
  return `Worked out from ${plural(row.samples, 'sample')}, of which ${count(row.liveSamples)} ${row.liveSamples === 1 ? 'is' : 'are'} live. “±” is the standard error: two times out of three the true figure lies within it.${few}`;
}

customElements.define('site-details', SiteDetails);
