/** `<check-view .report .summary .cost .every>`: walks the whole heap on request and lists what is wrong with it. Sends `run-check`, `choose-address`. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { address, bytes, count, duration, plural } from '../model/format.ts';
import type { CheckReport, Summary } from '../model/records.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class CheckView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; }
p.lead { margin: 6px 0 14px; max-width: 68ch; }
.notice { margin-top: 14px; }
.scroll { margin-top: 12px; }
section { min-width: 0; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 10px 24px; margin-top: 10px; font-size: 14px; }
dt { color: var(--muted); font-size: 13px; }
dd { font-variant-numeric: tabular-nums; }
`];
  static override properties = { report: { attribute: false }, summary: { attribute: false }, cost: { type: Number }, every: { type: Number } };
  declare report: CheckReport | undefined;
  declare summary: Summary | undefined;
  declare cost: number;
  /** Milliseconds between samples, where some are taken. */
  declare every: number | undefined;

  constructor() {
    super();
    this.cost = 0;
  }

  protected override render(): TemplateResult {
    const { summary } = this;
    return html`
      <section class="card">
        <h2>Check the heap</h2>
        <p class="lead muted">Follows every record of the heap from outside and tests that they agree with each other. The program is not called, nothing is changed.</p>
        <button class="primary" ?disabled=${summary === undefined} @click=${() => wish(this, 'run-check', undefined)}>Check now</button>
        <div aria-live="polite">${this.report === undefined ? '' : this.#report(this.report)}</div>
      </section>
      ${summary === undefined ? '' : this.#root(summary)}`;
  }

  #report({ ok, checked, problems }: CheckReport): TemplateResult {
    const walked = `${plural(checked.segments, 'segment')}, ${plural(checked.slabs, 'slab')}, ${plural(checked.objects, 'object')} and ${plural(checked.caches, 'cache')}`;
    if (ok && problems.length === 0) return html`<p class="notice good">No problem found in ${walked}.</p>`;
    return html`<p class="notice bad">${plural(problems.length, 'problem')} found in ${walked}.</p>
      <div class="scroll"><table>
        <thead><tr><th scope="col">Invariant</th><th scope="col">Address</th><th scope="col">What is wrong</th></tr></thead>
        <tbody>${problems.map((problem) => html`<tr><td>${problem.invariant}</td>
          <td><button class="link mono" @click=${() => this.#show(problem.address)}>${address(problem.address)}</button></td><td>${problem.sentence}</td></tr>`)}</tbody>
      </table></div>`;
  }

  #show(at: number): void {
    wish(this, 'choose-address', at);
    wish(this, 'show-tab', 'map');
  }

  #root(summary: Summary): TemplateResult {
    return html`<section class="card">
      <h2>What is read</h2>
      ${summary.problems.map((problem) => html`<p class="notice bad" role="alert">${problem}</p>`)}
      <dl>
        <div><dt><term-hint term="root">Root</term-hint></dt><dd class="mono">${address(summary.root)}</dd></div>
        <div><dt>Layout version</dt><dd>${summary.layoutVersion}</dd></div>
        <div><dt><term-hint term="quantum">Quantum</term-hint></dt><dd>${bytes(summary.quantum)}</dd></div>
        <div><dt><term-hint term="failure">Failed allocations</term-hint></dt><dd>${count(summary.failures)}</dd></div>
        <div><dt><term-hint term="foreign">Growths by others</term-hint></dt><dd>${count(summary.foreignGrowths)}</dd></div>
        <div><dt>The last sample took</dt><dd>${duration(this.cost)}</dd></div>
        ${this.every === undefined ? nothing : html`<div><dt>Time from sample to sample</dt><dd>${duration(this.every)}</dd></div>`}
      </dl></section>`;
  }
}

customElements.define('check-view', CheckView);
