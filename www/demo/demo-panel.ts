/**
 * `<demo-panel .demo>`: the user interface of the document workbench: open, drop, generate, look at and close documents.
 *
 * Knows nothing of the inspector, but says when the program works: `work-begins` before and `work-ends` after each call into it, with
 * what it does as text. The call itself waits for one paint, so that people see what the page is busy with.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { bytes, duration } from '../model/format.ts';
import { sheet } from '../views/sheet.ts';
import { fetchSample, listSamples, type Demo, type DocumentInfo, type Sample } from './demo.ts';
import { ENDINGS, generate, generateSmall, type GeneratedKind } from './generate.ts';
import { told } from './reclaimed.ts';

const SIZES = [1, 5, 20, 50] as const;
const KINDS: readonly { kind: GeneratedKind; label: string }[] = [{ kind: 'json', label: 'JSON' }, { kind: 'csv', label: 'CSV' }, { kind: 'markdown', label: 'Markdown' }];
/** Characters of a document's preview. */
const PREVIEW = 2000;
/** Small documents that are opened at once, and of how many one stays when most of them are closed. */
const SMALL = 200;
const ONE_OF = 10;
/** After documents were closed, the program tidies up so many times, at least so many milliseconds apart, and then leaves its memory alone. */
const TICKS = 8;
const TICK_INTERVAL = 300;

export class WorkEvent extends Event {
  readonly what: string;

  constructor(name: 'work-begins' | 'work-ends', what: string) {
    super(name, { bubbles: true, composed: true });
    this.what = what;
  }
}

export class DemoPanel extends LitElement {
  static override styles = [sheet, css`
:host { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 16px; font-size: 14px; }
section { margin-top: 16px; }
h3 { margin-bottom: 7px; }
.lead { margin-top: 4px; }
.head { display: flex; gap: 8px; align-items: center; justify-content: space-between; }
button.fold { min-height: 24px; display: none; }
@media (max-width: 960px) { button.fold { display: block; } }
.drop { margin-top: 12px; border: 1.5px dashed var(--edge); border-radius: 8px; padding: 14px; text-align: center; }
.drop.over { border-color: var(--accent); background: var(--accent-soft); }
.drop p { margin-top: 8px; }
.samples { display: flex; flex-wrap: wrap; gap: 6px; }
.samples button { min-height: 28px; padding: 1px 9px; font-size: 13px; }
.make select { padding: 3px 6px; }
progress { width: 100%; height: 8px; accent-color: var(--accent); margin-top: 10px; display: block; }
.busy { margin-top: 12px; }
.notice { margin-top: 12px; display: flex; gap: 10px; align-items: start; overflow-wrap: anywhere; }
.notice p { flex: 1; }
.notice button { min-height: 24px; padding: 0 6px; color: inherit; }
.documents { max-height: 70vh; overflow-y: auto; padding: 2px; }
.given { margin-top: 7px; }
.documents li { padding: 9px 0; border-top: 1px solid var(--line); }
.documents li:first-child { border-top: 0; }
.name { font-weight: 600; overflow-wrap: anywhere; flex: 1 1 120px; min-width: 0; }
.documents button, .all { min-height: 26px; padding: 0 9px; font-size: 13px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 12px; font-size: 13px; margin: 6px 0; }
dt { color: var(--muted); }
dd { overflow-wrap: anywhere; }
pre { margin: 6px 0 0; padding: 10px; max-height: 220px; overflow: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 7px; font: 12.5px/1.45 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
`];
  static override properties = {
    demo: { attribute: false }, failure: {}, samples: { state: true }, documents: { state: true }, mistake: { state: true }, busy: { state: true },
    done: { state: true }, folded: { state: true }, over: { state: true }, dead: { state: true }, previews: { state: true },
    opened: { state: true }, given: { state: true },
  };
  declare demo: Demo | undefined;
  /** Why there is no program. */
  declare failure: string;
  declare samples: readonly Sample[];
  declare documents: readonly DocumentInfo[];
  declare mistake: string;
  declare busy: string;
  /** Share of a file that is generated; -1 when none is. */
  declare done: number;
  /** Narrow screens have no room for both the demo and the inspector. */
  declare folded: boolean;
  declare over: boolean;
  /** The program has trapped: calling into it again would only make more nonsense. */
  declare dead: boolean;
  declare previews: ReadonlyMap<number, string>;
  /** Documents whose details are open: an element of the list may be another document's later. */
  declare opened: ReadonlySet<number>;
  /** What giving memory back gave, as a sentence. */
  declare given: string;
  #stopped = false;
  /** How many times the program tidies up still. */
  #ticks = 0;

