/**
 * `<modes-panel .report .caches .sent>`: what diagnosis does now, and a form that asks for something else. What is chosen becomes a text, which is
 * left in the module's memory; the module takes it at its next slow call. Sends `configure`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Sent } from '../model/diagnosis.ts';
import { bytes, count } from '../model/format.ts';
import { commandWords, draftText, injectionWords, modeChoices, MODES, modeWords, NO_CHANGE, POLICIES, quarantineWords, RATES, samplingWords, type Draft } from '../model/modes.ts';
import type { AuditReport } from '../model/records.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class ModesPanel extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
.now { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px 24px; margin-top: 12px; font-size: 14px; }
dt { color: var(--muted); font-size: 13px; }
dd { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
dd.does { font-size: 13px; color: var(--muted); }
h3 { margin-top: 18px; }
.choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 10px 20px; margin-top: 8px; }
.choices label { display: grid; gap: 3px; justify-items: stretch; font-size: 13px; color: var(--muted); min-width: 0; }
.choices select { width: 100%; }
.choices span { overflow-wrap: anywhere; }
.send { margin-top: 14px; }
.send input { flex: 1 1 240px; min-width: 0; font-family: var(--mono); font-size: 13px; }
.notice { margin-top: 10px; }
.caches { max-height: 260px; overflow: auto; }
table { margin-top: 6px; }
td { vertical-align: top; } td:first-child { font-weight: 600; white-space: nowrap; }
@container (max-width: 560px) { td { display: block; border-bottom: 0; padding: 2px 0; } td:last-child { border-bottom: 1px solid var(--line); padding-bottom: 8px; } thead { display: none; } }
`];
  static override properties = { report: { attribute: false }, caches: { attribute: false }, sent: { attribute: false }, draft: { state: true }, typed: { state: true } };
  declare report: AuditReport | undefined;
  /** Names of the object caches there are. */
  declare caches: readonly string[];
  declare sent: Sent | undefined;
  declare draft: Draft;
  /** The text, where a person wrote it. */
  declare typed: string | undefined;

  constructor() {
    super();
    this.caches = [];
    this.draft = NO_CHANGE;
  }

  protected override render(): TemplateResult {
    const { report } = this;
    if (report === undefined) return html``;
    return html`<h2>Modes</h2>${now(report)}${this.#form(report)}${this.#outcome(report)}
      <details><summary>What the modes do</summary><div class="scroll"><table>
        <thead><tr><th scope="col">Mode</th><th scope="col">What it does</th><th scope="col">What it finds</th></tr></thead>
        <tbody>${MODES.map(({ word, does, finds }) => html`<tr><td>${word}</td><td>${does}</td><td class="muted">${finds}</td></tr>`)}</tbody></table></div></details>`;
  }

  #form(report: AuditReport): TemplateResult {
    const { draft } = this;
    const rate = RATES.find((known) => known.bytes === report.samplingBytes);
    const text = this.typed ?? draftText(draft);
    const modeOf = (name: string): string => report.cacheModes.find((cache) => cache.name === name)?.mode ?? 'off';
    return html`<h3>Change it</h3>
      <p class="small muted">The program is not called: what you choose is written into its memory as a text, and the module takes it when it next has the time.</p>
      <div class="choices">
        ${choice('Front end', 'Objects that the program asks for by the global allocator.', modeChoices(report.mode), draft.mode ?? report.mode, (mode) => this.#change({ mode: mode === report.mode ? undefined : mode }))}
        ${choice('Sampling', 'Of one request in so many bytes, the call site is recorded. Totals are worked out from that.', [...RATES.map(({ word }) => word), ...(rate === undefined ? [String(report.samplingBytes)] : [])],
          draft.sampling ?? rate?.word ?? String(report.samplingBytes), (sampling) => this.#change({ sampling: sampling === rate?.word ? undefined : sampling }),
          (word) => samplingWords(RATES.find((known) => known.word === word)?.bytes ?? Number(word)))}
        ${choice('On a fault', 'What the module does when it finds that something is wrong.', POLICIES.map(({ word }) => word), draft.policy ?? report.policy, (policy) => this.#change({ policy: policy === report.policy ? undefined : policy }))}
      </div>
      ${this.caches.length === 0 ? nothing : html`<details ?open=${report.cacheModes.length > 0}><summary>Object caches</summary><div class="choices caches">${this.caches.map((name) =>
        choice(name, '', modeChoices(modeOf(name)), draft.caches.get(name) ?? modeOf(name), (mode) => this.#changeCache(name, mode === modeOf(name) ? undefined : mode)))}</div></details>`}
      <form class="row send" @submit=${this.#send}>
        <input type="text" aria-label="Text for the module" placeholder="audit=lite;cache:nodes=all;sample=512k" autocomplete="off" spellcheck="false" .value=${text}
          @input=${(event: Event) => { if (event.target instanceof HTMLInputElement) this.typed = event.target.value; }}>
        <button class="primary" ?disabled=${text.trim() === ''}>Set</button></form>`;
  }

  #outcome({ command }: AuditReport): TemplateResult | typeof nothing {
    const { sent } = this;
    if (sent !== undefined && sent.sentence !== '') return html`<p class="notice bad" role="alert">${sent.sentence}</p>`;
    const words = commandWords(command);
    if (words === '') return nothing;
    return html`<p class="notice ${command === 'refused' ? 'bad' : command === 'done' ? 'good' : ''}" role="status" data-command=${command}>${words}${sent === undefined ? nothing : html` <span class="mono">${sent.text}</span>`}</p>`;
  }

  #change(change: { [key in 'mode' | 'sampling' | 'policy']?: string | undefined }): void {
    const { caches, ...rest } = this.draft;
    const kept = Object.entries({ ...rest, ...change }).filter(([, value]) => value !== undefined);
    this.draft = { caches, ...Object.fromEntries(kept) };
    this.typed = undefined;
  }

  #changeCache(name: string, mode: string | undefined): void {
    const caches = new Map(this.draft.caches);
    if (mode === undefined) caches.delete(name);
    else caches.set(name, mode);
    this.draft = { ...this.draft, caches };
    this.typed = undefined;
  }

  readonly #send = (event: Event): void => {
    event.preventDefault();
    const text = (this.typed ?? draftText(this.draft)).trim();
    if (text === '') return;
    wish(this, 'configure', text);
    this.draft = NO_CHANGE;
    this.typed = undefined;
  };
}

function choice(label: string, says: string, words: readonly string[], now: string, then: (word: string) => void, written = (word: string): string => word): TemplateResult {
  const name = label.toLowerCase();
  return html`<label><span>${says === '' ? label : html`<term-hint says=${says}>${label}</term-hint>`}</span><select aria-label=${label} data-choice=${name} .value=${now} @change=${(event: Event) => {
    if (event.target instanceof HTMLSelectElement) then(event.target.value);
  }}>${words.map((word) => html`<option value=${word} ?selected=${word === now}>${written(word)}</option>`)}</select></label>`;
}

function now(report: AuditReport): TemplateResult {
  const policy = POLICIES.find(({ word }) => word === report.policy);
  const figure = (label: string, says: string, value: string, does = ''): TemplateResult => html`<div><dt><term-hint says=${says}>${label}</term-hint></dt><dd>${value}</dd>${does === '' ? nothing : html`<dd class="does">${does}</dd>`}</div>`;
  return html`<dl class="now">
    ${figure('Front end', 'Objects that the program asks for by the global allocator.', report.mode, modeWords(report.mode).map(({ does }) => does).join(' '))}
    ${report.cacheModes.map(({ name, mode }) => figure(name, 'An object cache with a mode of its own.', mode, ''))}
    ${figure('Sampling', 'Of one request in so many bytes on the average, the call site is recorded.', samplingWords(report.samplingBytes))}
    ${figure('On a fault', 'What the module does when it finds that something is wrong.', report.policy, policy?.does ?? '')}
    ${figure('Quarantine', 'Objects that were given back and wait, so that a write into them is noticed before their memory is used again.', quarantineWords(report))}
    ${figure('Watched', 'Objects that are on record now: those that were sampled, and those with guards.', count(report.watched))}
    ${figure('Abandoned', 'Objects that something is wrong with. They are never given out again.', count(report.abandoned))}
    ${figure('Failures on purpose', 'Requests that are made to fail, to see whether the program can stand it.', injectionWords(report.injection))}
    ${figure('Reserve', 'Memory that is kept back, and opened when there is no other left.', report.reserveBytes === 0 ? 'none' : bytes(report.reserveBytes))}
  </dl>`;
}

customElements.define('modes-panel', ModesPanel);
