/** `<colour-key .colouring .layer .audit .frames>`: what the colours of the map mean. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { keys, type Colouring } from '../model/colouring.ts';
import { reportOf, siteOf, type Audit } from '../model/diagnosis.ts';
import type { Frames } from '../model/frames.ts';
import type { Layer } from '../model/records.ts';
import { siteNames } from '../model/site-names.ts';
import { sheet } from './sheet.ts';

export class ColourKey extends LitElement {
  static override styles = [sheet, css`
ul { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 12px; font-size: 13px; }
li { display: inline-flex; align-items: center; gap: 7px; min-width: 0; overflow-wrap: anywhere; }
.ramp-live, .ramp-age, .ramp-new, .ramp-freed, .ramp-surviving { width: 40px; }
.ramp-new { background: linear-gradient(90deg, var(--part-arena-free), var(--part-metadata)); } .ramp-freed { background: linear-gradient(90deg, var(--part-arena-free), var(--part-magazines)); } .ramp-surviving { background: linear-gradient(90deg, var(--part-arena-free), var(--part-static)); }
.ramp-live { background: linear-gradient(90deg, var(--part-arena-free), var(--part-live)); } .ramp-age { background: linear-gradient(90deg, var(--part-arena-free), var(--part-metadata)); }
.pin { background: var(--bad); } .pinned { background: color-mix(in srgb, var(--bad) 30%, var(--part-arena-free)); } .none { background: var(--part-arena-free); } .others { background: var(--part-foreign); }
.site-1 { background: var(--site-1); } .site-2 { background: var(--site-2); } .site-3 { background: var(--site-3); } .site-4 { background: var(--site-4); } .site-5 { background: var(--site-5); }
.site-6 { background: var(--site-6); } .site-7 { background: var(--site-7); } .site-8 { background: var(--site-8); } .site-9 { background: var(--site-9); }
`];
  static override properties = { colouring: {}, layer: { attribute: false }, audit: { attribute: false }, frames: { attribute: false } };
  declare colouring: Colouring;
  declare layer: Layer | undefined;
  declare audit: Audit;
  declare frames: Frames;

  constructor() {
    super();
    this.colouring = 'owner';
    this.frames = new Map();
  }

  protected override render(): TemplateResult {
    const name = (site: number): string => {
      const row = siteOf(reportOf(this.audit), site);
      return (row === undefined ? undefined : siteNames([row], this.frames)[0]?.name) ?? `site ${site}`;
    };
    return html`<ul aria-label="What the colours mean">${keys(this.colouring, this.layer, name).map(({ swatch, label }) => html`<li><span class="swatch ${swatch}" aria-hidden="true"></span>${label}</li>`)}</ul>`;
  }
}

customElements.define('colour-key', ColourKey);
