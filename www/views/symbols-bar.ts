/**
 * `<symbols-bar .store>`: says which symbols call sites are shown with, and takes a debug file. It acts on the store itself: nothing else
 * depends on which file was chosen, and whoever shows call sites watches the store.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { SymbolStore } from '../symbols.ts';
import { sheet } from './sheet.ts';

export class SymbolsBar extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 8px; }
p { max-width: 76ch; overflow-wrap: anywhere; }
input { display: none; }
`];
  static override properties = { store: { attribute: false } };
  declare store: SymbolStore | undefined;
  #stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = undefined;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('store')) this.#follow();
  }

  protected override render(): TemplateResult {
    const { store } = this;
    if (store === undefined) return html``;
    const busy = store.state === 'loading';
    return html`
      <div class="row">
        <p class="small ${store.state === 'failed' ? '' : 'muted'}" role="status">${store.sentence}</p>
        ${store.offered === undefined ? nothing : html`<button ?disabled=${busy} @click=${() => void store.addShipped()}>Load file and line</button>`}
        <button ?disabled=${busy} @click=${this.#choose}>Choose a debug file</button>
        <input type="file" accept=".wasm,application/wasm" aria-label="Debug file" @change=${this.#chosen}>
      </div>
      ${store.trouble === '' ? nothing : html`<p class="notice bad" role="alert">${store.trouble}</p>`}`;
  }

  #follow(): void {
    this.#stop?.();
    this.#stop = this.isConnected ? this.store?.watch(() => this.requestUpdate()) : undefined;
  }

  readonly #choose = (): void => {
    this.renderRoot.querySelector('input')?.click();
  };

  readonly #chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const file = event.target.files?.[0];
    // The same file may be chosen again after it was built anew.
    event.target.value = '';
    if (file !== undefined) void this.store?.addFile(file);
  };
}

customElements.define('symbols-bar', SymbolsBar);
