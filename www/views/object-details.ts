/**
 * `<object-details .row .history .recorded .moment>`: one object cache in full: how full its slabs are, what moving would give back, before and
 * after, and every counter with its change. Sends `remember`, and `set-spotlight` with `show-tab` to show its slabs on the map.
 */
import { css, html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { bytes, count, moment as clock, plural, share, unbroken } from '../model/format.ts';
import { counted, COUNTER_GROUPS, type Counter } from '../model/object-counters.ts';
import type { Moment, ObjectHistory, Seen } from '../model/object-history.ts';
import { badges, change, FILL_LABELS, figure, fragmentationWords, isOver, OBJECT_COLUMNS, verdict } from '../model/object-rows.ts';
import { spotlightOf } from '../model/objects.ts';
import type { ObjectCacheRow } from '../model/records.ts';
import { wish } from './events.ts';
import { fragmentationMeter, meterSheet } from './fragmentation-meter.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

/** Two times of a cache, and what they are called. */
interface Pair {
  before: Seen;
  after: Seen;
  words: string;
  remembered: boolean;
}

/** The figures that a consolidation is made for. */
const COMPARED = OBJECT_COLUMNS.filter(({ key }) => !['name', 'size', 'cached'].includes(key));

export class ObjectDetails extends LitElement {
  static override styles = [sheet, meterSheet, css`
:host { container-type: inline-size; }
h2 { overflow-wrap: anywhere; }
h2 term-hint { font-weight: 400; font-size: 13px; color: var(--muted); margin-left: 6px; }
.verdict { margin-top: 8px; font-size: 15px; max-width: 76ch; text-wrap: pretty; }
.line { margin-top: 8px; gap: 4px 12px; }
.line .meter { width: 160px; height: 12px; flex: none; }
.over, .over term-hint { color: var(--bad); font-weight: 600; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 32px; margin-top: 16px; }
h3 { margin-bottom: 4px; }
th, td { padding: 3px 8px 3px 0; }
tbody th { font-weight: 400; color: var(--text); }
td:last-child, th:last-child { padding-right: 0; }
.bar { width: 34%; }
.bar svg { display: block; width: 100%; height: 12px; }
.bar rect { fill: var(--part-live); } .bar.then rect { fill: var(--part-static); }
.compared tbody th { white-space: normal; }
.near, .words { margin-top: 4px; }
.none { color: var(--muted); }
.words { margin-bottom: 6px; max-width: 60ch; }
.groups { columns: 3 250px; column-gap: 32px; }
.groups section { break-inside: avoid; padding-top: 18px; }
.groups table { font-size: 13.5px; }
.groups td + td { width: 84px; color: var(--muted); }
.groups .bad { color: var(--bad); font-weight: 600; }
.since { margin-top: 18px; }
@container (max-width: 760px) { .parts { grid-template-columns: minmax(0, 1fr); } }
`];
  static override properties = { row: { attribute: false }, history: { attribute: false }, recorded: { type: Number }, moment: { attribute: false } };
  declare row: ObjectCacheRow | undefined;
  declare history: ObjectHistory | undefined;
  /** Changes with each sample: the history changes inside. */
  declare recorded: number;
  declare moment: Moment | undefined;

  constructor() {
    super();
    this.recorded = 0;
  }

  protected override render(): TemplateResult {
    const { row, history } = this;
    if (row === undefined || history === undefined) return html``;
    const pair = this.#pair(row, history);
    const since = pair?.remembered === true ? pair.before : history.first(row.number);
    return html`
      <div class="row spread"><h2>${row.name} ${badges(row).map(({ label, term }) => html`<term-hint term=${term}>${label}</term-hint>`)}</h2>
        <button @click=${() => this.#showOnMap(row)}>Show on the map</button></div>
      ${near(row)}
      <p class="verdict">${unbroken(verdict(row))}</p>
      ${row.total === 0 ? nothing : html`<p class="row line small">${fragmentationMeter(row)}<span class=${isOver(row) ? 'over' : ''}><term-hint term="redLine">${unbroken(fragmentationWords(row))}</term-hint></span></p>`}
      <div class="parts">
        <section>${histogram(row, pair)}</section>
        <section>${this.#compared(row, pair)}</section>
      </div>
      ${since === undefined ? nothing : html`<p class="small muted since">Changes are those since ${clock(since.time)}, when ${pair?.remembered === true ? 'you asked to remember it' : 'this page first saw the cache'}.</p>`}
      <div class="groups">${COUNTER_GROUPS.map(({ title, counters }) => html`<section><h3>${title}</h3><table aria-label=${title}><tbody>${counters.map((counter) => counterLine(counter, row, since?.row))}</tbody></table></section>`)}</div>`;
  }

  /** What a person remembered comes before what the page noticed. */
  #pair(row: ObjectCacheRow, history: ObjectHistory): Pair | undefined {
    const then = this.moment?.rows.find(({ number }) => number === row.number);
    if (this.moment !== undefined && then !== undefined) {
      return { before: { time: this.moment.time, row: then }, after: { time: history.last?.time ?? 0, row }, words: 'What you remembered, and now.', remembered: true };
    }
    const found = history.consolidation(row.number);
    if (found === undefined) return undefined;
    const during = found.during === undefined ? '' : ` while the program did this: ${found.during}`;
    return { ...found, words: `The last time that objects moved${during}.`, remembered: false };
  }

  #compared(row: ObjectCacheRow, pair: Pair | undefined): TemplateResult {
    const remembering = this.moment !== undefined;
    return html`<div class="row spread"><h3 id="compared">Before and after</h3>
        <span class="row"><button @click=${() => wish(this, 'remember', true)}>Remember this moment</button>${remembering ? html`<button @click=${() => wish(this, 'remember', false)}>Forget</button>` : nothing}</span></div>
      ${pair === undefined ? html`<p class="small muted words">${remembering ? 'This cache was made after the moment that you remembered.' : row.movable
        ? 'The next time that objects of this cache move, both sides are shown here. Or remember this moment, and compare it with what comes.'
        : 'Remember this moment, and compare it with what comes.'}</p>` : html`
      <p class="small muted words" role="status">${pair.words}</p>
      <table class="compared" aria-labelledby="compared"><thead><tr><th></th><th scope="col" class="number">${clock(pair.before.time)}</th><th scope="col" class="number">${pair.remembered ? 'Now' : clock(pair.after.time)}</th><th scope="col" class="number">Change</th></tr></thead>
        <tbody>${COMPARED.map(({ key, label, says, unit }) => {
          if (key === 'name') return nothing;
          const [then, now] = [figure(pair.before.row, key), figure(pair.after.row, key)];
          const written = (value: number): string => unit === 'bytes' ? bytes(value) : unit === 'share' ? share(value, 1) : count(value);
          return html`<tr><th scope="row"><term-hint says=${says}>${label}</term-hint></th><td class="number">${written(then)}</td><td class="number">${written(now)}</td><td class="number">${change(now, then, written)}</td></tr>`;
        })}</tbody></table>`}`;
  }

  #showOnMap(row: ObjectCacheRow): void {
    wish(this, 'set-spotlight', spotlightOf(row));
    wish(this, 'show-tab', 'map');
  }
}

