/**
 * `<export-menu .state .recorder .symbols>`: a dialog that lists formats and tables and saves them as files. Sends `export` with false when
 * it is closed. Loaded when it is first asked for. What was saved as a document can be opened here and saved as any other format.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { gathered } from '../exporter.ts';
import { recordsOf } from '../exports/document.ts';
import { fileName, formatsOf, sourceOf, tableFormat, type Format, type Source } from '../exports/formats.ts';
import { tablesOf } from '../exports/tables.ts';
import { bytes, count, plural } from '../model/format.ts';
import type { Recorder } from '../recorder.ts';
import type { State } from '../state.ts';
import type { SymbolStore } from '../symbols.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';

/** Milliseconds after which the browser has taken a file that was saved. */
const TAKEN = 10_000;

export class ExportMenu extends LitElement {
  static override styles = [sheet, css`
dialog { width: min(820px, calc(100vw - 24px)); max-height: calc(100vh - 48px); padding: 0; color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: var(--radius); overflow: auto; }
dialog::backdrop { background: rgb(0 0 0 / .45); }
.head { position: sticky; top: 0; z-index: 1; background: var(--surface); border-bottom: 1px solid var(--line); padding: 12px 18px; }
.body { display: grid; gap: 14px; padding: 14px 18px 18px; }
.item { display: grid; grid-template-columns: 190px minmax(0, 1fr); gap: 2px 14px; align-items: center; padding: 8px 0; border-bottom: 1px solid var(--line); }
.item:last-child { border-bottom: 0; }
.item button { justify-self: stretch; text-align: left; }
.item p { font-size: 13.5px; overflow-wrap: anywhere; }
.tables td:last-child { text-align: right; white-space: nowrap; }
.file { position: relative; }
.file input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.file:focus-within { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 5px; }
.file span { color: var(--accent); text-decoration: underline; text-underline-offset: 3px; }
.said { margin-top: 6px; min-height: 1.5em; font-size: 13.5px; overflow-wrap: anywhere; }
@container (max-width: 560px) { .item { grid-template-columns: minmax(0, 1fr); } }
`];
  static override properties = {
    state: { attribute: false }, recorder: { attribute: false }, symbols: { attribute: false }, source: { state: true }, said: { state: true }, from: { state: true },
  };
  declare state: State | undefined;
  declare recorder: Recorder | undefined;
  declare symbols: SymbolStore | undefined;
  /** What is exported, once it is gathered. */
  declare source: Source | undefined;
  /** What was done last, or why it was not. */
  declare said: { sentence: string; bad: boolean };
  /** Name of the file that was opened; empty for the heap itself. */
  declare from: string;

  constructor() {
    super();
    this.said = { sentence: '', bad: false };
    this.from = '';
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('dialog')?.showModal();
    void this.#try(async () => {
      const { state, recorder } = this;
      if (state !== undefined && recorder !== undefined) this.source = sourceOf(await gathered(document.title, state, recorder, this.symbols), recorder.heap);
    });
  }

  protected override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${() => wish(this, 'export', false)} @click=${this.#onClick}>
      <div class="head"><div class="row spread"><h2 id="title">Export</h2><button aria-label="Close" @click=${this.#close}>✕</button></div>
        <p class="said ${this.said.bad ? 'notice bad' : 'muted'}" role="status">${this.said.sentence}</p></div>
      <div class="body">
        ${this.source === undefined ? html`<p role="status">Reading the heap …</p>` : this.#choices(this.source)}
      </div></dialog>`;
  }

  #choices(source: Source): TemplateResult {
    const { live, note } = source.profile;
    return html`
      <p>${this.from === '' ? this.state?.paused.value === true ? 'The heap as it is shown' : 'The heap as it is now' : html`What was saved in ${this.from}`}:
        ${bytes(live.bytes)} live in ${plural(live.count, 'object')}. <span class="muted">${note}</span></p>
      <ul>${formatsOf(source).map((format) => html`<li class="item"><button data-format=${format.id} @click=${() => this.#save(format)}>${format.label}</button>
        <p>${format.holds} <span class="muted">Opens in ${format.opens}.</span></p></li>`)}</ul>
      <section><h3 id="tables">Tables</h3><div class="scroll"><table class="tables" aria-labelledby="tables"><tbody>
        ${tablesOf(source.records).map((table) => html`<tr><td>${table.title}</td><td class="muted">${count(table.rows.length)} ${table.rows.length === 1 ? 'row' : 'rows'}</td>
          <td>${(['csv', 'json'] as const).map((as) => html`<button data-format="${table.id}-${as}" aria-label="${table.title} as ${as.toUpperCase()}"
            @click=${() => this.#save(tableFormat(table, as))}>${as.toUpperCase()}</button> `)}</td></tr>`)}
      </tbody></table></div></section>
      <p class="small"><label class="file"><span>Open a saved document</span><input type="file" accept=".json,application/json" @change=${this.#onFile}></label>
        to save it as another format.</p>`;
  }

  #save(format: Format): void {
    const { source } = this;
    if (source === undefined) return;
    void this.#try(async () => {
      const content = await format.make(source);
      const blob = new Blob([content], { type: format.type });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = fileName(source.records, format);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), TAKEN);
      this.said = { sentence: `Saved ${link.download}, ${bytes(blob.size)}.`, bad: false };
    });
  }

  readonly #onFile = (event: Event): void => {
    const input = event.target;
    const file = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
    if (file === undefined) return;
    void this.#try(async () => {
      this.source = sourceOf(recordsOf(await file.text()));
      this.from = file.name;
      this.said = { sentence: `Opened ${file.name}.`, bad: false };
    });
  };

  /** What went wrong is said; all stays as it was. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.said = { sentence: error instanceof Error ? error.message : String(error), bad: true };
    }
  }

  readonly #close = (): void => this.renderRoot.querySelector('dialog')?.close();

  /** A click beside the dialog closes it; one that began and ended on different parts of it has the same target, and does not. */
  #onClick({ target, clientX: x, clientY: y }: MouseEvent): void {
    if (!(target instanceof HTMLDialogElement)) return;
    const { left, right, top, bottom } = target.getBoundingClientRect();
    if (x < left || x > right || y < top || y > bottom) target.close();
  }
}

customElements.define('export-menu', ExportMenu);
