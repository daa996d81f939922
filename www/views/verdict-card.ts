/**
 * `<verdict-card .verdict .objectCaches .audit .frames>`: why memory is high, in a sentence; what to do; and each cause with its bytes and what it rests on,
 * which opens in the view that shows it. Sends `show-tab` and what chooses there.
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { reportOf, siteOf, type Audit } from '../model/diagnosis.ts';
import { bytes, count, plural, share, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { ObjectCacheRow, Pins, Verdict } from '../model/records.ts';
import { siteNames } from '../model/site-names.ts';
import { wish } from './events.ts';
import { addressLink } from './links.ts';
import { sheet } from './sheet.ts';

type Finding = Verdict['findings'][number];
type Evidence = Finding['evidence'][number];

const NAMES: Record<Finding['cause'], string> = {
  live: 'Held by the program', growth: 'Held by the program, and growing', peak: 'Free since a peak', fragmentation: 'Free but scattered',
  hoarding: 'Kept ready by the heap', foreign: 'Somebody else’s', staticData: 'Static data', stack: 'Stack', records: 'The heap’s own cost',
};

/** Pinned pages that are listed before somebody asks for more. */
const FIRST = 20;

export class VerdictCard extends LitElement {
  static override styles = [sheet, css`
.verdict { font-size: 18px; line-height: 1.45; max-width: 76ch; text-wrap: pretty; }
.verdict + p { margin-top: 6px; max-width: 88ch; font-size: 14px; }
.causes { margin-top: 8px; }
.causes li { border-top: 1px solid var(--line); padding: 8px 0; display: grid; grid-template-columns: 190px 150px minmax(0, 1fr); gap: 2px 14px; align-items: baseline; font-size: 14px; }
.causes .figure { font-variant-numeric: tabular-nums; white-space: nowrap; }
.causes ul li { display: list-item; border: 0; padding: 0; }
.causes ul { display: flex; flex-wrap: wrap; gap: 0 18px; }
.bar { height: 4px; background: var(--raised); border-radius: 2px; grid-column: 1 / -1; overflow: hidden; }
.bar > span { display: block; height: 100%; width: 0; background: var(--accent); }
.pins td { vertical-align: top; }
.pins .scroll { max-height: 320px; overflow: auto; }
@container (max-width: 720px) { .causes > li { grid-template-columns: minmax(0, 1fr) auto; } .causes > li > :nth-child(3) { grid-column: 1 / -1; } }
@container (max-width: 480px) { .verdict { font-size: 16px; } }
`];
  static override properties = { verdict: { attribute: false }, objectCaches: { attribute: false }, audit: { attribute: false }, frames: { attribute: false }, all: { state: true } };
  declare verdict: Verdict | undefined;
  declare objectCaches: readonly ObjectCacheRow[];
  /** With these call sites have names. */
  declare audit: Audit;
  declare frames: Frames | undefined;
  declare all: boolean;

  constructor() {
    super();
    this.objectCaches = [];
    this.all = false;
  }

  protected override render(): TemplateResult {
    const { verdict } = this;
    if (verdict === undefined) return html`<p class="verdict muted" role="status">Looking for the cause …</p>`;
    return html`
      <p class="verdict">${unbroken(verdict.sentence)}</p>
      <p class="remedy">${unbroken(verdict.advice)}</p>
      ${verdict.damaged === 0 ? nothing : html`<p class="notice bad" role="alert">${plural(verdict.damaged, 'record')} of the heap ${verdict.damaged === 1 ? 'is' : 'are'} damaged, so figures may be wrong.
        <button class="link" @click=${() => wish(this, 'show-tab', 'check')}>Check the heap</button></p>`}
      <details><summary>What this rests on: ${plural(verdict.findings.length, 'cause')} that add up to ${bytes(verdict.memoryBytes)}</summary>
        <ul class="causes">${verdict.findings.map((finding) => this.#cause(finding, verdict))}</ul></details>
      ${verdict.pins.pages === 0 ? nothing : this.#pins(verdict.pins)}`;
  }

  #cause(finding: Finding, { memoryBytes }: Verdict): TemplateResult {
    return html`<li><strong>${NAMES[finding.cause]}</strong>
      <span class="figure">${bytes(finding.bytes)} <span class="muted">${share(finding.bytes, memoryBytes)}</span></span>
      <ul>${finding.evidence.map((evidence) => html`<li><button class="link" @click=${() => this.#open(evidence)}>${unbroken(this.#words(evidence))}</button></li>`)}</ul>
      <span class="bar" aria-hidden="true"><span data-share=${finding.share}></span></span></li>`;
  }

  #pins(pins: Pins): TemplateResult {
    const rows = this.all ? pins.list : pins.list.slice(0, FIRST);
    return html`<details class="pins"><summary>${plural(pins.pages, 'page')} ${pins.pages === 1 ? 'is' : 'are'} pinned by ${plural(pins.objects, 'object')}: ${bytes(pins.freeBytes)} would join what is free</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Pinned pages"><table>
        <thead><tr><th>Page</th><th class="number">Free in it</th><th>Held by</th></tr></thead>
        <tbody>${rows.map((page) => html`<tr><td>${addressLink(this, page.start)}</td><td class="number">${bytes(page.freeBytes)}</td>
          <td>${page.objects.map((object, index) => html`${index === 0 ? nothing : ', '}${addressLink(this, object.address)} <span class="muted">${bytes(object.size)}${object.cache === null || object.cache === bytes(object.size) ? '' : ` of ${object.cache}`}</span>${object.site === 0 ? nothing
            : html` <button class="link" @click=${() => this.#open({ sentence: '', view: 'sites', site: object.site })}>${this.#site(object.site)}</button>`}`)}</td></tr>`)}</tbody></table></div>
      ${rows.length < pins.list.length ? html`<button @click=${() => { this.all = true; }}>Show ${count(pins.list.length)}</button>` : nothing}
      ${pins.pages > pins.list.length ? html`<p class="small muted">Listed are the ${count(pins.list.length)} pages with the fewest objects.</p>` : nothing}</details>`;
  }

  /** A call site by its name, where that is known. */
  #site(id: number): string {
    const row = siteOf(reportOf(this.audit), id);
    const named = row === undefined || this.frames === undefined ? undefined : siteNames([row], this.frames)[0];
    // An offset says less than the number, by which the site is known elsewhere.
    return named === undefined || named.name.startsWith('+0x') ? `site ${id}` : named.name;
  }

  #words({ sentence, site }: Evidence): string {
    return site === undefined ? sentence : sentence.replace(`site ${site}`, () => this.#site(site));
  }

  /** Shows what evidence is about, where it can be looked at. */
  #open({ view, cache, address, site }: Evidence): void {
    if (address !== undefined) wish(this, 'choose-address', address);
    if (site !== undefined) wish(this, 'choose-site', site);
    if (cache !== undefined && view === 'caches') wish(this, 'set-filter', cache);
    const made = this.objectCaches.find(({ name }) => name === cache);
    if (made !== undefined && view === 'objects') wish(this, 'choose-cache', made.number);
    wish(this, 'show-tab', view);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('verdict')) return;
    // Through the object model: a style attribute would be refused by the page's policy.
    for (const span of this.renderRoot.querySelectorAll('.bar > span')) {
      if (span instanceof HTMLElement) span.style.setProperty('width', `${Number(span.dataset['share']) * 100}%`);
    }
  }
}

customElements.define('verdict-card', VerdictCard);
