/** `<log-view .choice .audit .frames .page .query .past .caches>`: what happened to one address, where that was asked for, and the logs. Sends `ask-history`. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { reportOf, WHOLE_LOG, type Audit, type LogPage, type LogQuery, type Past } from '../model/diagnosis.ts';
import { address, parseAddress } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { askedBy } from '../model/log-query.ts';
import { NO_CHOICE, type Choice } from '../model/selection.ts';
import { auditNote } from './audit-note.ts';
import { wish } from './events.ts';
import { addressLink, siteLink } from './links.ts';
import { noneSheet } from './none-sheet.ts';
import { sheet } from './sheet.ts';
import './history-list.ts';
import './log-table.ts';

export class LogView extends LitElement {
  static override styles = [sheet, noneSheet, css`
:host { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
form input { width: 140px; font-family: var(--mono); font-size: 13px; }
input[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.about { margin-top: 6px; font-size: 14px; }
history-list { max-height: 340px; overflow: auto; }
`];
  static override properties = {
    choice: { attribute: false }, audit: { attribute: false }, frames: { attribute: false }, page: { attribute: false }, query: { attribute: false }, past: { attribute: false }, caches: { attribute: false }, trouble: {}, mistake: { state: true },
  };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare audit: Audit;
  declare frames: Frames;
  declare page: LogPage | undefined;
  declare query: LogQuery;
  declare past: Past | undefined;
  declare caches: readonly string[];
  /** Why the trace could not be saved. */
  declare trouble: string;
  declare mistake: string;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.frames = new Map();
    this.query = WHOLE_LOG;
    this.caches = [];
    this.trouble = '';
    this.mistake = '';
  }

  protected override render(): TemplateResult {
    if (reportOf(this.audit) === undefined) return html`${auditNote(this.audit, 'what happened')}`;
    return html`
      <section class="card">${this.#past()}</section>
      <section class="card">${this.trouble === '' ? nothing : html`<p class="notice bad" role="alert">${this.trouble}</p>`}
        <log-table .choice=${this.choice} .page=${this.page} .query=${this.query} .caches=${this.caches} .audit=${this.audit} .frames=${this.frames}></log-table></section>`;
  }

  #past(): TemplateResult {
    const { past } = this;
    const asked = past === undefined ? 0 : askedBy(past.entries);
    return html`<div class="row spread"><h2>What happened to an address</h2>
        <form class="row" @submit=${this.#ask}><input type="text" aria-label="Address" placeholder="0x00010000" autocomplete="off" spellcheck="false" aria-invalid=${this.mistake !== ''} .value=${past === undefined ? '' : address(past.address)}><button>Tell me</button>
          ${past === undefined ? nothing : html`<button type="button" @click=${() => wish(this, 'ask-history', undefined)}>Close</button>`}</form></div>
      ${this.mistake === '' ? nothing : html`<p class="notice bad" role="alert">${this.mistake}</p>`}
      ${past === undefined ? html`<p class="small muted about">Type an address, or choose one in the log: everything that the logs know of the object there is listed here.</p>` : html`
      <p class="about">${addressLink(this, past.address)}${asked === 0 ? nothing : html` <span class="muted">was last asked for by</span> ${siteLink(this, asked, this.audit, this.frames)}`}</p>
      <history-list tabindex="0" .entries=${past.entries} .audit=${this.audit} .frames=${this.frames}></history-list>`}`;
  }

  readonly #ask = (event: Event): void => {
    event.preventDefault();
    const input = this.renderRoot.querySelector('form input');
    const found = input instanceof HTMLInputElement ? parseAddress(input.value) : undefined;
    this.mistake = found === undefined ? 'That is no address. Write it as 0x1a000 or 106,496.' : '';
    if (found !== undefined) wish(this, 'ask-history', found);
  };
}

customElements.define('log-view', LogView);
