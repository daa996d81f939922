/** `<objects-view .objects .history .recorded .chosen .order .filter .moment>`: the table of object caches, the chosen one in full, and the budgets. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Moment, ObjectHistory } from '../model/object-history.ts';
import { chosenCache, inOrder, orderBy } from '../model/object-rows.ts';
import { NOTHING, type ObjectOrder, type Objects } from '../model/objects.ts';
import { sheet } from './sheet.ts';
import './budget-list.ts';
import './object-details.ts';
import './object-table.ts';
import './term-hint.ts';

export class ObjectsView extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 16px; }
.card { min-width: 0; }
.none { padding: 36px 16px; }
.none > * { max-width: 620px; margin: 0 auto 10px; }
pre { font-family: var(--mono); font-size: 13px; background: var(--raised); border: 1px solid var(--line); border-radius: 7px; padding: 10px 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
`];
  static override properties = {
    objects: { attribute: false }, history: { attribute: false }, recorded: { type: Number }, chosen: { type: Number }, order: { attribute: false }, filter: {}, moment: { attribute: false },
  };
  declare objects: Objects;
  declare history: ObjectHistory | undefined;
  declare recorded: number;
  declare chosen: number | undefined;
  declare order: ObjectOrder;
  declare filter: string;
  declare moment: Moment | undefined;
  /** Shown where none was chosen: the largest when the view was opened, and not another one with each sample. */
  #first: number | undefined;

  constructor() {
    super();
    this.objects = NOTHING;
    this.recorded = 0;
    this.order = orderBy('memoryBytes');
    this.filter = '';
  }

  protected override render(): TemplateResult {
    const { objectCaches: rows, budgets } = this.objects;
    this.#first ??= inOrder(rows, orderBy('memoryBytes'))[0]?.number;
    const row = chosenCache(rows, this.chosen ?? this.#first);
    return html`
      ${row === undefined ? empty() : html`
      <section class="card"><object-table .rows=${rows} .chosen=${row.number} .order=${this.order} .filter=${this.filter}></object-table></section>
      <section class="card">
        ${this.chosen !== undefined && this.chosen !== row.number ? html`<p class="small muted" role="status">The cache that was chosen is gone; this is ${row.name}.</p>` : nothing}
        <object-details .row=${row} .history=${this.history} .recorded=${this.recorded} .moment=${this.moment}></object-details></section>`}
      ${budgets.length === 0 ? nothing : html`<section class="card"><budget-list .budgets=${budgets} .rows=${rows}></budget-list></section>`}`;
  }
}

function empty(): TemplateResult {
  return html`<section class="card none"><h2>No object caches</h2>
    <p>The program has made none. An <term-hint term="objectCache">object cache</term-hint> keeps objects of one kind under a name, so that this page can say what each part of
      a program holds, what it could give back, and which budget pays for it. One line makes one:</p>
    <pre>${LINE}</pre></section>`;
}

const LINE = 'static NODES: ObjectCache<Node, ModuleHeap> = ObjectCache::deferred(ModuleHeap, Options::new("nodes"), Node::new);';

customElements.define('objects-view', ObjectsView);
