/**
 * `<heap-inspector mode theme collapsed>`: the whole inspector in a shadow root, for any page, as often as one likes. It has a state and a recorder of its
 * own for each heap that it is attached to, and when it leaves the document nothing of it goes on: no timer, no watcher, no port.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { loadEngine } from '../engine.ts';
import { bytes, share } from '../model/format.ts';
import { Recorder } from '../recorder.ts';
import { State, type Theme } from '../state.ts';
import { SymbolStore } from '../symbols.ts';
import '../views/inspector-app.ts';
import { elementSheet } from './element-sheet.ts';
import { Place } from './panel.ts';
import { begin, type Opening, type Session } from './session.ts';
import type { AttachOptions, Port, Served } from './types/element.d.ts';

const NOTHING_YET = 'Nothing is attached yet.';

/** A heap that is looked at. */
interface Look {
  state: State;
  recorder: Recorder;
  symbols: SymbolStore | undefined;
  stops: (() => void)[];
  session: Session | undefined;
}

export class HeapInspector extends LitElement {
  static override styles = elementSheet;
  static override properties = { mode: { reflect: true }, theme: { reflect: true }, collapsed: { type: Boolean, reflect: true }, look: { state: true }, figure: { state: true } };
  declare mode: 'page' | 'panel';
  declare theme: Theme;
  declare collapsed: boolean;
  declare protected look: Look;
  /** What the head of a panel says of the heap. */
  declare protected figure: string;
  readonly #place = new Place(this);
  readonly #system = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    super();
    this.mode = 'page';
    this.theme = 'auto';
    this.collapsed = false;
    this.figure = '';
    this.look = this.#fresh(NOTHING_YET, {});
  }

  get attached(): boolean {
    return this.look.session !== undefined;
  }

  async attach(source: Served | Port | ArrayBuffer | Uint8Array | Blob, options: AttachOptions = {}): Promise<void> {
    this.detach();
    const look = this.#fresh('Loading the inspector …', options);
    this.look = look;
    try {
      const engine: Opening = await loadPackage();
      const session = await begin(engine, source, options);
      // Another heap was asked for meanwhile, or none.
      if (this.look !== look) return session.close();
      look.session = session;
      look.state.target.set(session.target);
      if (!session.live) look.state.paused.set(true);
      look.recorder.attach(session.heap, session.renew);
    } catch (error) {
      look.state.phase.set({ kind: 'failed', sentence: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  detach(): void {
    const { recorder, session, stops } = this.look;
    for (const stop of stops) stop();
    recorder.detach();
    session?.close();
    this.figure = '';
    this.look = this.#fresh(NOTHING_YET, {});
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#system.addEventListener('change', this.#darken);
    addEventListener('resize', this.#place.fit);
    this.#darken();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#system.removeEventListener('change', this.#darken);
    removeEventListener('resize', this.#place.fit);
    // What only moves to another place in the document is back before this.
    queueMicrotask(() => {
      if (!this.isConnected) this.detach();
    });
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('theme')) {
      this.look.state.theme.set(this.theme);
      this.#darken();
    }
  }

  protected override render(): TemplateResult {
    const { state, recorder, symbols } = this.look;
    const shown = this.mode !== 'panel' || !this.collapsed;
    return html`${this.mode === 'panel' ? this.#head() : nothing}
      <div class="body" part="body" id="body" ?hidden=${!shown}><inspector-app alone part="inspector" exportparts="toolbar, content"
        .state=${state} .recorder=${recorder} .symbols=${symbols}></inspector-app></div>`;
  }

  #head(): TemplateResult {
    return html`<div class="head" part="head" role="group" aria-label="Heap inspector" @pointerdown=${this.#place.grab} @pointermove=${this.#place.drag} @pointerup=${this.#place.drop} @pointercancel=${this.#place.drop}>
      <strong>flagstone</strong><span>${this.figure}</span>
      <div class="acts">
        <button title="Move: arrow keys, Home" aria-label="Move the panel with the arrow keys" @keydown=${this.#place.key}>✥</button>
        <button aria-expanded=${!this.collapsed} aria-controls="body" aria-label=${this.collapsed ? 'Expand' : 'Collapse'} @click=${() => { this.collapsed = !this.collapsed; }}>${this.collapsed ? '▴' : '▾'}</button>
        <button aria-label="Close" @click=${() => this.remove()}>×</button>
      </div></div>`;
  }

  /** A state for a heap, with what of it concerns the element. */
  #fresh(sentence: string, { module }: AttachOptions): Look {
    const state = new State();
    state.phase.set({ kind: 'loading', sentence });
    state.theme.set(this.theme);
    const stops = [
      state.theme.watch((theme) => { this.theme = theme; }),
      state.summary.watch((summary) => {
        this.figure = summary === undefined ? '' : `${bytes(summary.memoryBytes)}, ${share(summary.composition.live, summary.memoryBytes)} live`;
      }),
    ];
    const recorder = new Recorder(state);
    const symbols = new SymbolStore(() => fetched(module));
    recorder.diagnosis.symbols = symbols;
    queueMicrotask(this.#darken);
    return { state, recorder, symbols, stops, session: undefined };
  }

  readonly #darken = (): void => {
    this.look.state.dark.set(this.theme === 'dark' || (this.theme === 'auto' && this.#system.matches));
  };
}

/** The engine, with what only the package needs of it. */
async function loadPackage(): Promise<Opening> {
  const engine: object = await loadEngine();
  if (!isOpening(engine)) throw new Error('The engine of the inspector is another version’s (flagstone.js).');
  return engine;
}

function isOpening(engine: object): engine is Opening {
  return 'open' in engine && 'attach' in engine;
}

async function fetched(module: AttachOptions['module']): Promise<ArrayBuffer> {
  if (module === undefined) throw new Error('The module was not given, so functions are called by their numbers. A debug file has their names.');
  if (module instanceof ArrayBuffer) return module;
  if (module instanceof Uint8Array) return new Uint8Array(module).buffer;
  const response = await fetch(module);
  if (!response.ok) throw new Error(`${String(module)} could not be loaded (status ${response.status}).`);
  return response.arrayBuffer();
}

// Two copies of the package may be on a page.
if (customElements.get('heap-inspector') === undefined) customElements.define('heap-inspector', HeapInspector);
