/** `<peak-card .peaks .recorded .audit .frames>`: who held memory when most of it was held. Sends `snapshots` to look for a new peak from now on. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Audit } from '../model/diagnosis.ts';
import { bytes, count, moment, plural, share } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { Peak, PeakWatch } from '../model/peak-watch.ts';
import { holdersByCache, holdersByTag, largestSites } from '../model/snapshots.ts';
import { wish } from './events.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

/** Holders of each kind that are named. */
const MOST = 6;

export class PeakCard extends LitElement {
  static override styles = [sheet, css`
.lists { display: flex; flex-wrap: wrap; gap: 12px 28px; margin-top: 12px; }
section { flex: 1 1 240px; min-width: 0; }
section.sites { flex: 2 1 300px; }
button.link { text-align: left; }
h3 { color: var(--muted); margin-bottom: 4px; }
li { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0; border-bottom: 1px solid var(--line); font-size: 14px; font-variant-numeric: tabular-nums; }
li:last-child { border-bottom: 0; }
li > :first-child { min-width: 0; overflow-wrap: anywhere; }
li > :last-child { white-space: nowrap; }
p { max-width: 88ch; margin-top: 6px; }
`];
  static override properties = { peaks: { attribute: false }, recorded: { type: Number }, audit: { attribute: false }, frames: { attribute: false } };
  declare peaks: PeakWatch | undefined;
  /** Changes with each sample: what is watched changes inside. */
  declare recorded: number;
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.recorded = 0;
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { peaks } = this;
    const since = peaks === undefined || peaks.since === 0 ? 'since the recording began' : `since ${moment(peaks.since)}`;
    return html`
      <div class="row spread"><h2><term-hint says="The sample with the most live bytes. What was there for less than the time between two samples may be in none.">Peak</term-hint> <span class="muted small">${since}</span></h2>
        <button @click=${() => wish(this, 'snapshots', { kind: 'mark-peak' })}>Watch from now on</button></div>
      ${peaks?.peak === undefined ? html`<p class="muted">No sample yet.</p>` : this.#peak(peaks.peak)}`;
  }

  #peak(peak: Peak): TemplateResult {
    const tags = holdersByTag(peak, MOST);
    const sites = largestSites(peak, MOST);
    const item = (name: unknown, size: number, objects: number): TemplateResult => html`<li><span>${name}</span>
      <span title=${plural(Math.round(objects), 'object')}>${bytes(size)} <span class="muted">${share(size, peak.liveBytes)}</span></span></li>`;
    return html`<p>Most was held at ${moment(peak.time)}: <b>${bytes(peak.liveBytes)}</b> in ${plural(peak.liveObjects, 'object')}, in a memory of ${plural(peak.pages, 'page')}.</p>
      <div class="lists">
        <section><h3>Caches that held most</h3><ul>${holdersByCache(peak, MOST).map(({ name, bytes: size, count: objects }) => item(html`${name} <span class="muted">× ${count(objects)}</span>`, size, objects))}</ul></section>
        ${sites.length === 0 ? nothing : html`<section class="sites"><h3>Call sites</h3><ul>${sites.map((site) => item(siteLink(this, site.id, this.audit, this.frames), site.liveBytes, site.liveCount))}</ul></section>
        <section><h3>Tags</h3><ul>${tags.map(({ name, bytes: size, count: objects }) => item(name, size, objects))}</ul></section>`}
      </div>`;
  }
}

customElements.define('peak-card', PeakCard);
