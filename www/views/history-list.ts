/** `<history-list .entries .audit .frames>`: what happened to an object, newest first: entries of the logs with their sites and, where they were kept, contents. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { ago, reportOf, type Audit } from '../model/diagnosis.ts';
import { bytes, count } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { contentsWords, eventSays } from '../model/log-words.ts';
import type { LogEntry } from '../model/records.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

/** Bytes of contents that are shown of each. */
const MOST = 48;

export class HistoryList extends LitElement {
  static override styles = [sheet, css`
ol { font-size: 13.5px; margin-top: 6px; }
li { display: grid; grid-template-columns: 92px 86px minmax(0, 1fr); gap: 2px 12px; padding: 5px 0; border-top: 1px solid var(--line); align-items: baseline; }
li:first-child { border-top: 0; }
.when { color: var(--muted); text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.what { font-weight: 600; }
.failure .what, .injected .what { color: var(--bad); }
.rest { overflow-wrap: anywhere; }
.kept { display: block; font-family: var(--mono); font-size: 12px; color: var(--muted); }
button.link { text-align: left; overflow-wrap: anywhere; }
@container (max-width: 500px) { li { grid-template-columns: 78px minmax(0, 1fr); } .rest { grid-column: 1 / -1; padding-left: 90px; } }
`];
  static override properties = { entries: { attribute: false }, audit: { attribute: false }, frames: { attribute: false } };
  declare entries: readonly LogEntry[];
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.entries = [];
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const report = reportOf(this.audit);
    if (this.entries.length === 0) return html`<p class="small muted">The logs have nothing of it: no log was kept, or it was overwritten since.</p>`;
    return html`<ol aria-label="What happened, newest first">${this.entries.map((entry) => html`<li class=${entry.event}>
      <span class="when" title="Operation ${count(entry.operation)}">${report === undefined ? `#${count(entry.operation)}` : `−${ago(report, entry)}`}</span>
      <span class="what"><term-hint says=${eventSays(entry.event)}>${entry.event}</term-hint></span>
      <span class="rest">${entry.size === 0 ? nothing : html`${bytes(entry.size)} `}${entry.cache === '' ? nothing : html`of ${entry.cache} `}${entry.site === 0 ? nothing : html`<span class="muted">by</span> ${siteLink(this, entry.site, this.audit, this.frames)}`}
        ${entry.contents === undefined ? nothing : contents(entry.contents)}</span></li>`)}</ol>`;
  }
}

function contents(kept: Uint8Array): TemplateResult {
  const { hex, text, more } = contentsWords(kept, MOST);
  return html`<span class="kept">${text}${more > 0 ? '…' : ''}</span><span class="kept">${hex}${more > 0 ? ` and ${count(more)} more` : ''}</span>`;
}

customElements.define('history-list', HistoryList);
