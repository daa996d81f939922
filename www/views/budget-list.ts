/** `<budget-list .budgets .rows>`: each budget as a bar with its figures and the caches that it pays for. Sends `choose-cache`. */
import { css, html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { bytes, count, plural, unbroken } from '../model/format.ts';
import { budgetWords, gauge, payees } from '../model/object-rows.ts';
import type { BudgetRow, ObjectCacheRow } from '../model/records.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class BudgetList extends LitElement {
  static override styles = [sheet, css`
ul { display: grid; gap: 16px; margin-top: 10px; }
h3 { font-size: 14px; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: 12px; margin: 5px 0; border-radius: 4px; background: var(--part-arena-free); box-shadow: 0 0 0 1px color-mix(in srgb, var(--text) 18%, transparent); }
.used { fill: var(--part-live); } .full { fill: var(--bad); }
line { stroke: var(--text); stroke-width: 2; vector-effect: non-scaling-stroke; }
.figures { gap: 2px 18px; margin-top: 3px; font-variant-numeric: tabular-nums; }
p term-hint { color: inherit; }
.bad { color: var(--bad); font-weight: 600; }
`];
  static override properties = { budgets: { attribute: false }, rows: { attribute: false } };
  declare budgets: readonly BudgetRow[];
  declare rows: readonly ObjectCacheRow[];

  constructor() {
    super();
    this.budgets = [];
    this.rows = [];
  }

  protected override render(): TemplateResult {
    return html`<h2><term-hint term="budget">Budgets</term-hint> <span class="muted small">${count(this.budgets.length)}</span></h2>
      <ul>${this.budgets.map((budget) => this.#budget(budget))}</ul>`;
  }

  #budget(budget: BudgetRow): TemplateResult {
    const { used, peak } = gauge(budget);
    const { denials, asks, objects, charged, orphan } = budget;
    return html`<li data-budget=${budget.number}>
      <div class="row spread"><h3>${budget.name}${orphan ? html` <term-hint term="orphan">orphan</term-hint>` : nothing}</h3><span class="small">${unbroken(budgetWords(budget))}</span></div>
      <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">${svg`<rect class=${budget.limit > 0 && budget.used >= budget.limit ? 'full' : 'used'} width=${100 * used} height="12"></rect><line x1=${100 * peak} x2=${100 * peak} y1="0" y2="12"></line>`}</svg>
      <p class="row small figures"><span class=${denials > 0 ? 'bad' : 'muted'}><term-hint term="denial">${plural(denials, 'denial')}</term-hint></span>
        <span class="muted"><term-hint term="ask">asked ${plural(asks, 'time')}</term-hint></span>
        <span class="muted"><term-hint term="charged">${bytes(charged)} charged in all</term-hint></span></p>
      <p class="row small figures"><span class="muted">Pays for</span>${this.#payees(budget)}${objects > 0 ? html`<span>${plural(objects, 'object')} on ${objects === 1 ? 'its' : 'their'} own</span>` : nothing}</p></li>`;
  }

  #payees(budget: BudgetRow): TemplateResult | TemplateResult[] {
    const found = payees(budget, this.rows);
    if (found.length === 0) return html`<span>${budget.users > 0 ? plural(budget.users, 'cache') : budget.objects > 0 ? nothing : 'nobody now'}</span>`;
    return found.map((row) => html`<button class="link" @click=${() => wish(this, 'choose-cache', row.number)}>${row.name}</button>`);
  }
}

customElements.define('budget-list', BudgetList);
