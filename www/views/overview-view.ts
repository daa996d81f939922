/** `<overview-view .summary .verdict .objects .history>`: the answer to "why is memory high": sentences, figures, composition, time, growth. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { overhead, reusable } from '../model/composition.ts';
import type { Audit } from '../model/diagnosis.ts';
import { bytes, count, plural, share, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { Term } from '../model/glossary.ts';
import type { History } from '../model/history.ts';
import { advice, NOTHING, refusalWords, type Objects } from '../model/objects.ts';
import type { Summary, Verdict } from '../model/records.ts';
import type { Entry } from '../model/shelf.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './composition-bar.ts';
import './growth-list.ts';
import './term-hint.ts';
import './verdict-card.ts';

interface Figure {
  label: string;
  term: Term;
  value: string;
  note: string;
}

export class OverviewView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; container-type: inline-size; }
verdict-card { container-type: inline-size; }
.advice { font-size: 14px; }
.advice > div { flex: 1 1 260px; max-width: 88ch; }
.advice p + p { margin-top: 6px; }
.figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
.figures > div { background: var(--surface); padding: 12px 16px; }
dt { font-size: 13px; color: var(--muted); }
dd.value { font-size: 22px; font-weight: 600; letter-spacing: -.01em; font-variant-numeric: tabular-nums; line-height: 1.35; white-space: nowrap; }
dd.note { font-size: 13px; color: var(--muted); font-variant-numeric: tabular-nums; }
.below { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
time-chart { margin-top: 8px; }
@container (max-width: 900px) { .figures { grid-template-columns: repeat(3, 1fr); } }
@container (max-width: 480px) { .figures { grid-template-columns: repeat(2, 1fr); } .figures > div { padding: 10px 12px; } }
`];
  static override properties = { chart: { state: true }, objects: { attribute: false }, summary: { attribute: false }, verdict: { attribute: false }, audit: { attribute: false }, frames: { attribute: false }, history: { attribute: false }, snapshots: { attribute: false }, range: { attribute: false }, recorded: { type: Number }, dark: { type: Boolean } };
  /** What stands in the place of the chart, which comes when it is first shown. */
  declare chart: string;
  declare objects: Objects;
  declare summary: Summary | undefined;
  declare verdict: Verdict | undefined;
  /** With these call sites in the verdict have names. */
  declare audit: Audit;
  declare frames: Frames | undefined;
  declare history: History | undefined;
  /** Marked on the chart. */
  declare snapshots: readonly Entry[];
  /** The part of the time that the chart shows. */
  declare range: readonly [number, number] | undefined;
  declare recorded: number;
  declare dark: boolean;

  constructor() {
    super();
    this.chart = 'Loading …';
    this.objects = NOTHING;
    this.snapshots = [];
    this.recorded = 0;
    this.dark = false;
  }

  protected override firstUpdated(): void {
    import('./time-chart.ts').catch(() => { this.chart = 'The chart could not be loaded (time-chart.js).'; });
  }

  protected override render(): TemplateResult {
    const { summary, history } = this;
    if (summary === undefined || history === undefined) return html`<p class="card empty">No sample yet.</p>`;
    return html`
      <verdict-card .verdict=${this.verdict} .audit=${this.audit} .frames=${this.frames} .objectCaches=${this.objects.objectCaches}></verdict-card>
      ${this.#advice()}
      <dl class="figures">${figures(summary).map(({ label, term, value, note }) => html`<div>
        <dt><term-hint term=${term}>${label}</term-hint></dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`)}</dl>
      <section class="card"><h2>What memory is made of</h2>
        <composition-bar .summary=${summary} .samples=${history.recorded} .mismatches=${history.mismatches}></composition-bar></section>
      <div class="below">
        <section class="card"><h2>Memory over time</h2>
          <time-chart .history=${history} .snapshots=${this.snapshots} .range=${this.range} .recorded=${this.recorded} .dark=${this.dark}>${this.chart}</time-chart></section>
        <section class="card"><h2>Growth</h2>
          <growth-list .growths=${history.growths} .recorded=${this.recorded}></growth-list></section>
      </div>`;
  }

  /** What object caches could give back, and what was refused, where there is such. */
  #advice(): TemplateResult | typeof nothing {
    const { objectCaches, refusal } = this.objects;
    const sentences = advice(objectCaches);
    if (sentences.length === 0 && refusal === null) return nothing;
    return html`<div class="card row spread advice"><div>${sentences.map((sentence) => html`<p>${unbroken(sentence)}</p>`)}${refusal === null ? nothing : html`<p>${unbroken(refusalWords(refusal))}</p>`}</div>
      ${sentences.length === 0 ? nothing : html`<button @click=${() => wish(this, 'show-tab', 'objects')}>Show objects</button>`}</div>`;
  }
}

function figures(summary: Summary): Figure[] {
  const { composition, memoryBytes } = summary;
  const others = summary.foreignGrowths > 0 ? `, ${count(summary.foreignGrowths)} by others` : '';
  const failed = summary.failures > 0 ? `, ${count(summary.failures)} failed` : '';
  return [
    { label: 'Memory', term: 'page', value: bytes(memoryBytes), note: plural(summary.pages, 'page') },
    { label: 'Live', term: 'live', value: bytes(composition.live), note: plural(summary.liveObjects, 'object') },
    { label: 'Free to reuse', term: 'reusable', value: bytes(reusable(composition)), note: share(reusable(composition), memoryBytes) },
    { label: 'Heap’s own cost', term: 'overhead', value: bytes(overhead(composition)), note: share(overhead(composition), memoryBytes) },
    { label: 'Growths', term: 'growth', value: count(summary.growths), note: `+${plural(summary.grownPages, 'page')}${others}` },
    { label: 'Allocations', term: 'allocation', value: count(summary.allocations), note: `${count(summary.frees)} frees${failed}` },
  ];
}

customElements.define('overview-view', OverviewView);
