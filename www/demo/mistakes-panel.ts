/**
 * `<mistakes-panel .idle .documents .work>`: mistakes to make in the program on purpose: such as end it at once, and such as let its memory grow
 * until somebody looks. Knows nothing of the inspector. It is a script of its own, loaded when it is first opened.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { sheet } from '../views/sheet.ts';
import type { Demo, DocumentInfo, Preview } from './demo.ts';
import { MISTAKES } from './mistakes.ts';

/** Calls into the program, with what it does as text. */
export type Work = (what: string, call: (demo: Demo) => unknown) => Promise<void>;

/** Previews that are opened at once, and characters of each. */
const PREVIEWS = 100;
const CHARACTERS = 2000;
/** Words that are looked for at once. */
const SEARCHES = 200;
const WORDS = ['stone', 'path', 'garden', 'river', 'the', 'north', 'value', 'name', 'id', 'a'];

/** What is on the screen, or so this thinks: nothing is ever taken from it, and nothing in it is told `free()`. That is the mistake. */
const shown: Preview[] = [];

export class MistakesPanel extends LitElement {
  static override styles = [sheet, css`
:host { display: block; }
p { margin: 6px 0 8px; }
.buttons { display: flex; flex-wrap: wrap; gap: 6px; }
.buttons button { min-height: 28px; padding: 1px 9px; font-size: 13px; text-align: start; }
h4 { margin: 14px 0 0; font-size: 13px; }
`];
  static override properties = { idle: { type: Boolean }, documents: { attribute: false }, work: { attribute: false } };
  declare idle: boolean;
  declare documents: readonly DocumentInfo[];
  declare work: Work | undefined;

  constructor() {
    super();
    this.idle = false;
    this.documents = [];
  }

  protected override render(): TemplateResult {
    const { idle } = this;
    return html`
      <h4>Found at once</h4>
      <p class="small">Each switches on the modes that find it, does it, and ends the program. What was found then stands under <em>Faults</em>.</p>
      <div class="buttons">${MISTAKES.map(({ name, label, says }) => html`<button data-mistake=${name} title=${says} ?disabled=${!idle} @click=${() => this.provoke(name, label)}>${label}</button>`)}</div>
      <h4>Found by looking</h4>
      <p class="small">Two things in this program only ever grow. Press a few times, and find out with the inspector what and why.</p>
      <div class="buttons">
        <button ?disabled=${!idle || this.documents.length === 0} @click=${() => this.openPreviews()}>Show ${PREVIEWS} previews</button>
        <button ?disabled=${!idle || this.documents.length === 0} @click=${() => this.search()}>Search for ${SEARCHES} words</button></div>
      ${this.documents.length === 0 ? html`<p class="small muted">They need an open document.</p>` : ''}`;
  }

  /** Makes a mistake that ends the program. */
  async provoke(name: string, label: string): Promise<void> {
    await this.work?.(`the mistake “${label}”`, (demo) => demo.provoke(name));
  }

  /** Shows previews and forgets to free them. */
  async openPreviews(): Promise<void> {
    const { documents } = this;
    await this.work?.(`showing ${PREVIEWS} previews`, ({ workbench }) => {
      for (let number = 0; number < PREVIEWS; number += 1) {
        const found = documents[number % documents.length];
        if (found !== undefined) shown.push(workbench.preview(found.id, CHARACTERS));
      }
    });
  }

  async search(): Promise<void> {
    await this.work?.(`searching for ${SEARCHES} words`, ({ workbench }) => {
      for (let number = 0; number < SEARCHES; number += 1) workbench.search(WORDS[number % WORDS.length] ?? '');
    });
  }
}

customElements.define('mistakes-panel', MistakesPanel);
