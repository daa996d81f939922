/** `<exhaustion-report .audit .frames>`: the last request that there was no memory for, and who held the memory then. Sends `choose-site`. */
import { css, html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { ago, reportOf, type Audit } from '../model/diagnosis.ts';
import { exhaustionWords } from '../model/fault-words.ts';
import { bytes, count, share, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class ExhaustionReport extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
.words { margin-top: 6px; font-size: 15px; max-width: 76ch; text-wrap: pretty; }
.words + p { margin-top: 4px; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 32px; margin-top: 14px; }
th, td { padding: 4px 8px 4px 0; }
tbody th { font-weight: 400; color: var(--text); white-space: normal; overflow-wrap: anywhere; }
button.link { text-align: left; overflow-wrap: anywhere; }
.bar { width: 22%; } svg { display: block; width: 100%; height: 12px; } rect { fill: var(--part-live); }
td:last-child, th:last-child { padding-right: 0; }
@container (max-width: 760px) { .parts { grid-template-columns: minmax(0, 1fr); } }
`];
  static override properties = { audit: { attribute: false }, frames: { attribute: false } };
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const report = reportOf(this.audit);
    const row = report?.exhaustion ?? undefined;
    if (report === undefined || row === undefined) return html``;
    const sites = row.sites.map(({ site, ...held }) => ({ ...held, who: site === 0 ? html`not on record` : siteLink(this, site, this.audit, this.frames) }));
    return html`<h2>Out of memory</h2>
      <p class="words">${unbroken(exhaustionWords(row))}</p>
      <p class="small muted">Operation ${count(row.operation)}, ${ago(report, row)} ago${row.site === 0 ? nothing : html`, asked for by ${siteLink(this, row.site, this.audit, this.frames)}`}.</p>
      <div class="parts">
        ${holders('Call sites that held most', 'Bytes are worked out from samples where not every request was recorded.', sites, row.memoryBytes)}
        ${holders('Caches that held most', 'Live objects of size classes and object caches.', row.caches.map(({ name, ...held }) => ({ ...held, who: html`${name}` })), row.memoryBytes)}
      </div>`;
  }
}

function holders(title: string, says: string, rows: readonly { who: unknown; bytes: number; count: number }[], memory: number): TemplateResult {
  const most = Math.max(1, ...rows.map((row) => row.bytes));
  return html`<section><h3><term-hint says=${says}>${title}</term-hint></h3>${rows.length === 0 ? html`<p class="small muted">Nobody is on record.</p>` : html`<table aria-label=${title}>
    <thead><tr><th scope="col">Who</th><th scope="col" class="number">Bytes</th><td class="bar"></td><th scope="col" class="number">Objects</th></tr></thead>
    <tbody>${rows.map(({ who, bytes: held, count: objects }) => html`<tr><th scope="row">${who}</th><td class="number" title="${share(held, memory)} of the memory">${bytes(held)}</td>
      <td class="bar"><svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="${share(held, memory)} of the memory">${svg`<rect width=${(100 * held) / most} height="12"></rect>`}</svg></td>
      <td class="number">${count(objects)}</td></tr>`)}</tbody></table>`}</section>`;
}

customElements.define('exhaustion-report', ExhaustionReport);
