/**
 * `<sites-view .audit .frames .symbols .chosen .order .filter .flame .growth .grown .calls .lifeOrder>`: who asked for memory: the table of call sites, what only
 * grows, how long objects live, the flame graph, and the chosen site in full.
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { reportOf, type Audit, type FlameChoice, type LifeOrder, type LogPage, type SiteOrder } from '../model/diagnosis.ts';
import type { Frames } from '../model/frames.ts';
import type { GrowthWatch } from '../model/growth.ts';
import { lifeOrderBy } from '../model/lifetime-rows.ts';
import { lifetimesOf, type Lifetimes } from '../model/lifetimes.ts';
import { samplingWords } from '../model/modes.ts';
import type { AuditReport } from '../model/records.ts';
import { SiteNames, type Site } from '../model/site-names.ts';
import { siteOrderBy, sitesInOrder } from '../model/site-rows.ts';
import type { SymbolStore } from '../symbols.ts';
import { auditNote } from './audit-note.ts';
import { wish } from './events.ts';
import { noneSheet } from './none-sheet.ts';
import { sheet } from './sheet.ts';
import './flame-graph.ts';
import './growers-table.ts';
import './lifetimes-table.ts';
import './site-details.ts';
import './site-table.ts';
import './symbols-bar.ts';
import './term-hint.ts';

export class SitesView extends LitElement {
  static override styles = [sheet, noneSheet, css`
:host { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.card { min-width: 0; }
symbols-bar { margin-top: 6px; }
.turn { justify-content: center; }
.how { margin-top: 8px; max-width: 88ch; }
`];
  static override properties = {
    audit: { attribute: false }, frames: { attribute: false }, symbols: { attribute: false }, chosen: { type: Number }, order: { attribute: false }, filter: {}, flame: { attribute: false }, growth: { attribute: false }, grown: { type: Number }, calls: { attribute: false }, lifeOrder: { attribute: false },
  };
  declare audit: Audit;
  declare frames: Frames;
  declare symbols: SymbolStore | undefined;
  /** Number of the site that is looked at. */
  declare chosen: number | undefined;
  declare order: SiteOrder;
  declare filter: string;
  declare flame: FlameChoice;
  declare growth: GrowthWatch | undefined;
  /** Readings of the growth. */
  declare grown: number;
  /** The calls in the log. */
  declare calls: LogPage | undefined;
  declare lifeOrder: LifeOrder;
  readonly #names = new SiteNames();
  #sites: readonly Site[] = [];
  #lifetimes: Lifetimes | undefined;
  /** Shown where none was chosen: the largest when the view was opened, and not another one with each sample. */
  #first: number | undefined;

  constructor() {
    super();
    this.frames = new Map();
    this.order = siteOrderBy('liveBytes');
    this.filter = '';
    this.grown = 0;
    this.lifeOrder = lifeOrderBy('temporaryBytes');
    this.flame = { measure: 'liveBytes', by: 'stack', focus: '' };
  }

  protected override willUpdate(changed: PropertyValues): void {
    // Names are put to thousands of frames: not with each key that a person presses.
    if (changed.has('audit') || changed.has('frames')) this.#sites = this.#names.of(reportOf(this.audit)?.sites ?? [], this.frames);
    if (changed.has('calls')) this.#lifetimes = this.calls !== undefined && 'list' in this.calls ? lifetimesOf(this.calls.list) : undefined;
    this.#first ??= sitesInOrder(this.#sites, siteOrderBy('liveBytes'))[0]?.row.id;
  }

  protected override render(): TemplateResult {
    const report = reportOf(this.audit);
    if (report === undefined) return html`${auditNote(this.audit, 'who asks for memory')}`;
    const sites = this.#sites;
    if (sites.length === 0) return html`${none(this, report)}${this.#lifetimes === undefined || this.#lifetimes.calls === 0 ? '' : this.#lives(report)}`;
    const site = sites.find(({ row }) => row.id === (this.chosen ?? this.#first)) ?? sites[0];
    return html`
      <section class="card"><site-table .sites=${sites} .chosen=${site?.row.id} .order=${this.order} .filter=${this.filter}></site-table>
        <p class="small muted how">${howWords(report)}</p>
        <symbols-bar .store=${this.symbols}></symbols-bar></section>
      <section class="card"><growers-table .growth=${this.growth} .read=${this.grown} .audit=${this.audit} .frames=${this.frames}></growers-table></section>
      ${this.#lives(report)}
      <section class="card"><flame-graph .sites=${sites} .choice=${this.flame}></flame-graph></section>
      <section class="card"><site-details .site=${site} .frames=${this.frames} .lives=${this.#lifetimes?.sites.find((lives) => lives.site === site?.row.id)}></site-details></section>`;
  }

  #lives(report: AuditReport): TemplateResult {
    const { calls } = this;
    return html`<section class="card"><lifetimes-table .lifetimes=${this.#lifetimes} .trouble=${calls !== undefined && 'sentence' in calls ? calls.sentence : ''} .sites=${this.#sites}
      .report=${report} .order=${this.lifeOrder}></lifetimes-table></section>`;
  }
}

/** Where the figures come from. */
function howWords({ samplingBytes }: AuditReport): string {
  return samplingBytes === 0
    ? 'Sampling is off: the figures are of what is on record from before, and of requests that a mode records one by one.'
    : `One request is recorded ${samplingWords(samplingBytes)} on the average, and stands for those in between: “≈” is worked out, “±” is the standard error, about one over the square root of the number of samples.`;
}

function none(view: SitesView, report: AuditReport): TemplateResult {
  if (report.samplingBytes > 0) {
    return html`<section class="card none"><h2>No call site yet</h2>
      <p>One request is recorded ${samplingWords(report.samplingBytes)} on the average. The program has not asked for that much since sampling began.</p></section>`;
  }
  return html`<section class="card none"><h2>Nobody is on record</h2>
    <p>Call sites are recorded where <term-hint says="Of one request in so many bytes on the average the stack is recorded. Totals are worked out from that, without a bias.">sampling</term-hint> is on. At one request every 512 KiB it is hardly noticed;
      every 4 KiB it is slower, but finds smaller leaks sooner.</p>
    <p class="row turn"><button class="primary" @click=${() => wish(view, 'configure', 'sample=512k')}>Sample every 512 KiB</button><button @click=${() => wish(view, 'configure', 'sample=4k')}>Every 4 KiB</button></p>
    ${report.command === 'waiting' ? html`<p class="muted" role="status">Waiting for the module to take it: that is at its next call that is not on the fast path, or its next tick.</p>` : ''}
    <p class="muted">In the program the same is <code>configure("sample=512k")</code> of its auditor.</p></section>`;
}

customElements.define('sites-view', SitesView);
