/** `<fault-details .fault .audit .frames>`: one fault in full: what it means, what usually causes it, where, the bytes, and who was at work. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { ago, reportOf, siteOf, type Audit } from '../model/diagnosis.ts';
import { count, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { facts, kindWords } from '../model/fault-words.ts';
import type { AuditReport, FaultRow } from '../model/records.ts';
import { addressLink, historyButton, siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './hex-dump.ts';
import './history-list.ts';
import './stack-list.ts';
import './term-hint.ts';

export class FaultDetails extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
.sentence { font-size: 16px; line-height: 1.45; margin-top: 8px; max-width: 72ch; text-wrap: pretty; overflow-wrap: anywhere; }
.advice { margin-top: 8px; padding: 9px 12px; border-left: 3px solid var(--accent); background: var(--accent-soft); border-radius: 0 8px 8px 0; max-width: 76ch; }
.advice b { font-weight: 650; }
.explain { margin-top: 14px; max-width: 76ch; font-size: 14px; }
.explain ul { list-style: disc; padding-left: 20px; margin-top: 4px; }
.explain h3 { margin-top: 8px; }
.explain li { margin-top: 3px; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 18px 32px; margin-top: 18px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; font-size: 13.5px; margin-top: 6px; }
dt { color: var(--muted); }
dd { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
dd button.link { text-align: left; }
h3 { margin-bottom: 2px; }
.stacks { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 18px 32px; margin-top: 20px; }
.stacks section { min-width: 0; }
.past { margin-top: 20px; }
@container (max-width: 860px) { .parts { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 420px) { dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: 6px; } }
`];
  static override properties = { fault: { attribute: false }, audit: { attribute: false }, frames: { attribute: false } };
  declare fault: FaultRow | undefined;
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { fault } = this;
    const report = reportOf(this.audit);
    if (fault === undefined || report === undefined) return html``;
    const { title, means, causes } = kindWords(fault);
    const at = fault.object === 0 ? fault.address : fault.object;
    return html`
      <div class="row spread"><h2>${title} <span class="muted small">fault ${count(fault.id)}, ${fault.kind}</span></h2>
        <span class="row">${historyButton(this, at, 'What happened to this address')}</span></div>
      <p class="sentence">${unbroken(fault.sentence)}</p>
      ${fault.advice === '' ? nothing : html`<p class="advice"><b>Where to look:</b> ${unbroken(fault.advice)}</p>`}
      ${means === '' ? nothing : html`<div class="explain"><p>${means}</p>
        <h3>What usually causes it</h3><ul>${causes.map((cause) => html`<li>${cause}</li>`)}</ul></div>`}
      <div class="parts">
        <section><h3>Where</h3><dl>${facts(fault).map(({ label, says, value, at: place }) => html`<dt>${says === undefined ? label : html`<term-hint says=${says}>${label}</term-hint>`}</dt>
          <dd>${place === undefined ? value : addressLink(this, place, value)}</dd>`)}</dl></section>
        <section><h3>The bytes there</h3><hex-dump .fault=${fault}></hex-dump></section>
      </div>
      <div class="stacks">
        ${this.#stack(report, 'Found by', fault.site, fault.operation, fault.time)}
        ${fault.freeOperation === 0 && fault.freeSite === 0 ? nothing : this.#stack(report, 'Given back by', fault.freeSite, fault.freeOperation, fault.freeTime)}
        ${fault.allocOperation === 0 && fault.allocSite === 0 ? nothing : this.#stack(report, 'Asked for by', fault.allocSite, fault.allocOperation, fault.allocTime)}
      </div>
      ${fault.history.length === 0 ? nothing : html`<section class="past"><h3>What happened to it before, as it was logged then</h3>
        <history-list .entries=${fault.history} .audit=${this.audit} .frames=${this.frames}></history-list></section>`}`;
  }

  #stack(report: AuditReport, title: string, id: number, operation: number, time: number): TemplateResult {
    const row = siteOf(report, id);
    return html`<section><h3>${title}</h3><p class="small muted">operation ${count(operation)}, ${ago(report, { operation, time })} ago${row === undefined ? nothing : html` · ${siteLink(this, id, this.audit, this.frames)}`}</p>
      <stack-list .row=${row} .frames=${this.frames}></stack-list></section>`;
  }
}

customElements.define('fault-details', FaultDetails);
