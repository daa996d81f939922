/** `<stack-list .row .frames label>`: the stack of a call site, the innermost call first, inlined calls marked; plumbing at the inner end is folded away. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { plural } from '../model/format.ts';
import { ownLines, stackLines, type Frames, type Line } from '../model/frames.ts';
import type { SiteRow } from '../model/records.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class StackList extends LitElement {
  static override styles = [sheet, css`
ol { counter-reset: line; margin-top: 4px; font-size: 13.5px; }
li { padding: 3px 0 3px 12px; border-left: 2px solid var(--line); overflow-wrap: anywhere; line-height: 1.35; }
li.own { border-left-color: var(--accent); }
li.own .name { font-weight: 600; }
.name { font-family: var(--mono); font-size: 12.5px; }
.place { display: block; font-size: 12.5px; color: var(--muted); }
.inlined { font-size: 12px; color: var(--muted); border: 1px solid var(--line); border-radius: 5px; padding: 0 4px; margin-left: 5px; white-space: nowrap; }
details { margin: 2px 0; } details li { border-left-style: dashed; }
.tags { margin-top: 2px; overflow-wrap: anywhere; }
`];
  static override properties = { row: { attribute: false }, frames: { attribute: false } };
  declare row: SiteRow | undefined;
  declare frames: Frames;

  constructor() {
    super();
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const { row } = this;
    if (row === undefined) return html`<p class="small muted">Not recorded.</p>`;
    const lines = stackLines(row.frames, this.frames);
    const own = ownLines(lines);
    const inner = lines.slice(0, lines.length - own.length);
    return html`
      ${row.tags.length === 0 ? nothing : html`<p class="small tags"><term-hint says="Names that the program gave to what it was doing, the outermost first.">Tags</term-hint> ${row.tags.join(' › ')}</p>`}
      ${lines.length === 0 ? html`<p class="small muted">No stack was taken here, only the tag is known.</p>` : html`
      ${inner.length === 0 ? nothing : html`<details><summary>${plural(inner.length, 'call')} in allocator and collections</summary><ol>${inner.map((line) => item(line, false))}</ol></details>`}
      <ol>${own.map((line, index) => item(line, index === 0))}</ol>`}`;
  }
}

function item({ name, place, inlined }: Line, own: boolean): TemplateResult {
  return html`<li class=${own ? 'own' : ''}><span class="name">${name}</span>${inlined ? html`<span class="inlined">inlined</span>` : nothing}${place === '' ? nothing : html`<span class="place">${place}</span>`}</li>`;
}

customElements.define('stack-list', StackList);
