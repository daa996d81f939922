/** `<log-table .choice .page .query .caches .audit .frames>`: entries of the logs, newest first, and the bar that filters them. Sends `set-log-query`, `ask-history`, `save-trace`. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { ago, reportOf, WHOLE_LOG, type Audit, type LogPage, type LogQuery } from '../model/diagnosis.ts';
import { address, bytes, count } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { FRONT_END, LOGS, parsedLog, type LogField } from '../model/log-query.ts';
import { contentsWords, EVENTS, eventSays, isWhole, LIMITS, listWords } from '../model/log-words.ts';
import type { AuditReport, LogEntry, LogList } from '../model/records.ts';
import { narrowed, NO_CHOICE, type Choice } from '../model/selection.ts';
import { wish } from './events.ts';
import { siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

const LOG_SAYS: Readonly<Record<string, string>> = {
  transactions: 'Each request and each free, where the mode audit is on.', contents: 'What was in objects that were given back, where the mode contents is on.',
  failures: 'Requests that failed, by themselves or on purpose.', slabs: 'Slabs that were made or given up.',
};

export class LogTable extends LitElement {
  static override styles = [sheet, css`
.filters { margin-top: 10px; gap: 8px 18px; }
fieldset { border: 0; padding: 0; margin: 0; gap: 4px 14px; }
legend { float: left; padding: 0; margin-right: 10px; font-size: 14px; color: var(--muted); }
.field { font-size: 14px; color: var(--muted); gap: 6px; }
input[type="text"] { width: 96px; }
input.address { width: 122px; font-family: var(--mono); font-size: 13px; }
input[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.notice { margin-top: 10px; }
.status { margin-top: 10px; font-size: 14px; }
.scroll { margin: 8px -18px 0; padding: 0 18px; max-height: min(64vh, 720px); overflow: auto; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--surface); box-shadow: inset 0 -1px var(--edge); }
th, td { padding: 3px 8px; white-space: nowrap; }
.event { font-weight: 600; }
tr.failure .event, tr.injected .event { color: var(--bad); }
td.site { white-space: normal; min-width: 150px; overflow-wrap: anywhere; }
td.site button { text-align: left; }
.kept { display: block; font-family: var(--mono); font-size: 12px; color: var(--muted); white-space: normal; overflow-wrap: anywhere; }
.none { color: var(--muted); }
@container (max-width: 500px) { .field { width: 100%; flex-wrap: nowrap; } .field input[type="text"], .field select { flex: 1 1 0; width: auto; min-width: 0; } td, th { padding-left: 5px; padding-right: 5px; } }
`];
  static override properties = { choice: { attribute: false }, page: { attribute: false }, query: { attribute: false }, caches: { attribute: false }, audit: { attribute: false }, frames: { attribute: false } };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare page: LogPage | undefined;
  declare query: LogQuery;
  /** Names of the object caches there are. */
  declare caches: readonly string[];
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.query = WHOLE_LOG;
    this.caches = [];
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const report = reportOf(this.audit);
    if (report === undefined) return html``;
    const { query, page } = this;
    const wanted = parsedLog(query);
    const wrong = 'mistake' in wanted ? wanted : undefined;
    return html`
      <div class="row spread"><h2>Log</h2>
        <span class="row">${isWhole(this.#narrowed) ? nothing : html`<button @click=${this.#showAll}>Show all</button>`}
          <term-hint plain says="The log of transactions as a file that flagstone’s replay runs again on any configuration."><button @click=${() => wish(this, 'save-trace', undefined)}>Save as a trace</button></term-hint></span></div>
      ${this.#filters(query, report, wrong?.field)}
      ${this.#note()}
      ${wrong !== undefined ? html`<p class="notice bad" role="alert">${wrong.mistake}</p>`
        : page === undefined ? html`<p class="empty" role="status">Reading the logs …</p>`
          : 'sentence' in page ? html`<p class="notice bad" role="alert">The logs cannot be read: ${page.sentence}</p>` : this.#list(page.list, query, report)}`;
  }

  /** What is listed: what was typed, and what is chosen in other views. */
  get #narrowed(): LogQuery {
    return narrowed(this.query, this.choice);
  }

  /** Neither what was typed nor what is chosen narrows the list from now on. */
  readonly #showAll = (): void => {
    const { site, cache, address } = narrowed(WHOLE_LOG, this.choice);
    if (site !== '') wish(this, 'choose-site', undefined);
    if (cache !== '') wish(this, 'set-spotlight', undefined);
    if (address !== '') wish(this, 'choose-address', undefined);
    wish(this, 'set-log-query', { ...WHOLE_LOG, limit: this.query.limit });
  };

  /** Says that the list has only what is chosen in other views. */
  #note(): TemplateResult | typeof nothing {
    const { query } = this;
    const { site, cache, address } = this.#narrowed;
    const words = [site === query.site ? '' : `call site ${site}`, cache === query.cache ? '' : `the cache ${cache}`, address === query.address ? '' : `the object at ${address}`].filter((word) => word !== '');
    return words.length === 0 ? nothing : html`<p class="small narrowed">Only of ${words.join(' and ')}, which ${words.length === 1 ? 'is' : 'are'} chosen above.</p>`;
  }

  #filters(query: LogQuery, report: AuditReport, wrong: LogField | undefined): TemplateResult {
    const kept = (name: string): number => report.logs.find((log) => log.name === name)?.kept ?? 0;
    const names = [...new Set([...this.caches, ...report.cacheModes.map(({ name }) => name), ...(query.cache === '' || query.cache === FRONT_END ? [] : [query.cache])])];
    return html`<div class="row filters" role="group" aria-label="Which entries">
      <fieldset class="row"><legend>Logs</legend>${LOGS.map((log) => html`<term-hint plain says=${LOG_SAYS[log] ?? ''}><label><input type="checkbox" .checked=${query.logs.length === 0 || query.logs.includes(log)}
        @change=${() => this.#toggle(query, log)}>${log} <span class="muted small">${count(kept(log))}</span></label></term-hint>`)}</fieldset>
      <label class="field">Event <select aria-label="Event" @change=${(event: Event) => this.#set('event', event)}><option value="" .selected=${query.event === ''}>any</option>${EVENTS.map((name) => html`<option .selected=${name === query.event}>${name}</option>`)}</select></label>
      ${names.length === 0 ? nothing : html`<label class="field">Cache <select aria-label="Cache" @change=${(event: Event) => this.#set('cache', event)}><option value="" .selected=${query.cache === ''}>any</option><option value=${FRONT_END} .selected=${query.cache === FRONT_END}>none: the front end</option>${names.map((name) => html`<option .selected=${name === query.cache}>${name}</option>`)}</select></label>`}
      <label class="field">Address ${this.#field('address', 'Address', query, wrong, '0x00010000')}</label>
      <label class="field">Site ${this.#field('site', 'Number of the site', query, wrong, '12')}</label>
      <span class="row field" role="group" aria-label="Operations"><term-hint says="Requests and frees that were recorded, counted from the start. The first number is in, the second one is not.">Operation</term-hint> ${this.#field('from', 'First operation', query, wrong, '0')} to ${this.#field('to', 'Operation after the last', query, wrong, '1,000')}</span>
    </div>`;
  }

  /** What is typed counts when it is finished, by Enter or by leaving the field: half an address is no mistake. */
  #field(field: LogField, label: string, query: LogQuery, wrong: LogField | undefined, example: string): TemplateResult {
    return html`<input type="text" class=${field} aria-label=${label} placeholder=${example} autocomplete="off" spellcheck="false" aria-invalid=${wrong === field} .value=${query[field]}
      @change=${(event: Event) => this.#set(field, event)}>`;
  }

  #set(field: 'event' | 'cache' | LogField, { target }: Event): void {
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) wish(this, 'set-log-query', { ...this.query, [field]: target.value });
  }

  #toggle(query: LogQuery, log: string): void {
    const now = query.logs.length === 0 ? [...LOGS] : query.logs;
    const next = now.includes(log) ? now.filter((known) => known !== log) : [...now, log];
    wish(this, 'set-log-query', { ...query, logs: next.length === LOGS.length ? [] : next });
  }

  #list(list: LogList, query: LogQuery, report: AuditReport): TemplateResult {
    const more = LIMITS.find((limit) => limit > query.limit);
    return html`<p class="row spread status"><span role="status">${listWords(list)}</span>
        ${list.entries.length < list.matching && more !== undefined ? html`<button @click=${() => wish(this, 'set-log-query', { ...query, limit: more })}>Show ${count(more)}</button>` : nothing}</p>
      ${list.entries.length === 0 ? html`<p class="empty">${list.matching > 0 ? 'Reading the logs …' : isWhole(this.#narrowed) ? 'The logs are empty. The mode audit logs each request and each free; failures are always logged.' : isWhole(query) ? 'No entry is of what is chosen. End a choice above to see more.' : 'No entry matches. Change the filter to see more.'}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label="Entries, a table"><table>
        <thead><tr><th scope="col" class="number">Operation</th><th scope="col" class="number"><term-hint says="How long before the newest operation on record.">Ago</term-hint></th><th scope="col">Event</th><th scope="col">Address</th><th scope="col" class="number">Size</th><th scope="col">Cache</th><th scope="col">Call site</th></tr></thead>
        <tbody>${list.entries.map((entry) => this.#entry(entry, report))}</tbody></table></div>`}`;
  }

  #entry(entry: LogEntry, report: AuditReport): TemplateResult {
    return html`<tr class=${entry.event} data-sequence=${entry.sequence}><td class="number">${count(entry.operation)}</td><td class="number">${ago(report, entry)}</td><td class="event" title=${eventSays(entry.event)}>${entry.event}</td>
      <td>${entry.address === 0 ? html`<span class="none">–</span>` : html`<button class="link mono" title="What happened to this address" @click=${() => wish(this, 'ask-history', entry.address)}>${address(entry.address)}</button>`}</td>
      <td class="number">${entry.size === 0 ? '–' : bytes(entry.size)}</td><td>${entry.cache === '' ? html`<span class="none">–</span>` : entry.cache}</td>
      <td class="site">${entry.site === 0 ? html`<span class="none">–</span>` : siteLink(this, entry.site, this.audit, this.frames)}${entry.contents === undefined ? nothing : html`<span class="kept">${contentsWords(entry.contents, 64).text}</span>`}</td></tr>`;
  }
}

customElements.define('log-table', LogTable);
