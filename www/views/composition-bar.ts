/** `<composition-bar .summary>`: what memory is made of, as a bar and as a table whose figures add up, and say so. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { PARTS, difference, total } from '../model/composition.ts';
import { bytes, exactBytes, plural, share } from '../model/format.ts';
import type { Summary } from '../model/records.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class CompositionBar extends LitElement {
  static override styles = [sheet, css`
.bar { display: flex; height: 30px; gap: 2px; border-radius: 7px; overflow: hidden; margin: 12px 0 14px; }
.bar > span { flex: 0 1 0; min-width: 0; }
.bar > span.some { min-width: 3px; }
.live { background: var(--part-live); } .magazines { background: var(--part-magazines); } .slabFree { background: var(--part-slab-free); }
.slabOverhead { background: var(--part-slab-overhead); } .metadata { background: var(--part-metadata); } .arenaFree { background: var(--part-arena-free); }
.staticData { background: var(--part-static); } .stack { background: var(--part-stack); } .foreign { background: var(--part-foreign); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 0 28px; font-size: 14px; }
dl > div { display: flex; align-items: center; gap: 9px; padding: 5px 0; border-bottom: 1px solid var(--line); }
dt { flex: 1; }
dd { font-variant-numeric: tabular-nums; text-align: right; }
dd + dd { width: 58px; color: var(--muted); }
.sum { margin-top: 12px; }
@container (max-width: 420px) { dl { grid-template-columns: 1fr; } }
`];
  static override properties = { summary: { attribute: false }, samples: { type: Number }, mismatches: { type: Number } };
  declare summary: Summary | undefined;
  declare samples: number;
  declare mismatches: number;

  constructor() {
    super();
    this.samples = 0;
    this.mismatches = 0;
  }

  protected override render(): TemplateResult {
    const { summary } = this;
    if (summary === undefined) return html``;
    const whole = summary.memoryBytes;
    return html`
      <div class="bar" role="img" aria-label="Composition of memory; the figures follow">
        ${PARTS.map(({ key }) => html`<span class="ease ${key} ${summary.composition[key] > 0 ? 'some' : ''}" data-part=${key}></span>`)}
      </div>
      <dl>
        ${PARTS.map(({ key, label, term }) => html`
          <div><span class="swatch ${key}" aria-hidden="true"></span>
            <dt><term-hint term=${term}>${label}</term-hint></dt>
            <dd title=${exactBytes(summary.composition[key])}>${bytes(summary.composition[key])}</dd>
            <dd>${share(summary.composition[key], whole)}</dd></div>`)}
      </dl>
      ${this.#sum(summary)}`;
  }

  #sum(summary: Summary): TemplateResult {
    const missing = difference(summary);
    const sum = exactBytes(total(summary.composition));
    if (missing !== 0 || this.mismatches > 0) {
      return html`<p class="sum notice bad" role="alert">The parts add up to ${sum}, memory is ${exactBytes(summary.memoryBytes)}:
        the records of the heap disagree (${plural(this.mismatches, 'sample')} of ${this.samples}).</p>`;
    }
    return html`<p class="sum small muted">The parts add up to ${sum}: exactly the
      ${plural(summary.pages, 'page')} of 64 KiB that memory has. So they did in all ${plural(this.samples, 'sample')} so far.</p>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('summary') || this.summary === undefined) return;
    for (const span of this.renderRoot.querySelectorAll('.bar > span')) {
      const part = PARTS.find(({ key }) => span instanceof HTMLElement && span.dataset['part'] === key);
      // Through the object model: a style attribute would be refused by the page's policy.
      if (span instanceof HTMLElement && part !== undefined) span.style.setProperty('flex-grow', String(this.summary.composition[part.key]));
    }
  }
}

customElements.define('composition-bar', CompositionBar);
