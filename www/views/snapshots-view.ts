/**
 * `<snapshots-view .choice .shelf .peaks .recorded .audit .frames>`: takes and keeps snapshots, and compares two of them. Sends `snapshots`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Audit } from '../model/diagnosis.ts';
import { bytes, count, moment, plural } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import type { PeakWatch } from '../model/peak-watch.ts';
import { EMPTY, type Auto, type Entry, type Shelf, type SnapshotWish } from '../model/shelf.ts';
import { diffWords } from '../model/snapshots.ts';
import { NO_CHOICE, ofTime, type Choice } from '../model/selection.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './change-objects.ts';
import './change-table.ts';
import './peak-card.ts';
import './term-hint.ts';

const MINUTES = [0, 1, 5, 10, 30, 60];
const MIB = 1024 * 1024;
const GROWTHS = [0, 1, 4, 16, 64, 256].map((mebibytes) => mebibytes * MIB);

export class SnapshotsView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.card { min-width: 0; }
.take { margin-top: 10px; gap: 8px 18px; }
.take input[type="text"] { width: 190px; }
kbd { font: inherit; font-size: 12px; border: 1px solid var(--edge); border-radius: 4px; padding: 0 5px; }
.scroll { position: relative; margin: 12px -18px 0; padding: 0 18px; }
td, tbody th, thead th { padding: 4px 8px; }
tbody th { color: var(--text); white-space: normal; min-width: 148px; overflow-wrap: anywhere; font-weight: 400; }
tbody th input[type="text"] { width: 100%; min-width: 140px; padding: 3px 6px; }
td.pick, th.pick { text-align: center; }
input[type="radio"] { width: 16px; height: 16px; margin: 0; accent-color: var(--accent); vertical-align: middle; }
td.acts { white-space: nowrap; text-align: right; }
td.acts button { min-height: 28px; padding: 1px 8px; }
.words { max-width: 92ch; margin: 6px 0 12px; text-wrap: pretty; }
.notice + .notice, .words + .notice { margin-top: 8px; }
change-table { margin-top: 12px; }
.file { position: relative; }
.file input { position: absolute; inset: 0; opacity: 0; width: 100%; cursor: pointer; }
.file:focus-within { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 7px; }
.file span { border: 1px solid var(--edge); border-radius: 7px; padding: 4px 10px; min-height: 32px; display: inline-flex; align-items: center; }
@container (max-width: 500px) { .take input[type="text"] { width: 100%; } .take .name { width: 100%; } }
`];
  static override properties = {
    choice: { attribute: false }, shelf: { attribute: false }, peaks: { attribute: false }, recorded: { type: Number }, audit: { attribute: false }, frames: { attribute: false }, named: { state: true },
  };
  /** What is chosen in all views. */
  declare choice: Choice;
  declare shelf: Shelf;
  declare peaks: PeakWatch | undefined;
  declare recorded: number;
  declare audit: Audit;
  declare frames: Frames;
  /** The name that the next snapshot is to have. */
  declare named: string;

  constructor() {
    super();
    this.choice = NO_CHOICE;
    this.shelf = EMPTY;
    this.recorded = 0;
    this.frames = new Map();
    this.named = '';
  }

  protected override render(): TemplateResult {
    const { shelf } = this;
    return html`
      <section class="card">
        <h2><term-hint says="What the application holds at one moment: a bit for each object, and the figures of caches, arenas, call sites and tags. Taking one changes nothing in the program.">Snapshots</term-hint>
          <span class="muted small">${shelf.entries.length === 0 ? '' : `${shelf.entries.length} kept, ${bytes(shelf.entries.reduce((sum, { figures }) => sum + figures.heldBytes, 0))}`}</span></h2>
        <div class="row take">
          <label class="name"><input type="text" aria-label="Name of the next snapshot" placeholder="Name" autocomplete="off" .value=${this.named} @input=${this.#onName} @keydown=${this.#onKey}></label>
          <button class="primary" @click=${() => this.#take()}>Take a snapshot</button><span class="muted small">or press <kbd>S</kbd> in any view</span>
          ${this.#auto('Every', MINUTES, shelf.auto.minutes, (minutes) => `${minutes} min`, (minutes) => ({ ...shelf.auto, minutes }))}
          ${this.#auto('When live memory grew by', GROWTHS, shelf.auto.growth, bytes, (growth) => ({ ...shelf.auto, growth }))}
          <label class="file"><input type="file" aria-label="Open a snapshot from a file" @change=${this.#onFile}><span>Open a file …</span></label>
        </div>
        ${shelf.trouble === '' ? nothing : html`<p class="notice bad" role="alert">${shelf.trouble}</p>`}
        ${shelf.entries.length === 0 ? html`<p class="empty">Take one, use the program, take another: the difference is what the program held on to.</p>` : this.#table(shelf)}
      </section>
      ${this.#comparison(shelf)}
      <section class="card"><peak-card .peaks=${this.peaks} .recorded=${this.recorded} .audit=${this.audit} .frames=${this.frames}></peak-card></section>`;
  }

  #auto(label: string, values: readonly number[], now: number, words: (value: number) => string, made: (value: number) => Auto): TemplateResult {
    return html`<label>${label} <select @change=${(event: Event) => {
      if (event.target instanceof HTMLSelectElement) this.#wish({ kind: 'auto', auto: made(Number(event.target.value)) });
    }}>${values.map((value) => html`<option value=${value} ?selected=${value === now}>${value === 0 ? 'never' : words(value)}</option>`)}</select></label>`;
  }

  #table({ entries, pair }: Shelf): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="group" aria-label="Snapshots, a table"><table>
      <thead><tr>${entries.length < 2 ? nothing : html`<th scope="col" class="pick">From</th><th scope="col" class="pick">To</th>`}<th scope="col">Name</th><th scope="col" class="number">Time</th><th scope="col" class="number">Live</th>
        <th scope="col" class="number">Objects</th><th scope="col" class="number">Pages</th><th scope="col"><span class="visually-hidden">What to do with it</span></th></tr></thead>
      <tbody>${entries.map((entry) => this.#row(entry, pair, entries.length > 1))}</tbody></table></div>`;
  }

  #row(entry: Entry, pair: Shelf['pair'], picks: boolean): TemplateResult {
    const { id, name, time, figures } = entry;
    const pick = (place: 0 | 1, label: string): TemplateResult => html`<td class="pick"><input type="radio" name=${label} aria-label=${`${label}: ${name}`} .checked=${pair?.[place] === id}
      @change=${() => this.#pick(place, id)}></td>`;
    const taken = figures.time === 0 ? '' : new Date(figures.time).toLocaleString();
    const chosen = ofTime(this.choice, time);
    return html`<tr data-snapshot=${id} class=${chosen ? 'chosen' : ''} aria-current=${chosen}>${picks ? html`${pick(0, 'From')}${pick(1, 'To')}` : nothing}
      <th scope="row"><input type="text" aria-label=${`Name of snapshot ${id}`} autocomplete="off" .value=${name} @change=${(event: Event) => {
        if (event.target instanceof HTMLInputElement) this.#wish({ kind: 'rename', id, name: event.target.value });
      }}></th>
      <td class="number" title=${taken}>${time === undefined ? 'file' : moment(time)}</td><td class="number">${bytes(figures.live.bytes)}</td>
      <td class="number">${count(figures.live.count)}</td><td class="number">${count(figures.pages)}</td>
      <td class="acts"><button aria-label=${`Save ${name}`} title=${`${bytes(figures.heldBytes)} here, less in the file`} @click=${() => this.#wish({ kind: 'save', id })}>Save</button>
        <button aria-label=${`Forget ${name}`} @click=${() => this.#wish({ kind: 'forget', id })}>Forget</button></td></tr>`;
  }

  #comparison(shelf: Shelf): TemplateResult | typeof nothing {
    const { diff, pair, entries } = shelf;
    if (diff === undefined || pair === undefined) return nothing;
    const [before, after] = pair.map((id) => entries.find((entry) => entry.id === id)?.name ?? '');
    return html`<section class="card">
        <div class="row spread"><h2>From “${before}” to “${after}”</h2><button @click=${() => this.#wish({ kind: 'choose', choice: { pair: [pair[1], pair[0]] } })}>Swap</button></div>
        <p class="words">${diffWords(diff)}</p>
        ${diff.doubts.map((doubt) => html`<p class="notice bad">${doubt}</p>`)}
        <change-table .selected=${this.choice} .diff=${diff} .shelf=${shelf} .frames=${this.frames}></change-table>
        <p class="small muted words">${diff.toldApart === 0
          ? 'An object is the same where its address and its cache are. One that was given back and whose address was handed out again counts as surviving.'
          : `${plural(diff.toldApart, 'object')} on record of diagnosis are told apart by the operation that made them; the others by address and cache.`}</p>
      </section>
      <section class="card"><change-objects .shelf=${shelf} .audit=${this.audit} .frames=${this.frames}></change-objects></section>`;
  }

  #pick(place: 0 | 1, id: number): void {
    const { entries, pair } = this.shelf;
    const other = pair?.[1 - place] ?? entries.find((entry) => entry.id !== id)?.id ?? id;
    this.#wish({ kind: 'choose', choice: { pair: place === 0 ? [id, other] : [other, id] } });
  }

  #take(): void {
    this.#wish({ kind: 'take', name: this.named });
    this.named = '';
  }

  #wish(wanted: SnapshotWish): void {
    wish(this, 'snapshots', wanted);
  }

  #onName(event: Event): void {
    if (event.target instanceof HTMLInputElement) this.named = event.target.value;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.#take();
  }

  #onFile(event: Event): void {
    const { target } = event;
    const file = target instanceof HTMLInputElement ? target.files?.[0] : undefined;
    if (file === undefined || !(target instanceof HTMLInputElement)) return;
    this.#wish({ kind: 'open', file });
    // The same file may be opened again.
    target.value = '';
  }
}

customElements.define('snapshots-view', SnapshotsView);
