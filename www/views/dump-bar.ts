/**
 * `<dump-bar .dump .work .ready>`: what is looked at, a running program or a dump, and the buttons that open and save dumps. Takes files that are dropped
 * anywhere on the page and not taken by somebody else, and the dump that the page's address names. Sends `open-dump`, `stop-opening`, `save-dump`, `leave-dump`.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { NO_WORK, originWords, type DumpWork, type LookedAt } from '../model/dumps.ts';
import type { Phase } from '../state.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class DumpBar extends LitElement {
  static override styles = [sheet, css`
:host { display: grid; gap: 8px; }
.bar { min-height: 46px; padding: 6px 12px; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); }
.bar.over { border-color: var(--accent); background: var(--accent-soft); }
.bar p { flex: 1 1 260px; min-width: 0; overflow-wrap: anywhere; }
input { display: none; }
progress { flex: 1 1 120px; max-width: 320px; accent-color: var(--accent); }
.notice { overflow-wrap: anywhere; }
`];
  static override properties = { dump: { attribute: false }, work: { attribute: false }, ready: { attribute: false }, over: { state: true } };
  /** The dump that is looked at, if one is. */
  declare dump: LookedAt | undefined;
  declare work: DumpWork;
  declare ready: Phase['kind'];
  /** Whether a file is held over the page. */
  declare over: boolean;
  #stop = new AbortController();

  constructor() {
    super();
    this.dump = undefined;
    this.work = NO_WORK;
    this.ready = 'loading';
    this.over = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    addEventListener('dragover', this.#onDrag, { signal });
    addEventListener('dragleave', () => { this.over = false; }, { signal });
    addEventListener('drop', this.#onDrop, { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop.abort();
  }

  protected override firstUpdated(): void {
    const address = new URLSearchParams(location.search).get('dump');
    if (address !== null && address !== '') wish(this, 'open-dump', address);
  }

  protected override render(): TemplateResult {
    const { dump, work, ready } = this;
    const busy = work.kind === 'opening';
    const saves = ready === 'attached' && !busy;
    return html`
      <div class="bar row ${this.over ? 'over' : ''}" role="group" aria-label="What is looked at">
        ${busy ? this.#opening(work) : html`<p class="small ${dump === undefined ? 'muted' : ''}" role="status">${dump === undefined ? 'The running program is looked at.' : html`<b>${dump.name}</b> ${originWords(dump.origin)}`}</p>`}
        ${dump?.back === true && !busy ? html`<button class="primary" @click=${() => wish(this, 'leave-dump', undefined)}>Back to the running program</button>` : nothing}
        <button ?disabled=${busy} @click=${this.#choose}>Open a dump</button>
        <input type="file" accept=".wasm,.bin,.dump,.core,.gz,application/wasm,application/gzip" aria-label="Dump" @change=${this.#chosen}>
        <term-hint plain says="A WebAssembly core dump with all of the memory: whatever the program keeps in it is in the file."><button ?disabled=${!saves} @click=${() => wish(this, 'save-dump', 'all')}>Save all</button></term-hint>
        <term-hint plain says="A small file with the allocator’s own records: sizes, addresses, counts and names of caches, and nothing that the program keeps in its memory."><button ?disabled=${!saves} @click=${() => wish(this, 'save-dump', 'records')}>Save records only</button></term-hint>
      </div>
      ${work.kind === 'failed' ? html`<p class="notice bad" role="alert">${work.sentence}</p>` : nothing}
      ${work.kind === 'saved' ? html`<p class="notice good" role="status">${work.sentence}</p>` : nothing}`;
  }

  #opening({ name, share }: DumpWork & { kind: 'opening' }): TemplateResult {
    const words = share === undefined ? 'fetching' : `${Math.floor(share * 100)} %`;
    return html`<p class="small" role="status">Opening ${name}, ${words}</p>
      ${share === undefined ? html`<progress aria-label="Opening the dump"></progress>` : html`<progress aria-label="Opening the dump" max="1" .value=${share}></progress>`}
      <button @click=${() => wish(this, 'stop-opening', undefined)}>Cancel</button>`;
  }

  readonly #choose = (): void => {
    this.renderRoot.querySelector('input')?.click();
  };

  readonly #chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const file = event.target.files?.[0];
    // The same file may be chosen again.
    event.target.value = '';
    if (file !== undefined) wish(this, 'open-dump', file);
  };

  /** Files are taken that nobody else takes. */
  readonly #onDrag = (event: DragEvent): void => {
    const takes = !event.defaultPrevented && event.dataTransfer?.types.includes('Files') === true;
    if (takes) event.preventDefault();
    this.over = takes;
  };

  readonly #onDrop = (event: DragEvent): void => {
    this.over = false;
    if (event.defaultPrevented) return;
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    wish(this, 'open-dump', file);
  };
}

customElements.define('dump-bar', DumpBar);
