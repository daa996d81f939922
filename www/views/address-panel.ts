/**
 * `<address-panel .found .chosen .past .audit .frames>`: what lies at one address, who asked for it and what happened to it, what it was cut from,
 * and the slab around it, object by object. Sends `choose-arena`, `choose-site` and `ask-history`, each with `show-tab`.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { called } from '../model/arenas.ts';
import { ago, reportOf, type Audit } from '../model/diagnosis.ts';
import { address, bytes, count, exactBytes, plural, range, share, unbroken } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { askedBy } from '../model/log-query.ts';
import type { CacheRow, Kind, LogEntry, SegmentKind, Slab, Whatis } from '../model/records.ts';
import { wish } from './events.ts';
import { historyButton, siteLink } from './links.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

/** Entries of the logs that are shown here; the view of the log has all. */
const PAST = 4;
/** More squares than this say nothing more to an eye. */
const SQUARES = 600;
const STATES = ['free', 'live', 'magazine'] as const;
/** What a person calls it, where the record's word is short of that. */
const NAMES: Partial<Record<Kind, string>> = { large: 'large allocation', parked: 'free segment, in a magazine', 'arena free': 'free segment of the arena' };

/** What an arena inside of the heap has at an address, before its name. */
const INNER: Partial<Record<SegmentKind, string>> = { free: 'free in', held: 'held by a caller of', slab: 'in a slab of' };

export class AddressPanel extends LitElement {
  static override styles = [sheet, css`
h3 { font: 600 16px var(--mono); }
.sentence { margin: 6px 0 12px; font-size: 14px; min-height: 3em; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; font-size: 13.5px; }
dt { color: var(--muted); }
dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.slab { display: flex; flex-wrap: wrap; gap: 2px; margin: 5px -3px 3px; padding: 3px; max-height: 190px; overflow: auto; }
.slab i { width: 9px; height: 9px; border-radius: 2px; flex: none; }
.live { background: var(--part-live); } .magazine { background: var(--part-magazines); }
.free { background: var(--part-arena-free); box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--text) 18%, transparent); }
.slab i.here { outline: 2px solid var(--focus); outline-offset: 1px; }
.chain { margin-top: 4px; font-size: 13px; border-left: 2px solid var(--line); }
.chain li { display: grid; grid-template-columns: 68px minmax(0, 1fr); gap: 8px; padding: 2px 0 2px 10px; align-items: baseline; overflow-wrap: anywhere; }
.chain term-hint { color: var(--muted); }
.past { margin-bottom: 8px; } .past li { grid-template-columns: 84px minmax(0, 1fr); } .past button { text-align: left; overflow-wrap: anywhere; }
.whole { white-space: nowrap; }
h4 { margin: 16px 0 0; font-size: 13px; }
.key { display: flex; gap: 14px; font-size: 13px; } .key span { display: inline-flex; gap: 6px; align-items: center; }
.chosen { font: 600 12px var(--sans); color: var(--accent); }
`];
  static override properties = {
    found: { attribute: false }, chosen: { type: Boolean }, caches: { attribute: false }, past: { attribute: false }, audit: { attribute: false }, frames: { attribute: false },
  };
  declare found: Whatis | undefined;
  declare chosen: boolean;
  declare caches: readonly CacheRow[];
  /** What happened to the object there, newest first. */
  declare past: readonly LogEntry[];
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.chosen = false;
    this.caches = [];
    this.past = [];
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { found } = this;
    if (found === undefined) {
      return html`<h3>Address</h3><p class="sentence muted">Point at a cell, or move with the arrow keys, to see what lies there. A click or Enter keeps it here.</p>`;
    }
    const state = found.state === undefined ? '' : found.state === 'magazine' ? ', in a magazine' : `, ${found.state}`;
    return html`
      <h3>${address(found.address)} ${this.chosen ? html`<span class="chosen">chosen</span>` : ''}</h3>
      <p class="sentence">${unbroken(found.sentence)}</p>
      <dl>
        <dt>Kind</dt><dd>${NAMES[found.kind] ?? found.kind}${state}</dd>
        <dt>Range</dt><dd class="mono">${range(found.start, found.length)}</dd>
        <dt>Length</dt><dd>${bytes(found.length)}${found.length >= 1024 ? html` <span class="muted">(${exactBytes(found.length)})</span>` : ''}</dd>
        <dt>Offset</dt><dd>${bytes(found.offset)} in${found.offset >= 1024 ? html` <span class="muted">(${exactBytes(found.offset)})</span>` : ''}</dd>
        ${found.objectCache !== undefined ? html`<dt><term-hint term="objectCache">Object cache</term-hint></dt><dd>${found.objectCache}</dd>` : found.cache === undefined ? '' : html`<dt><term-hint term="objectSize">Size class</term-hint></dt><dd>${this.#className(found)}</dd>`}
      </dl>
      ${this.past.length === 0 ? '' : this.#past(found)}
      ${found.chain.length === 0 ? '' : this.#chain(found, `${NAMES[found.kind] ?? found.kind}${state}`)}
      ${found.slab === undefined ? '' : this.#slab(found.slab, found)}`;
  }

  /** The last entries of the logs, and who asked for it. */
  #past(found: Whatis): TemplateResult {
    const report = reportOf(this.audit);
    const site = askedBy(this.past);
    return html`
      <h4>What happened to it</h4>
      ${site === 0 ? '' : html`<p class="small"><span class="muted">Asked for by</span> ${siteLink(this, site, this.audit, this.frames)}</p>`}
      <ol class="chain past">${this.past.slice(0, PAST).map((entry) => html`<li><span class="muted">${report === undefined ? `#${count(entry.operation)}` : `−${ago(report, entry)}`}</span>
        <span>${entry.event}${entry.size === 0 ? '' : ` of ${bytes(entry.size)}`}${entry.site === 0 ? '' : html` <span class="muted">by</span> ${siteLink(this, entry.site, this.audit, this.frames)}`}</span></li>`)}</ol>
      ${historyButton(this, found.address, this.past.length > PAST ? `All ${count(this.past.length)} entries` : 'Show in the log')}`;
  }

  /** From the heap's arena inwards to what has the address. */
  #chain(found: Whatis, words: string): TemplateResult {
    const inner = found.chain.length > 1 ? found.chain.at(-1) : undefined;
    const { start, length } = inner?.segment ?? found;
    const run = (at: { start: number; length: number }, note: string): TemplateResult => html`<span><span class="mono whole">${range(at.start, at.length)}</span> <span class="whole">${bytes(at.length)}</span>${note === '' ? '' : `, ${note}`}</span>`;
    return html`
      <h4>Where it comes from</h4>
      <ol class="chain">
        ${found.chain.map(({ arena, name, segment }) => html`
          <li><term-hint term="arena">Arena</term-hint><span><button class="link" title="Show this arena" @click=${() => this.#showArena(arena)}>${called({ name })}</button></span></li>
          <li><term-hint term=${segment.span.imported ? 'importedSpan' : 'span'}>Span</term-hint>${run(segment.span, segment.span.imported ? 'imported' : '')}</li>
          <li><term-hint term="segment">Segment</term-hint>${run(segment, segment.kind)}</li>`)}
        <li><span class="muted">Owner</span>${run({ start, length }, inner === undefined ? words : `${INNER[inner.segment.kind] ?? inner.segment.kind} ${called(inner)}`)}</li>
      </ol>`;
  }

  #showArena(arena: number): void {
    wish(this, 'choose-arena', arena);
    wish(this, 'show-tab', 'arenas');
  }

  #className(found: Whatis): string {
    return this.caches.find((row) => row.class === found.cache)?.name ?? bytes(found.objectSize ?? 0);
  }

