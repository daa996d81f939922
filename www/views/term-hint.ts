/**
 * `<term-hint term="slab">slabs</term-hint>`: a word with its explanation, shown on hover, focus, or a tap. `says` is one that is in no glossary.
 *
 * Alone it is a word that can be focused. Around a button (`plain`), the button keeps the focus and has the explanation as its
 * `aria-description`, because ids do not reach from one shadow root into another.
 */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { GLOSSARY, type Term } from '../model/glossary.ts';
import { sheet } from './sheet.ts';

export class TermHint extends LitElement {
  static override styles = [sheet, css`
:host { display: inline; }
dfn { font-style: normal; text-decoration: underline dotted var(--edge) 1px; text-underline-offset: 3px; cursor: help; }
[popover] {
  position: fixed; inset: auto; margin: 0; max-width: min(300px, calc(100vw - 24px)); padding: 9px 12px; border: 1px solid var(--edge);
  border-radius: 8px; background: var(--raised); color: var(--text); font: 400 13.5px/1.45 var(--sans); text-align: left;
  white-space: normal; box-shadow: 0 6px 24px rgb(0 0 0 / .18); pointer-events: none;
}
`];
  static override properties = { term: {}, says: {}, plain: { type: Boolean } };
  declare term: Term | undefined;
  declare says: string | undefined;
  declare plain: boolean;

  constructor() {
    super();
    this.plain = false;
    this.addEventListener('pointerenter', this.#show);
    this.addEventListener('pointerleave', this.#close);
    this.addEventListener('focusin', this.#show);
    this.addEventListener('focusout', this.#close);
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#close();
    });
  }

  protected override render(): TemplateResult {
    const sentence = this.says ?? (this.term === undefined ? '' : GLOSSARY[this.term]);
    return html`${this.plain
      ? html`<slot></slot>`
      : html`<dfn tabindex="0" aria-describedby="hint" @click=${this.#show}><slot></slot></dfn>`}<span id="hint" role="tooltip" popover="manual">${sentence}</span>`;
  }

  readonly #show = (): void => {
    const hint = this.renderRoot.querySelector('#hint');
    const anchor = this.plain ? this.firstElementChild : this.renderRoot.querySelector('dfn');
    if (!(hint instanceof HTMLElement) || anchor === null || hint.matches(':popover-open')) return;
    hint.showPopover();
    const at = anchor.getBoundingClientRect();
    const left = Math.max(12, Math.min(at.left, innerWidth - hint.offsetWidth - 12));
    const below = at.bottom + 8;
    const top = below + hint.offsetHeight > innerHeight ? at.top - 8 - hint.offsetHeight : below;
    hint.style.setProperty('left', `${left}px`);
    hint.style.setProperty('top', `${Math.max(4, top)}px`);
  };

  readonly #close = (): void => {
    const hint = this.renderRoot.querySelector('#hint');
    if (hint instanceof HTMLElement && hint.matches(':popover-open')) hint.hidePopover();
  };
}

customElements.define('term-hint', TermHint);
