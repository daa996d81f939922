/** `<tool-bar>`: name, tabs, search, pause, export, interval, theme. Sends `show-tab`, `set-paused`, `take-sample`, `export`, `set-interval`, `set-theme`. */
import { css, html, LitElement, svg, type TemplateResult } from 'lit';
import { count, duration } from '../model/format.ts';
import { INTERVALS, TABS, THEMES, type Tab, type Theme } from '../state.ts';
import { GENTLE } from '../model/pace.ts';
import type { Known } from '../model/search.ts';
import { wish } from './events.ts';
import './search-box.ts';
import { sheet } from './sheet.ts';

export const NAMES: Record<Tab, string> = { overview: 'Overview', caches: 'Caches', objects: 'Objects', arenas: 'Arenas', map: 'Map', snapshots: 'Snapshots', leaks: 'Leaks', sites: 'Call sites', log: 'Log', faults: 'Faults', check: 'Check' };
/** What the first interval means. */
const GENTLY = 'Gentle: four samples a second, fewer where they would take more than about a hundredth of the page’s time.';

const MARK = svg`<path d="M1 2h9v8H1zM12 2h11v5H12zM1 12h5v10H1zM8 12h7v10H8zM12 9h11v1H12zM17 12h6v6h-6zM17 20h6v2h-6z"/>`;

export class ToolBar extends LitElement {
  static override styles = [sheet, css`
:host { background: var(--surface); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 2; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0 20px; padding: 0 20px; min-height: 56px; }
.brand { display: flex; align-items: center; gap: 10px; font-size: 16px; font-weight: 700; margin: 0; padding: 10px 0; }
.brand span { font-weight: 400; color: var(--muted); }
.brand svg { width: 22px; height: 22px; fill: var(--accent); flex: none; }
[role="tablist"] { display: flex; align-self: stretch; gap: 2px; }
[role="tab"] { border: 0; background: none; border-radius: 0; padding: 0 12px; min-height: 48px; color: var(--muted); border-bottom: 2px solid transparent; border-top: 2px solid transparent; font-weight: 550; }
[role="tab"]:hover:not(:disabled) { background: none; color: var(--text); border-color: transparent; }
[role="tab"][aria-selected="true"], [role="tab"][aria-selected="true"]:hover:not(:disabled) { color: var(--text); border-bottom-color: var(--accent); }
[role="tab"]:focus-visible { outline-offset: -3px; }
.badge { background: var(--bad-soft); color: var(--bad); border: 1px solid var(--bad); border-radius: 9px; font-size: 12px; font-weight: 650; padding: 0 6px; }
.controls { margin-left: auto; padding: 8px 0; gap: 8px 14px; }
.controls label { color: var(--muted); font-size: 13px; }
.pause { min-width: 96px; display: inline-flex; align-items: center; justify-content: center; gap: 8px; }
.lamp { width: 8px; height: 8px; border-radius: 50%; background: var(--good); }
.lamp.off { background: none; border: 2px solid var(--muted); }
@container (max-width: 1560px) {
  .brand span, .controls label > span { display: none; }
  .bar { gap: 0 12px; }
  [role="tab"] { padding: 0 9px; }
}
@container (max-width: 720px) {
  :host { position: static; }
  .bar { padding: 0 12px; }
  .brand span { display: inline; }
  .controls { margin-left: 0; padding-top: 4px; width: 100%; }
  [role="tablist"] { width: 100%; flex-wrap: wrap; gap: 0; border-bottom: 1px solid var(--line); margin: 0; }
  [role="tab"] { padding: 0 7px; min-height: 40px; }
  .brand { padding: 10px 0 4px; }
}
`];
  static override properties = { tab: {}, paused: { type: Boolean }, interval: { type: Number }, theme: {}, known: { attribute: false }, ready: { type: Boolean }, faults: { type: Number } };
  declare tab: Tab;
  declare paused: boolean;
  declare interval: number;
  declare theme: Theme;
  /** Where can be looked for what. */
  declare known: Known | undefined;
  declare ready: boolean;
  /** Faults that there were so far. */
  declare faults: number;

  constructor() {
    super();
    this.tab = 'overview';
    this.paused = false;
    this.interval = GENTLE;
    this.theme = 'auto';
    this.ready = false;
    this.faults = 0;
  }

  protected override render(): TemplateResult {
    return html`
      <header class="bar">
        <h1 class="brand"><svg viewBox="0 0 24 24" aria-hidden="true">${MARK}</svg>flagstone <span>heap inspector</span></h1>
        <div role="tablist" aria-label="Views" @keydown=${this.#onKey}>
          ${TABS.map((tab) => html`
            <button role="tab" id="tab-${tab}" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1}
              @click=${() => wish(this, 'show-tab', tab)}>${NAMES[tab]}${tab === 'faults' && this.faults > 0 ? html` <span class="badge">${count(this.faults)}</span>` : ''}</button>`)}
        </div>
        <div class="row controls">
          <search-box .known=${this.known} ?hidden=${!this.ready}></search-box>
          <button class="pause" aria-pressed=${this.paused} ?disabled=${!this.ready} @click=${() => wish(this, 'set-paused', !this.paused)}>
            <span class="lamp ${this.paused ? 'off' : ''}" aria-hidden="true"></span>${this.paused ? 'Resume' : 'Pause'}</button>
          ${this.paused ? html`<button @click=${() => wish(this, 'take-sample', undefined)}>Sample once</button>` : ''}
          <button aria-haspopup="dialog" ?disabled=${!this.ready} @click=${() => wish(this, 'export', true)}>Export</button>
          <label><span>Every</span>
            <select aria-label="Sampling interval" title=${GENTLY} @change=${this.#onInterval}>
              ${INTERVALS.map((interval) => html`<option value=${interval} ?selected=${interval === this.interval}>${interval === GENTLE ? 'gentle' : duration(interval)}</option>`)}
            </select></label>
          <label><span>Theme</span>
            <select aria-label="Theme" @change=${this.#onTheme}>
              ${THEMES.map((theme) => html`<option value=${theme} ?selected=${theme === this.theme}>${theme}</option>`)}
            </select></label>
        </div>
      </header>`;
  }

  #onKey(event: KeyboardEvent): void {
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const move = moves[event.key];
    const now = TABS.indexOf(this.tab);
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? TABS.length - 1 : move === undefined ? undefined : (now + move + TABS.length) % TABS.length;
    const tab = next === undefined ? undefined : TABS[next];
    if (tab === undefined) return;
    event.preventDefault();
    wish(this, 'show-tab', tab);
    const button = this.renderRoot.querySelector(`#tab-${tab}`);
    if (button instanceof HTMLElement) button.focus();
  }

  #onInterval(event: Event): void {
    if (event.target instanceof HTMLSelectElement) wish(this, 'set-interval', Number(event.target.value));
  }

  #onTheme(event: Event): void {
    const { target } = event;
    const theme = target instanceof HTMLSelectElement ? THEMES.find((known) => known === target.value) : undefined;
    if (theme !== undefined) wish(this, 'set-theme', theme);
  }
}

customElements.define('tool-bar', ToolBar);