/** Whose the cache is besides its own. */
function near({ aliases, budget }: ObjectCacheRow): TemplateResult | typeof nothing {
  const words = [aliases.length > 0 ? `Also called ${aliases.join(', ')}` : '', budget === null ? '' : `Paid for by the budget ${budget}`].filter((part) => part !== '');
  return words.length === 0 ? nothing : html`<p class="small muted near">${words.join('. ')}.</p>`;
}

/** Bars and figures are one table; the two times stand beside each other at one scale. */
function histogram(row: ObjectCacheRow, pair: Pair | undefined): TemplateResult {
  const sides = pair === undefined ? [row.fill] : [pair.before.row.fill, pair.after.row.fill];
  const most = Math.max(1, ...sides.flat());
  const heads = pair === undefined ? ['Slabs'] : [clock(pair.before.time), pair.remembered ? 'Now' : clock(pair.after.time)];
  return html`<h3 id="fill"><term-hint term="slabFill">Slabs by how full they are</term-hint></h3>
    <table aria-labelledby="fill"><thead><tr><th scope="col">Taken</th>${heads.map((head) => html`<th scope="col" class="number">${head}</th><td class="bar"></td>`)}</tr></thead>
      <tbody>${FILL_LABELS.map((label, step) => html`<tr><th scope="row">${label}</th>${sides.map((fill, side) => {
        const slabs = fill[step] ?? 0;
        return html`<td class="number ${slabs === 0 ? 'none' : ''}">${count(slabs)}</td><td class="bar ${sides.length === 2 && side === 0 ? 'then' : ''}"><svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label=${plural(slabs, 'slab')}>${svg`<rect width=${(100 * slabs) / most} height="12"></rect>`}</svg></td>`;
      })}</tr>`)}</tbody></table>`;
}

function counterLine(counter: Counter, row: ObjectCacheRow, since: ObjectCacheRow | undefined): TemplateResult {
  const value = row[counter.key];
  const tone = counter.bad === true && value > 0 ? 'bad' : value === 0 ? 'none' : '';
  return html`<tr data-counter=${counter.key}><th scope="row"><term-hint says=${counter.says}>${counter.label}</term-hint></th><td class="number ${tone}">${counted(counter, value)}</td>
    <td class="number">${since === undefined ? nothing : change(value, since[counter.key], (by) => counter.unit === 'bytes' ? bytes(by) : count(by))}</td></tr>`;
}

customElements.define('object-details', ObjectDetails);
