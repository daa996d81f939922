/** `<faults-view .choice .audit .chosen .frames .symbols .caches .sent>`: the faults, the chosen one in full, who held the memory when there was none, and the modes. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ago, reportOf, type Audit, type Sent } from '../model/diagnosis.ts';
import { kindWords } from '../model/fault-words.ts';
import { count, plural, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { AuditReport, FaultRow } from '../model/records.ts';
import { NO_CHOICE, ofFault, type Choice } from '../model/selection.ts';
import type { SymbolStore } from '../symbols.ts';
import { auditNote } from './audit-note.ts';
import { wish } from './events.ts';
import { noneSheet } from './none-sheet.ts';
import { sheet } from './sheet.ts';
import './exhaustion-report.ts';
import './fault-details.ts';
import './modes-panel.ts';
import './symbols-bar.ts';
import './term-hint.ts';

export class FaultsView extends LitElement {
  static override styles = [sheet, noneSheet, css`
:host { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.list { max-height: min(38vh, 420px); overflow: auto; margin: 10px -18px 0; padding: 2px 18px; }
.list li { border-top: 1px solid var(--line); }
.list li:first-child { border-top: 0; }
.list button { display: grid; grid-template-columns: minmax(0, 1fr) max-content; gap: 0 14px; width: 100%; text-align: left; border: 0; border-radius: 0; background: none; padding: 7px 10px; }
.list button[aria-current="true"] { background: var(--accent-soft); box-shadow: inset 3px 0 var(--accent); }
.list .of { color: var(--accent); font-size: 13px; }
.list button:focus-visible { outline-offset: -2px; }
.title { font-weight: 600; }
.when { color: var(--muted); font-size: 13px; font-variant-numeric: tabular-nums; }
.what { grid-column: 1 / -1; font-size: 13.5px; color: var(--muted); overflow-wrap: anywhere; }
symbols-bar { margin-top: 10px; }
.turn { justify-content: center; }
.none h2 { color: var(--good); } .none.off h2 { color: var(--text); }
`];
  static override properties = { choice: { attribute: false }, audit: { attribute: false }, chosen: { type: Number }, frames: { attribute: false }, symbols: { attribute: false }, caches: { attribute: false }, sent: { attribute: false } };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare audit: Audit;
  /** Number of the fault that is looked at; the newest where none was chosen. */
  declare chosen: number | undefined;
  declare frames: Frames;
  declare symbols: SymbolStore | undefined;
  declare caches: readonly string[];
  declare sent: Sent | undefined;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.frames = new Map();
    this.caches = [];
  }

  protected override render(): TemplateResult {
    const report = reportOf(this.audit);
    if (report === undefined) return html`${auditNote(this.audit, 'what goes wrong')}`;
    const faults = [...report.faults].sort((a, b) => b.id - a.id);
    const fault = faults.find(({ id }) => id === this.chosen) ?? faults[0];
    return html`
      ${report.exhaustion === null ? nothing : html`<section class="card"><exhaustion-report .audit=${this.audit} .frames=${this.frames}></exhaustion-report></section>`}
      ${fault === undefined ? this.#none(report) : html`
      <section class="card"><div class="row spread"><h2>Faults <span class="muted small">${faults.length < report.faultsEver ? `the last ${count(faults.length)} of ${count(report.faultsEver)}` : count(faults.length)}</span></h2></div>
        <ol class="list" @keydown=${this.#onKey}>${faults.map((row) => this.#row(row, report, row === fault))}</ol>
        <symbols-bar .store=${this.symbols}></symbols-bar></section>
      <section class="card"><fault-details .fault=${fault} .audit=${this.audit} .frames=${this.frames}></fault-details></section>`}
      <section class="card"><modes-panel .report=${report} .caches=${this.caches} .sent=${this.sent}></modes-panel></section>`;
  }

  #row(row: FaultRow, report: AuditReport, now: boolean): TemplateResult {
    const chosen = ofFault(this.choice, row);
    return html`<li class=${chosen ? 'chosen' : ''}><button data-fault=${row.id} aria-current=${now} tabindex=${now ? 0 : -1} @click=${() => wish(this, 'choose-fault', row.id)}>
      <span class="title">${kindWords(row).title}${chosen ? html` <span class="of">of what is chosen</span>` : nothing}</span><span class="when">${ago(report, row)} ago</span><span class="what">${unbroken(row.sentence)}</span></button></li>`;
  }

  #none(report: AuditReport): TemplateResult {
    const off = report.mode === 'off' && report.cacheModes.length === 0;
    return html`<section class="card none ${off ? 'off' : ''}"><h2>${off ? 'Nothing is checked' : 'No faults'}</h2>
      ${off ? html`<p>Diagnosis is built in, but its modes are off, so most mistakes go unnoticed. <term-hint says="Each free is checked, and free objects begin with a pattern. It takes no memory and little time.">lite</term-hint> finds
          objects given back twice or to the wrong place at next to no cost; <term-hint says="Guards around objects, patterns in freed memory, the log, and the call site of each request.">all</term-hint> finds writes past the end and after a free, by the byte, and says who did it, but is much slower.</p>
        <p class="row turn"><button class="primary" @click=${() => wish(this, 'configure', 'audit=lite')}>Turn on lite</button><button @click=${() => wish(this, 'configure', 'audit=all')}>Turn on all</button></p>
        <p class="muted">In the program the same is <code>configure("audit=lite")</code> of its auditor. Object caches can have modes of their own, see below.</p>`
        : html`<p>Nothing that the modes below look for was found in ${plural(report.operations, 'recorded operation')}.</p>`}</section>`;
  }

  protected override updated(changed: PropertyValues): void {
    const focused = this.shadowRoot?.activeElement;
    if (changed.has('chosen') && focused instanceof HTMLButtonElement && focused.hasAttribute('data-fault')) {
      const button = this.renderRoot.querySelector('.list button[tabindex="0"]');
      if (button instanceof HTMLElement) button.focus();
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>('.list button')];
    const at = rows.findIndex((row) => row.tabIndex === 0);
    const next = event.key === 'ArrowDown' ? rows[at + 1] : event.key === 'ArrowUp' ? rows[at - 1] : event.key === 'Home' ? rows[0] : event.key === 'End' ? rows.at(-1) : undefined;
    if (next === undefined) return;
    event.preventDefault();
    wish(this, 'choose-fault', Number(next.dataset['fault']));
  };
}

customElements.define('faults-view', FaultsView);
