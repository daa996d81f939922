/**
 * `<flame-graph .sites .choice>`: call sites by stack or tag as bars, the outermost call on top, each as wide as what was asked for under it; the
 * same as a tree in a table. A click or Enter zooms, Escape zooms out, arrows move. Sends `set-flame`, and `choose-site` for a bar that is a site.
 *
 * Drawn here, not by a library: d3-flame-graph with what it needs is 91 KiB of minified script, all views that are loaded later together half of
 * that; and a bar that is an SVG of its own clips its name and stretches with the page, so nothing is measured or drawn again.
 */
import { css, html, LitElement, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import type { FlameChoice, Measure } from '../model/diagnosis.ts';
import { bars, flameStep, flameTree, keyOf, nodeAt, pathTo, type Bar, type FlameNode } from '../model/flame.ts';
import { flameColour, flameError, flameValue, flameWords, MEASURES } from '../model/flame-words.ts';
import { share } from '../model/format.ts';
import { shortName } from '../model/frames.ts';
import type { Site } from '../model/site-names.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './flame-table.ts';
import './term-hint.ts';

const ROW = 21;
/** Bars narrower than this share of the width are not drawn, and those narrower than the other have no name. */
const LEAST = 0.0015;
const NAMED = 0.022;

export class FlameGraph extends LitElement {
  static override styles = [sheet, css`
.controls { gap: 8px 16px; margin-top: 8px; }
.path { margin-top: 10px; gap: 2px 6px; font-size: 13px; min-height: 26px; }
.path button.link { max-width: 32ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.graph { margin-top: 6px; max-height: min(56vh, 520px); overflow-y: auto; overflow-x: hidden; border-radius: 6px; }
.graph:focus-visible { outline-offset: 1px; }
svg.all { display: block; width: 100%; font: 12px var(--sans); }
g { cursor: pointer; }
rect { stroke: var(--surface); stroke-width: 1; }
text { fill: var(--text); pointer-events: none; }
.c0 rect { fill: color-mix(in srgb, var(--part-static) 26%, var(--surface)); } .c1 rect { fill: color-mix(in srgb, var(--part-live) 34%, var(--surface)); }
.c2 rect { fill: color-mix(in srgb, var(--part-magazines) 34%, var(--surface)); } .c3 rect { fill: color-mix(in srgb, var(--part-metadata) 36%, var(--surface)); }
.c4 rect { fill: color-mix(in srgb, var(--part-large) 32%, var(--surface)); } .c5 rect { fill: color-mix(in srgb, var(--part-slab-overhead) 32%, var(--surface)); }
.above rect { opacity: .6; }
g:hover rect { stroke: var(--text); }
.now rect { stroke: var(--focus); stroke-width: 3; }
.said { margin-top: 8px; min-height: 3em; font-size: 13.5px; overflow-wrap: anywhere; }
[popover] {
  position: fixed; inset: auto; margin: 0; max-width: min(420px, calc(100vw - 24px)); padding: 8px 11px; border: 1px solid var(--edge); border-radius: 8px;
  background: var(--raised); color: var(--text); font: 400 13px/1.45 var(--sans); overflow-wrap: anywhere; box-shadow: 0 6px 24px rgb(0 0 0 / .18); pointer-events: none;
}
[popover] b { font-family: var(--mono); font-size: 12.5px; }
`];
  static override properties = { sites: { attribute: false }, choice: { attribute: false }, current: { state: true }, pointed: { state: true } };
  declare sites: readonly Site[];
  declare choice: FlameChoice;
  /** Key of the bar that keys are at. */
  declare current: string | undefined;
  /** Key of the bar that the pointer is at. */
  declare pointed: string | undefined;
  #root: FlameNode | undefined;

  constructor() {
    super();
    this.sites = [];
    this.choice = { measure: 'liveBytes', by: 'stack', focus: '' };
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.#root === undefined || changed.has('sites') || changed.has('choice')) this.#root = flameTree(this.sites, this.choice.measure, this.choice.by);
  }

  protected override render(): TemplateResult {
    const { choice } = this;
    const root = this.#root;
    if (root === undefined) return html``;
    const focus = nodeAt(root, choice.focus);
    const drawn = bars(focus, LEAST);
    const rows = Math.max(...drawn.map(({ row }) => row)) + 1;
    const current = this.current === undefined ? undefined : nodeAt(root, this.current);
    return html`
      <div class="row spread"><h2><term-hint says="Each bar is a function, or a tag, and stands under the one that called it. It is as wide as what was asked for by it and by all that it called.">Flame graph</term-hint></h2></div>
      <div class="row controls">
        <label>Width <select aria-label="Width of the bars" @change=${this.#onMeasure}>${MEASURES.map(({ measure, label }) => html`<option value=${measure} ?selected=${measure === choice.measure}>${label}</option>`)}</select></label>
        <div class="row" role="group" aria-label="Grouped by">${(['stack', 'tag'] as const).map((by) => html`<button aria-pressed=${by === choice.by} @click=${() => this.#set({ by, focus: '' })}>${by === 'stack' ? 'By stack' : 'By tag'}</button>`)}</div>
      </div>
      ${root.value === 0 ? html`<p class="empty">Nothing of that is on record.</p>` : html`
      <p class="row path" aria-label="Zoomed to">${pathTo(focus).map((at, index, path) => index === path.length - 1 ? html`<span>${at.name}</span>` : html`<button class="link" @click=${() => this.#set({ focus: keyOf(at) })}>${at.name}</button><span aria-hidden="true">›</span>`)}</p>
      <div class="graph" tabindex="0" role="group" aria-roledescription="flame graph" aria-label="Flame graph: arrow keys move, Enter zooms, Escape zooms out. The same as a table is below."
        aria-describedby="said" @keydown=${this.#onKey} @pointerleave=${this.#onLeave} @pointermove=${this.#onPointer} @click=${this.#onClick}>
        <svg class="all" height=${rows * ROW} aria-hidden="true">${drawn.map((bar) => this.#bar(bar, focus, current))}</svg></div>
      <p class="said" id="said" role="status">${current === undefined ? html`<span class="muted">${flameWords(focus, root, choice.measure)}</span>` : flameWords(current, root, choice.measure)}
        ${(current ?? focus).sites.length === 0 ? nothing : html` <button class="link" @click=${() => wish(this, 'choose-site', (current ?? focus).sites[0] ?? 0)}>Show the site</button>`}</p>
      <div id="tip" popover="manual">${this.#tip(root)}</div>
      <details><summary>As a table</summary><flame-table .root=${root} .measure=${choice.measure}></flame-table></details>`}`;
  }

  #bar({ node, x, width, row }: Bar, focus: FlameNode, current: FlameNode | undefined): TemplateResult {
    const tone = `c${flameColour(node)} ${row < focus.depth ? 'above' : ''} ${node === current ? 'now' : ''}`;
    return svg`<svg x="${100 * x}%" y=${row * ROW} width="${100 * width}%" height=${ROW}><g class=${tone} data-key=${keyOf(node)}><rect width="100%" height=${ROW} rx="2"></rect>
      ${width < NAMED ? nothing : svg`<text x="5" y="15">${shortName(node.name)}</text>`}</g></svg>`;
  }

  #tip(root: FlameNode): TemplateResult | typeof nothing {
    if (this.pointed === undefined) return nothing;
    const at = nodeAt(root, this.pointed);
    const { measure } = this.choice;
    return html`<b>${at.name}</b>${at.place === '' ? nothing : html`<br>${at.place}`}<br>${flameValue(at, measure)} ${flameError(at)} · ${share(at.value, root.value)}${at.self > 0 && at.children.length > 0 ? html`<br>${share(at.self, at.value)} of it right here` : nothing}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('current') || this.current === undefined) return;
    this.renderRoot.querySelector('.now')?.scrollIntoView({ block: 'nearest' });
  }

  #set(change: Partial<FlameChoice>): void {
    wish(this, 'set-flame', { ...this.choice, ...change });
  }

  readonly #onMeasure = (event: Event): void => {
    const { target } = event;
    const found = target instanceof HTMLSelectElement ? MEASURES.find(({ measure }: { measure: Measure }) => measure === target.value) : undefined;
    if (found !== undefined) this.#set({ measure: found.measure });
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const root = this.#root;
    if (root === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = nodeAt(root, this.choice.focus);
    const from = this.current === undefined ? undefined : nodeAt(root, this.current);
    if (event.key === 'Enter' || event.key === ' ') {
      this.#set({ focus: keyOf(from ?? focus) });
    } else if (event.key === 'Escape') {
      if (focus.parent === undefined) return;
      this.#set({ focus: keyOf(focus.parent) });
      this.current = keyOf(focus);
    } else {
      const next = from === undefined ? (event.key.startsWith('Arrow') ? focus : undefined) : flameStep(from, event.key);
      if (next === undefined) return;
      this.current = keyOf(next);
      // What is beside or above the zoomed part is drawn only when the zoom goes there.
      if (!pathTo(next).includes(focus) && !pathTo(focus).includes(next)) this.#set({ focus: next.parent === undefined ? '' : keyOf(next.parent) });
    }
    event.preventDefault();
  };

  readonly #onPointer = (event: PointerEvent): void => {
    const key = barOf(event);
    this.pointed = key;
    const tip = this.renderRoot.querySelector('#tip');
    if (!(tip instanceof HTMLElement)) return;
    if (key === undefined) {
      if (tip.matches(':popover-open')) tip.hidePopover();
      return;
    }
    if (!tip.matches(':popover-open')) tip.showPopover();
    void this.updateComplete.then(() => {
      const left = Math.max(12, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 12));
      const below = event.clientY + 18;
      tip.style.setProperty('left', `${left}px`);
      tip.style.setProperty('top', `${below + tip.offsetHeight > innerHeight ? event.clientY - 12 - tip.offsetHeight : below}px`);
    });
  };

  readonly #onLeave = (): void => {
    this.pointed = undefined;
    const tip = this.renderRoot.querySelector('#tip');
    if (tip instanceof HTMLElement && tip.matches(':popover-open')) tip.hidePopover();
  };

  readonly #onClick = (event: MouseEvent): void => {
    const key = barOf(event);
    if (key === undefined) return;
    this.current = key;
    this.#set({ focus: key });
  };
}

function barOf(event: Event): string | undefined {
  const bar = event.composedPath().find((at) => at instanceof SVGGElement);
  return bar instanceof SVGGElement ? bar.dataset['key'] : undefined;
}

customElements.define('flame-graph', FlameGraph);
