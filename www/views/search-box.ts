/**
 * `<search-box .known>`: goes to an address, a cache, a call site, a tag, an arena or a view by what is typed. `/` begins to type. Sends
 * `show-tab` and what chooses there.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { TABS } from '../state.ts';
import { search, type Known, type Match } from '../model/search.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';

export class SearchBox extends LitElement {
  static override styles = [sheet, css`
:host { position: relative; }
input { width: 150px; }
ul { position: absolute; right: 0; top: 100%; margin-top: 4px; z-index: 3; min-width: 260px; max-width: min(420px, 92vw); background: var(--surface); border: 1px solid var(--edge); border-radius: 8px; padding: 4px; box-shadow: 0 6px 24px rgb(0 0 0 / .18); font-size: 14px; }
li { display: flex; justify-content: space-between; gap: 12px; padding: 5px 8px; border-radius: 5px; cursor: pointer; overflow-wrap: anywhere; }
li[aria-selected="true"] { background: var(--accent-soft); }
li span { color: var(--muted); white-space: nowrap; font-size: 13px; }
li.none { cursor: default; color: var(--muted); }
@container (max-width: 720px) { ul { right: auto; left: 0; } }
`];
  static override properties = { known: { attribute: false }, text: { state: true }, at: { state: true }, shown: { state: true } };
  declare known: Known | undefined;
  declare text: string;
  /** Which of the matches is chosen. */
  declare at: number;
  declare shown: boolean;

  constructor() {
    super();
    this.text = '';
    this.at = 0;
    this.shown = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#onSlash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#onSlash);
  }

  protected override render(): TemplateResult {
    const found = this.#found();
    const shown = this.shown && this.text.trim() !== '';
    const at = Math.min(this.at, found.length - 1);
    return html`
      <input type="search" role="combobox" aria-label="Search" title="An address, a cache, a call site, a tag ( / )" placeholder="Search" aria-expanded=${shown}
        aria-controls="found" aria-autocomplete="list" aria-activedescendant=${shown && at >= 0 ? `found-${at}` : nothing} autocomplete="off" spellcheck="false" .value=${this.text}
        @input=${this.#onInput} @keydown=${this.#onKey} @focus=${() => { this.shown = true; }} @blur=${() => { this.shown = false; }}>
      <ul id="found" role="listbox" aria-label="Found" ?hidden=${!shown}>
        ${found.map((match, index) => html`<li id="found-${index}" role="option" aria-selected=${index === at} @pointerdown=${(event: Event) => {
          event.preventDefault();
          this.#go(match);
        }}>${match.label}<span>${match.note}</span></li>`)}
        ${found.length === 0 ? html`<li class="none" role="option" aria-selected="false" aria-disabled="true">Nothing is called that.</li>` : nothing}
      </ul>`;
  }

  #found(): Match[] {
    return this.known === undefined ? [] : search(this.text, this.known);
  }

  readonly #onSlash = (event: KeyboardEvent): void => {
    const path = event.composedPath();
    const [into] = path;
    // On a page of somebody else's the key is the page's, unless it is pressed in the inspector.
    if (document.querySelector('inspector-app') === null && !path.some((node) => node instanceof Element && node.localName === 'inspector-app')) return;
    const typing = into instanceof HTMLInputElement || into instanceof HTMLTextAreaElement || into instanceof HTMLSelectElement;
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.renderRoot.querySelector('input')?.focus();
  };

  #onInput(event: Event): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.text = event.target.value;
    this.at = 0;
    this.shown = true;
  }

  #onKey(event: KeyboardEvent): void {
    const found = this.#found();
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (move !== 0 && found.length > 0) {
      event.preventDefault();
      this.at = (Math.min(this.at, found.length - 1) + move + found.length) % found.length;
      this.shown = true;
    } else if (event.key === 'Enter') {
      const match = found[Math.min(this.at, found.length - 1)];
      if (match !== undefined) this.#go(match);
    } else if (event.key === 'Escape') {
      this.text = '';
      this.shown = false;
    }
  }

  #go(match: Match): void {
    switch (match.kind) {
      case 'address':
        wish(this, 'choose-address', match.address);
        wish(this, 'show-tab', 'map');
        break;
      case 'cache':
        wish(this, 'set-filter', match.name);
        wish(this, 'show-tab', 'caches');
        break;
      case 'object':
        wish(this, 'choose-cache', match.number);
        wish(this, 'show-tab', 'objects');
        break;
      case 'arena':
        wish(this, 'choose-arena', match.id);
        wish(this, 'show-tab', 'arenas');
        break;
      case 'site':
        wish(this, 'choose-site', match.site);
        wish(this, 'show-tab', 'sites');
        break;
      case 'tag':
        wish(this, 'set-site-filter', match.name);
        wish(this, 'show-tab', 'sites');
        break;
      case 'view': {
        const tab = TABS.find((known) => known === match.id);
        if (tab !== undefined) wish(this, 'show-tab', tab);
      }
    }
    this.text = '';
    this.shown = false;
  }
}

customElements.define('search-box', SearchBox);