  #slab(slab: Slab, found: Whatis): TemplateResult {
    const here = Math.floor((found.address - slab.start) / slab.objectSize);
    const tally = [0, 0, 0];
    for (const state of slab.states) tally[state] = (tally[state] ?? 0) + 1;
    const first = Math.max(0, Math.min(here - SQUARES / 2, slab.objects - SQUARES));
    const squares = [...slab.states.subarray(first, first + SQUARES)];
    return html`
      <h4>Its <term-hint term="slab">slab</term-hint>: ${plural(slab.objects, 'object')} of ${bytes(slab.objectSize)} in ${bytes(slab.length)}</h4>
      <div class="slab" role="img" aria-label="${count(tally[1] ?? 0)} live, ${count(tally[2] ?? 0)} in magazines, ${count(tally[0] ?? 0)} free; this is number ${here + 1}">
        ${squares.map((state, index) => html`<i class="${STATES[state] ?? ''} ${first + index === here ? 'here' : ''}"></i>`)}</div>
      <p class="key"><span><i class="swatch live"></i>${count(tally[1] ?? 0)} live</span><span><i class="swatch magazine"></i>${count(tally[2] ?? 0)} in magazines</span>
        <span><i class="swatch free"></i>${count(tally[0] ?? 0)} free</span></p>
      <p class="small muted">${share(tally[1] ?? 0, slab.objects)} live${squares.length < slab.objects ? `; ${count(squares.length)} of ${count(slab.objects)} are drawn` : ''}</p>`;
  }
}

customElements.define('address-panel', AddressPanel);
