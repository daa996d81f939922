/**
 * `<leaks-view .choice .search .known .audit .frames>`: looks for objects that nothing leads to, lists them by what they are, and says what is not known of them.
 * Sends `find-leaks`, `stop-finding-leaks`, and `choose-address` with `show-tab` to show one on the map. `known` is whether the program says what
 * JavaScript holds.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { reportOf, type Audit } from '../model/diagnosis.ts';
import { address, bytes, count, exactBytes, plural, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { ageWords, asText, CERTAINTY, exampleWords, heldWords, isRunning, NO_SEARCH, reason, stepWords, timeWords, wholeBytes, type LeakSearch, type LeakTimes } from '../model/leaks.ts';
import type { LeakGroup, LeakReport } from '../model/records.ts';
import { NO_CHOICE, ofLeak, type Choice } from '../model/selection.ts';
import { wish } from './events.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class LeaksView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; }
section { min-width: 0; }
p.lead { margin: 6px 0 14px; max-width: 72ch; }
progress { width: min(320px, 100%); height: 10px; accent-color: var(--accent); }
.notice { margin: 0 0 10px; }
.sentence { font-size: 15px; margin-bottom: 4px; overflow-wrap: anywhere; }
.scroll { margin-top: 12px; }
td, th[scope="row"] { vertical-align: top; }
th[scope="row"] { color: var(--text); white-space: normal; min-width: 140px; overflow-wrap: anywhere; }
.addresses { display: flex; flex-wrap: wrap; gap: 0 12px; max-width: 420px; }
th .site { display: block; font-weight: 400; font-size: 13px; }
.certainty { white-space: nowrap; }
.leak { font-weight: 600; }
ul.facts { list-style: disc; padding-left: 20px; display: grid; gap: 7px; max-width: 78ch; font-size: 14px; margin-top: 8px; }
@container (max-width: 640px) {
  table, tbody, tr, td, th[scope="row"] { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-bottom: 1px solid var(--line); padding: 8px 0; }
  th[scope="row"], td, td.number { border: 0; padding: 2px 0; text-align: left; white-space: normal; }
  td::before { content: attr(data-label) ': '; color: var(--muted); }
  .addresses { display: inline-flex; }
}
`];
  static override properties = { choice: { attribute: false }, search: { attribute: false }, known: { type: Boolean }, audit: { attribute: false }, frames: { attribute: false }, stack: { state: true }, copied: { state: true } };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare search: LeakSearch;
  declare known: boolean;
  declare audit: Audit;
  declare frames: Frames;
  /** Whether what the stack points to counts as held. */
  declare stack: boolean;
  /** The report whose text was copied. */
  declare copied: LeakReport | undefined;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.search = NO_SEARCH;
    this.known = false;
    this.frames = new Map();
    this.stack = false;
  }

  protected override render(): TemplateResult {
    const { search } = this;
    return html`
      <section class="card">
        <h2>Look for leaks</h2>
        <p class="lead muted">Finds objects that nothing in the memory leads to. The memory is copied at one moment and the copy is searched, so the program goes on and is not called.</p>
        ${isRunning(search) ? this.#running(search) : this.#begin()}
        <div role="alert">${search.kind === 'failed' ? html`<p class="notice bad">Leaks could not be looked for: ${search.sentence}</p>` : nothing}</div>
      </section>
      <div aria-live="polite">${search.kind === 'found' ? this.#found(search.report, search.took) : nothing}</div>
      ${this.#facts()}`;
  }

  #begin(): TemplateResult {
    return html`<div class="row">
      <button class="primary" id="find" @click=${() => wish(this, 'find-leaks', { stack: this.stack })}>Look for leaks</button>
      <label><input type="checkbox" .checked=${this.stack} @change=${this.#onStack}>
        <term-hint says="Choose this when the program trapped, or waits in the midst of a call: what its local variables point to then is not lost. Old words on the stack may hide leaks.">Count what the stack points to as held</term-hint></label></div>`;
  }

  #running(search: LeakSearch & { share: number }): TemplateResult {
    const words = stepWords(search);
    return html`<div class="row"><progress aria-label="The search" max="1" .value=${search.share}></progress><span class="small number">${words}</span>
      <button id="stop" @click=${() => wish(this, 'stop-finding-leaks', undefined)}>Stop</button></div>`;
  }

  #found(report: LeakReport, took: LeakTimes): TemplateResult {
    const { groups, lostObjects, damaged, certainty, groupsLeft } = report;
    const tone = damaged || (lostObjects !== 0 && certainty === 'leak') ? 'bad' : lostObjects === 0 ? 'good' : '';
    return html`<section class="card">
      <p class="sentence ${tone === '' ? '' : `notice ${tone}`}">${unbroken(report.sentence)}</p>
      <p class="small muted">${unbroken(timeWords(took))}</p>
      ${groups.length === 0 ? nothing : html`
      <div class="scroll"><table>
        <thead><tr><th scope="col">What</th><th scope="col" class="number">Leaks</th><th scope="col" class="number">Bytes</th>
          <th scope="col">They hold</th><th scope="col">Led to by</th><th scope="col">It is a</th><th scope="col">Where, some of them</th></tr></thead>
        <tbody>${groups.map((group) => this.#group(group))}</tbody>
      </table></div>
      ${groupsLeft === 0 ? nothing : html`<p class="small muted">${plural(groupsLeft, 'smaller group')} not shown.</p>`}
      <p class="row"><button @click=${() => this.#copy(report)}>Copy as text</button><span class="small muted" role="status">${this.copied === report ? 'Copied.' : ''}</span></p>`}
    </section>`;
  }

  #group(group: LeakGroup): TemplateResult {
    const why = reason(group);
    const certainty = CERTAINTY[group.certainty];
    const chosen = ofLeak(this.choice, group);
    return html`<tr class=${chosen ? 'chosen' : ''} aria-current=${chosen}>
      <th scope="row">${unbroken(group.what)}${group.site === undefined ? nothing : html`<span class="site">asked for by ${siteLink(this, group.site, this.audit, this.frames)}${ageWords(reportOf(this.audit), group.site)}</span>`}</th>
      <td class="number" data-label="Leaks">${count(group.count)}</td>
      <td class="number" data-label="Bytes" title=${exactBytes(wholeBytes(group))}>${bytes(wholeBytes(group))}</td>
      <td data-label="They hold">${unbroken(heldWords(group))}</td>
      <td data-label="Led to by"><term-hint says=${why.says}>${why.label}</term-hint></td>
      <td data-label="It is a" class="certainty ${group.certainty}"><term-hint says=${certainty.says}>${certainty.label}</term-hint></td>
      <td data-label="Where"><span class="addresses">${group.examples.map((example) => html`<term-hint plain says=${exampleWords(example)}>
        <button class="link mono" aria-description=${exampleWords(example)} @click=${() => this.#show(example.address)}>${address(example.address)}</button></term-hint>`)}</span></td></tr>`;
  }

  /** What is known, and what is not. */
  #facts(): TemplateResult {
    return html`<section class="card">
      <h2>What this can know</h2>
      <ul class="facts">
        <li>A leak is an object that is allocated, and that no pointer leads to from static data, over however many other objects. A list that is lost is one leak, which holds the rest.</li>
        ${this.known
    ? html`<li>This program says which of its objects JavaScript holds, so those are not called leaks.</li>`
    : html`<li>JavaScript holds wrappers of exported structs and closures as plain numbers, which no memory shows. This program does not say which, so they are listed as out of reach: of those, look for the ones that become more. A page that gives <code>roots</code> to <code>attach</code> gets leaks alone.</li>`}
        <li>Any word that looks like an address counts as a pointer. So old words, text and numbers may hide a leak; after more work of the program they mostly hide another one, or none.</li>
        <li>A pointer that is kept as something else, such as the difference of two, is not seen: what it alone holds is listed wrongly.</li>
        <li>Between two turns of the event loop nothing is on the stack. After a trap, or in the midst of a call, let the stack count.</li>
        <li>What is still led to but never used again, such as a table that only grows, is not found here: see <em>What only grows</em> in the view of call sites.</li>
      </ul></section>`;
  }

  #show(at: number): void {
    wish(this, 'choose-address', at);
    wish(this, 'show-tab', 'map');
  }

  #onStack(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.stack = event.target.checked;
  }

  async #copy(report: LeakReport): Promise<void> {
    await navigator.clipboard.writeText(asText(report)).then(() => { this.copied = report; }, () => undefined);
  }
}

customElements.define('leaks-view', LeaksView);
