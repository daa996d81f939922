/** Links from what diagnosis says to where it can be looked at: an address on the map, its past, a call site. */
import { html, nothing, type TemplateResult } from 'lit';
import { reportOf, siteOf, type Audit } from '../model/diagnosis.ts';
import { address } from '../model/format.ts';
import type { Frames } from '../model/frames.ts';
import { siteNames } from '../model/site-names.ts';
import { wish } from './events.ts';

/** An address, which opens on the map. */
export function addressLink(from: EventTarget, at: number, words = address(at)): TemplateResult {
  return html`<button class="link mono" title="Show on the map" @click=${() => {
    wish(from, 'choose-address', at);
    wish(from, 'show-tab', 'map');
  }}>${words}</button>`;
}

/** Everything that the logs know of an address. */
export function historyButton(from: EventTarget, at: number, words: string): TemplateResult {
  return html`<button @click=${() => {
    wish(from, 'ask-history', at);
    wish(from, 'show-tab', 'log');
  }}>${words}</button>`;
}

/** A call site by its name, which opens among the others. */
export function siteLink(from: EventTarget, id: number, audit: Audit, frames: Frames): TemplateResult | typeof nothing {
  if (id === 0) return nothing;
  const row = siteOf(reportOf(audit), id);
  const site = row === undefined ? undefined : siteNames([row], frames)[0];
  if (site === undefined) return html`<span class="muted">site ${id}</span>`;
  return html`<button class="link site" title=${site.tags === '' ? `Site ${id}` : `Site ${id}, ${site.tags}`} @click=${() => {
    wish(from, 'choose-site', id);
    wish(from, 'show-tab', 'sites');
  }}>${site.name}</button>`;
}
