/** `<arena-details .row .rows>`: all figures of one arena, its spans, and its free runs by length. Sends `choose-arena` for its neighbours in the tree. */
import { css, html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { amount, bars, called, KIND_NAMES, ofMemory, quantity, stretch, verdict } from '../model/arenas.ts';
import { bytes, count, exactBytes, plural, share, unbroken } from '../model/format.ts';
import type { Term } from '../model/glossary.ts';
import type { ArenaRow } from '../model/records.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

interface Figure {
  label: string;
  term?: Term;
  value: string;
  note?: string;
}

export class ArenaDetails extends LitElement {
  static override styles = [sheet, css`
:host { container-type: inline-size; }
h2 { overflow-wrap: anywhere; }
.verdict { margin-top: 8px; font-size: 15px; max-width: 76ch; text-wrap: pretty; }
.near { margin-top: 6px; gap: 2px 8px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(178px, 1fr)); gap: 10px 24px; margin-top: 14px; font-size: 14px; }
dt { color: var(--muted); font-size: 13px; }
dd { font-variant-numeric: tabular-nums; }
dd + dd { font-size: 13px; }
.bad { color: var(--bad); font-weight: 600; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 28px; margin-top: 18px; }
h3 { margin-bottom: 4px; }
th, td { padding: 3px 8px 3px 0; }
tbody th { font-weight: 400; color: var(--text); }
td:last-child { padding-right: 0; }
.bar { width: 46%; }
svg { display: block; width: 100%; height: 12px; }
rect { fill: var(--part-static); }
.longest rect { fill: var(--accent); }
.longest th { font-weight: 600; }
.none > * { color: var(--muted); }
.spans { max-height: 300px; overflow: auto; }
@container (max-width: 760px) { .parts { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 420px) { dl { grid-template-columns: 1fr 1fr; gap: 8px 16px; } .bar { width: 26%; } }
`];
  static override properties = { row: { attribute: false }, rows: { attribute: false } };
  declare row: ArenaRow | undefined;
  declare rows: readonly ArenaRow[];

  constructor() {
    super();
    this.rows = [];
  }

  protected override render(): TemplateResult {
    const { row } = this;
    if (row === undefined) return html``;
    const parent = this.rows.find(({ id }) => id === row.parent);
    const children = this.rows.filter(({ id, parent: above }) => above === row.id && id !== row.id);
    return html`
      <h2>${called(row)} <span class="muted small">${KIND_NAMES[row.kind]}</span></h2>
      <p class="verdict">${unbroken(verdict(row))}</p>
      ${parent === undefined ? nothing : html`<p class="row near small"><span class="muted">Imports from</span>${this.#link(parent)}</p>`}
      ${children.length === 0 ? nothing : html`<p class="row near small"><span class="muted">Lends spans to</span>${children.map((child) => this.#link(child))}</p>`}
      <dl>${figures(row).map(({ label, term, value, note }) => html`<div><dt>${term === undefined ? label : html`<term-hint term=${term}>${label}</term-hint>`}</dt>
        <dd class=${term === 'failure' && row.failures > 0 ? 'bad' : ''}>${value}</dd>${note === undefined ? nothing : html`<dd class="muted">${note}</dd>`}</div>`)}</dl>
      <div class="parts">
        <section>${this.#histogram(row)}</section>
        <section>${this.#spans(row)}</section>
      </div>`;
  }

  #link(row: ArenaRow): TemplateResult {
    return html`<button class="link" @click=${() => wish(this, 'choose-arena', row.id)}>${called(row)}</button>`;
  }

  /** Bars and figures are one table, so that nobody has to look for the other. */
  #histogram(row: ArenaRow): TemplateResult {
    const shown = bars(row);
    return html`<h3 id="free"><term-hint term="freeLengths">Free runs by length</term-hint></h3>
      ${shown.length === 0 ? html`<p class="small muted">Nothing is free.</p>` : html`<table aria-labelledby="free">
        <thead><tr><th scope="col">Length</th><th scope="col" class="bar"><span class="visually-hidden">Bar</span></th><th scope="col" class="number">Runs</th><th scope="col" class="number">In all</th></tr></thead>
        <tbody>${shown.map(({ label, segments, total, scale }, index) => html`<tr class=${segments === 0 ? 'none' : index === shown.length - 1 ? 'longest' : ''}>
          <th scope="row">${label}</th>
          <td class="bar"><svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="${share(total, row.free)} of what is free">${svg`<rect width=${100 * scale} height="12"></rect>`}</svg></td>
          <td class="number">${count(segments)}</td><td class="number">${amount(row, total)}</td></tr>`)}</tbody>
      </table>`}`;
  }

  #spans(row: ArenaRow): TemplateResult {
    const imported = row.spanList.filter((span) => span.imported).length;
    const hidden = row.spans - row.spanList.length;
    return html`<h3><term-hint term="span">Spans</term-hint> <span class="muted">${count(row.spans)}${imported > 0 ? html`, <term-hint term="importedSpan">${count(imported)} imported</term-hint>` : nothing}</span></h3>
      ${row.spanList.length === 0 ? html`<p class="small muted">None.</p>` : html`<div class="scroll spans" tabindex="0" role="group" aria-label="Spans, a table"><table>
        <thead><tr><th scope="col">Range</th><th scope="col" class="number">Length</th>${row.kind === 'heap' ? nothing : html`<th scope="col">Whose</th>`}</tr></thead>
        <tbody>${row.spanList.map((span) => html`<tr><td class="mono">${stretch(row, span.start, span.length)}</td><td class="number">${amount(row, span.length)}</td>
          ${row.kind === 'heap' ? nothing : html`<td class="muted">${span.imported ? 'imported' : 'own'}</td>`}</tr>`)}</tbody></table></div>`}
      ${hidden > 0 ? html`<p class="small muted">${plural(hidden, 'more span is', 'more spans are')} not listed.</p>` : nothing}`;
  }
}

function figures(row: ArenaRow): Figure[] {
  const exact = (length: number): string => ofMemory(row) ? exactBytes(length) : plural(length, 'number');
  const { heap } = row;
  return [
    { label: 'In use', term: 'arenaInUse', value: `${amount(row, row.inUse)} of ${amount(row, row.total)}`, note: `${share(row.inUse, row.total)}; ${exact(row.inUse)}` },
    { label: 'Waiting in caches', term: 'quantumCache', value: amount(row, row.cached), note: `${share(row.cached, row.inUse)} of what is in use` },
    { label: 'Free', term: 'arenaFree', value: amount(row, row.free), note: `in ${plural(row.freeSegments, 'run')}; ${exact(row.free)}` },
    { label: 'Longest free run', term: 'largestFree', value: amount(row, row.largestFree), note: exact(row.largestFree) },
    { label: 'External fragmentation', term: 'fragmentation', value: row.free === 0 ? '–' : share(row.fragmentation, 1) },
    { label: 'Segments', term: 'segment', value: count(row.segments), note: `${count(row.heldSegments)} in use, ${count(row.freeSegments)} free` },
    { label: 'Quantum', term: 'quantum', value: quantity(row, row.quantum) },
    { label: 'Handed out', term: 'allocation', value: plural(row.allocations, 'time'), note: `${count(row.frees)} given back` },
    { label: 'Failures', term: 'failure', value: count(row.failures) },
    ...(heap === undefined
      ? [{ label: 'Spans imported', term: 'import', value: plural(row.imports, 'time'), note: `${count(row.releases)} given back` } satisfies Figure]
      : [
          { label: 'In slabs', term: 'slab', value: bytes(heap.slabBytes) },
          { label: 'In slabs of object caches', term: 'objectSlab', value: bytes(heap.objectSlabBytes) },
          { label: 'Parked in magazines', term: 'parked', value: bytes(heap.parkedBytes) },
          { label: 'Large allocations', term: 'large', value: bytes(heap.largeLiveBytes), note: `${count(heap.largeLive)} of them` },
          { label: 'Metadata', term: 'metadata', value: bytes(heap.metadataBytes) },
          { label: 'Growths', term: 'growth', value: count(heap.growths), note: `+${plural(heap.pages, 'page')}` },
        ] satisfies Figure[]),
  ];
}

customElements.define('arena-details', ArenaDetails);
