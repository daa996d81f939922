/** `<site-details .site .frames .lives>`: one call site in full: its figures and how sure they are, its stack, and a way to its entries in the log. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { WHOLE_LOG } from '../model/diagnosis.ts';
import { count, plural } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { lifeWords } from '../model/lifetime-rows.ts';
import type { SiteLives } from '../model/lifetimes.ts';
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
  static override properties = { site: { attribute: false }, frames: { attribute: false }, lives: { attribute: false } };
  declare site: Site | undefined;
  declare frames: Frames;
  /** How long its objects lived, where the log has some. */
  declare lives: SiteLives | undefined;

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
          ${row.liveSamples === 0 ? nothing : html`<dt><term-hint says="How long ago the oldest and the newest of the live samples were made.">Ages</term-hint></dt><dd>${operations(row.newest)} to ${operations(row.oldest)}</dd>`}
          ${this.lives === undefined ? nothing : livesRows(this.lives)}</dl>
        <section><h3>Stack, the innermost call first</h3><stack-list .row=${row} .frames=${this.frames}></stack-list></section>
      </div>`;
  }

  #showLog(id: number): void {
    // Nothing else narrows the log.
    wish(this, 'set-spotlight', undefined);
    wish(this, 'choose-address', undefined);
    wish(this, 'choose-site', id);
    wish(this, 'set-log-query', WHOLE_LOG);
    wish(this, 'show-tab', 'log');
  }
}

/** What the log knows of its objects. */
function livesRows(lives: SiteLives): TemplateResult {
  return html`<dt><term-hint says="Of the objects whose request is in the log, those whose free is there, too.">Given back</term-hint></dt><dd>${count(lives.back)} <span>of ${count(lives.made)} in the log</span></dd>
    ${lives.back === 0 ? nothing : html`<dt><term-hint says="How long those lived that were given back: the median, what nine of ten did not outlive, and the longest.">Lives</term-hint></dt>
      <dd>${operations(lives.median)} <span>median</span>, ${operations(lives.most)} <span>nine of ten</span>, ${operations(lives.longest)} <span>longest</span></dd>`}
    <dt><term-hint says="Bytes that were given back soon, and how much that is of all that the log has from here.">Temporary</term-hint></dt><dd>${lifeWords(lives, 'temporaryBytes')} <span>${lifeWords(lives, 'share')}</span></dd>`;
}

/** How much to trust the figures. */
function sureWords({ row }: Site): string {
  if (isExact(row)) return `Each of ${plural(row.samples, 'request')} was recorded, so the figures are exact.`;
  const few = row.samples < 10 ? ' That is few: take them as a hint.' : '';
  return `Worked out from ${plural(row.samples, 'sample')}, of which ${count(row.liveSamples)} ${row.liveSamples === 1 ? 'is' : 'are'} live. “±” is the standard error: two times out of three the true figure lies within it.${few}`;
}

customElements.define('site-details', SiteDetails);