  constructor() {
    super();
    this.failure = '';
    this.samples = [];
    this.documents = [];
    this.mistake = '';
    this.busy = '';
    this.done = -1;
    this.folded = false;
    this.over = false;
    this.dead = false;
    this.previews = new Map();
    this.opened = new Set();
    this.given = '';
    this.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.over = true;
    });
    this.addEventListener('dragleave', () => { this.over = false; });
    this.addEventListener('drop', (event) => {
      event.preventDefault();
      this.over = false;
      void this.openFiles([...(event.dataTransfer?.files ?? [])]);
    });
  }

  protected override firstUpdated(): void {
    void this.#try(async () => { this.samples = await listSamples(); });
  }

  protected override render(): TemplateResult {
    const idle = this.demo !== undefined && this.busy === '' && !this.dead;
    return html`
      <div class="head"><h2>Demo: document workbench</h2>
        <button class="fold plain small" aria-expanded=${!this.folded} aria-controls="body" @click=${() => { this.folded = !this.folded; }}>${this.folded ? 'Show' : 'Hide'}</button></div>
      <div id="body" ?hidden=${this.folded}>${this.#body(idle)}</div>`;
  }

  #body(idle: boolean): TemplateResult {
    return html`
      <p class="lead small muted">A Rust program that allocates from flagstone. Open documents in it and watch its memory.</p>
      ${this.failure === '' ? '' : html`<div class="notice bad" role="alert"><p>${this.failure}</p></div>`}
      <section class="drop ${this.over ? 'over' : ''}">
        <button class="primary" ?disabled=${!idle} @click=${this.#choose}>Open files …</button>
        <p class="small muted">or drop Markdown, JSON, CSV or Rhai scripts here</p>
        <input type="file" multiple hidden accept=".md,.markdown,.txt,.json,.geojson,.csv,.tsv,.rhai" @change=${this.#onFiles}>
      </section>
      <div aria-live="polite">${this.busy === '' ? '' : html`<div class="busy small"><div class="row spread"><span>${this.busy}</span>
        ${this.done < 0 ? '' : html`<button class="plain" @click=${() => { this.#stopped = true; }}>Stop</button>`}</div>
        ${this.done < 0 ? '' : html`<progress max="1" .value=${this.done} aria-label="Generated"></progress>`}</div>`}</div>
      ${this.mistake === '' ? '' : html`<div class="notice bad" role="alert"><p>${this.mistake}</p><button class="plain" aria-label="Dismiss" @click=${() => { this.mistake = ''; }}>×</button></div>`}
      ${this.samples.length === 0 ? '' : html`<section><h3>Samples</h3><div class="samples">
        ${this.samples.map(({ name, bytes: size }) => html`<button ?disabled=${!idle} title=${bytes(size)} @click=${() => this.openSample(name)}>${name}</button>`)}</div></section>`}
      <section><h3>A large file</h3><form class="row make" @submit=${this.#onGenerate}>
        <select name="kind" aria-label="Kind of file">${KINDS.map(({ kind, label }) => html`<option value=${kind}>${label}</option>`)}</select>
        <select name="size" aria-label="Size of the file">${SIZES.map((size) => html`<option value=${size} ?selected=${size === 5}>${size} MB</option>`)}</select>
        <button ?disabled=${!idle}>Generate and open</button></form></section>
      <section><h3>Many small ones</h3><div class="row">
        <button ?disabled=${!idle} @click=${() => this.openMany()}>Open ${SMALL} small documents</button>
        <button ?disabled=${!idle || this.documents.length < 2} @click=${() => this.closeMost()}>Close most of them</button></div>
        <p class="small muted given">Of ten documents one stays open, and where the others were, its memory has holes.</p></section>
      <section><h3>Memory</h3><button ?disabled=${!idle} @click=${() => this.giveBack()}>Give memory back</button>
        <p class="small given" role="status">${this.given === '' ? 'All that open documents do not need becomes free for anything else.' : this.given}</p></section>
      <section><details @toggle=${() => { void this.#try(() => import('./mistakes-panel.ts')); }}><summary>Mistakes</summary>
        <mistakes-panel ?idle=${idle} .documents=${this.documents} .work=${this.#worked}></mistakes-panel></details></section>
      <section><div class="row spread"><h3>Open documents</h3>
        ${this.documents.length > 1 ? html`<button class="all" ?disabled=${!idle} @click=${() => this.closeAll()}>Close all</button>` : ''}</div>
        ${this.documents.length === 0 ? html`<p class="muted small">None.</p>` : html`<ul class="documents">${this.documents.map((found) => this.#document(found, idle))}</ul>`}
      </section>`;
  }

  #document(found: DocumentInfo, idle: boolean): TemplateResult {
    const preview = this.previews.get(found.id);
    const time = found.milliseconds === undefined ? '' : `, read in ${duration(found.milliseconds)}`;
    return html`<li>
      <div class="row"><span class="name">${found.name}</span><button ?disabled=${!idle} aria-label="Close ${found.name}" @click=${() => this.closeOne(found)}>Close</button></div>
      <p class="small">${found.summary}</p>
      <p class="small muted">${bytes(found.bytes)}${time}</p>
      <details ?open=${this.opened.has(found.id)} @toggle=${(event: Event) => this.#onToggle(event, found)}><summary>Details</summary>
        <dl>${found.details.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
        ${preview === undefined ? '' : html`<pre tabindex="0" aria-label="Preview of ${found.name}">${preview}</pre>`}
      </details></li>`;
  }

  /** Opens files that a person chose or dropped, one after another. */
  async openFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      await this.#try(async () => this.#open(file.name, new Uint8Array(await file.arrayBuffer())));
    }
  }

  async openSample(name: string): Promise<void> {
    await this.#try(async () => this.#open(name, await fetchSample(name)));
  }

  /** Makes a file of `megabytes` MB and opens it. */
  async openGenerated(kind: GeneratedKind, megabytes: number): Promise<void> {
    const name = `survey-${megabytes}MB.${ENDINGS[kind]}`;
    this.#stopped = false;
    await this.#try(async () => {
      this.busy = `Generating ${name} …`;
      this.done = 0;
      const made = await generate(kind, megabytes * 1_000_000, (share) => {
        this.done = share;
        if (this.#stopped) throw new Error(`${name} was not finished: it was stopped.`);
      });
      this.done = -1;
      await this.#open(name, made);
    });
  }

  async closeOne(found: DocumentInfo): Promise<void> {
    await this.#try(() => this.#work(`closing ${found.name}`, ({ workbench }) => workbench.close(found.id)));
  }

  async closeAll(): Promise<void> {
    await this.#try(() => this.#work('closing all documents', ({ workbench }) => workbench.closeAll()));
  }

  /** Closes all documents but the first of each ten. */
  async closeMost(): Promise<void> {
    const most = this.documents.filter((_, index) => index % ONE_OF !== 0);
    await this.#try(() => this.#work('closing most documents', ({ workbench }) => most.forEach(({ id }) => workbench.close(id))));
  }

  async openMany(): Promise<void> {
    await this.#try(async () => {
      const files = await generateSmall(SMALL);
      await this.#work(`opening ${SMALL} small documents`, ({ workbench }) => files.forEach(({ name, content }) => workbench.open(name, content)));
    });
  }

  /** Gives back all memory that can be spared, and says what that came to. */
  async giveBack(): Promise<void> {
    await this.#try(() => this.#work('giving memory back', ({ workbench }) => { this.given = told(workbench.reclaim()); }));
  }

  async #open(name: string, content: Uint8Array): Promise<void> {
    await this.#work(`opening ${name}`, ({ workbench }) => workbench.open(name, content));
  }

  readonly #worked = (what: string, call: (demo: Demo) => unknown): Promise<void> => this.#try(() => this.#work(what, call));

  /** Calls into the program, with a word before and after, and takes its list of documents from it. */
  async #work(what: string, call: (demo: Demo) => unknown): Promise<void> {
    const { demo } = this;
    if (demo === undefined) throw new Error('The program is not loaded.');
    if (this.dead) throw new Error('The program has trapped. Reload the page to start it again.');
    this.given = '';
    this.busy = `${what.charAt(0).toUpperCase()}${what.slice(1)} …`;
    await this.updateComplete;
    await painted();
    this.dispatchEvent(new WorkEvent('work-begins', what));
    const before = this.documents.length;
    try {
      call(demo);
      this.documents = demo.workbench.list();
      if (this.documents.length < before) void this.#tidy();
      const open = new Set(this.documents.map(({ id }) => id));
      this.previews = new Map([...this.previews].filter(([id]) => open.has(id)));
    } finally {
      this.dispatchEvent(new WorkEvent('work-ends', what));
    }
  }

  /** Lets the program tidy its memory up while nothing else happens: a little at a time, and a few times only. */
  async #tidy(): Promise<void> {
    const begun = this.#ticks > 0;
    this.#ticks = TICKS;
    if (begun) return;
    while (this.#ticks > 0 && !this.dead) {
      await rest(TICK_INTERVAL);
      if (this.busy !== '') continue;
      this.#ticks -= 1;
      try {
        this.demo?.workbench.tick();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Whatever goes wrong is said in a sentence. */
  async #try(work: () => Promise<unknown>): Promise<void> {
    this.mistake = '';
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.busy = '';
      this.done = -1;
    }
  }

  #fail(error: unknown): void {
    // A stack that overflows inside the module is a RangeError; both leave the module in the middle of something.
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      this.dead = true;
      this.mistake = `The program trapped (${error.message}). Its memory can still be inspected; reload the page to start it again.`;
    } else {
      this.mistake = error instanceof Error ? error.message : String(error);
    }
  }

  #choose(): void {
    const input = this.renderRoot.querySelector('input[type="file"]');
    if (input instanceof HTMLInputElement) input.click();
  }

  #onFiles(event: Event): void {
    const { target } = event;
    if (!(target instanceof HTMLInputElement)) return;
    const files = [...(target.files ?? [])];
    // Emptied, so that the same file can be chosen again.
    target.value = '';
    void this.openFiles(files);
  }

  #onGenerate(event: SubmitEvent): void {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const form = new FormData(event.target);
    const chosen = KINDS.find(({ kind }) => kind === form.get('kind'));
    if (chosen !== undefined) void this.openGenerated(chosen.kind, Number(form.get('size')));
  }

  #onToggle(event: Event, { id, name }: DocumentInfo): void {
    if (!(event.target instanceof HTMLDetailsElement)) return;
    const { open } = event.target;
    if (open !== this.opened.has(id)) this.opened = new Set(open ? [...this.opened, id] : [...this.opened].filter((other) => other !== id));
    if (!open || this.previews.has(id)) return;
    void this.#try(() => this.#work(`showing ${name}`, ({ workbench }) => {
      this.previews = new Map([...this.previews, [id, workbench.render(id, PREVIEW)]]);
    }));
  }
}

/** Resolves when the browser has had the chance to paint; a hidden page paints nothing, so time is enough there. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, 100);
    requestAnimationFrame(() => setTimeout(() => {
      clearTimeout(late);
      resolve();
    }));
  });
}

/** Resolves after so many milliseconds, when the browser has nothing else to do; at once then, where it cannot tell. */
function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => {
      if ('requestIdleCallback' in globalThis) requestIdleCallback(() => resolve(), { timeout: 1000 });
      else resolve();
    }, milliseconds);
  });
}

customElements.define('demo-panel', DemoPanel);
