/**
 * `<hex-dump .fault>`: the memory around a fault. Damaged bytes stand in brackets, guards between points, so that nothing hangs on colour.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { address } from '../model/format.ts';
import { damageWords, hexByte, hexRows, signedOffset, type HexByte, type HexRow } from '../model/hex-rows.ts';
import type { FaultRow } from '../model/records.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

export class HexDump extends LitElement {
  static override styles = [sheet, css`
.scroll { margin-top: 6px; padding-bottom: 2px; }
table { width: auto; font: 12.5px/1.5 var(--mono); }
th, td { padding: 0; border: 0; white-space: pre; }
thead th { font: 600 12px var(--sans); padding: 0 0 4px; }
tbody th { font-weight: 400; padding-right: 10px; }
tbody th.from { text-align: right; color: var(--text); padding-right: 14px; }
td.byte { text-align: center; min-width: 4ch; }
.object { background: var(--accent-soft); }
.guard { color: var(--muted); background: color-mix(in srgb, var(--part-metadata) 16%, var(--surface)); }
.other { color: var(--muted); }
.damaged { background: var(--bad-soft); color: var(--bad); font-weight: 700; box-shadow: inset 0 -2px var(--bad); }
td.text { padding-left: 12px; color: var(--muted); }
td.text b { color: var(--bad); text-decoration: underline; }
.key { gap: 4px 18px; margin-top: 8px; font-size: 13px; }
.key span.sign { font: 12.5px/1.5 var(--mono); padding: 0 3px; white-space: pre; }
@container (max-width: 500px) { table { font-size: 11.5px; } td.byte { min-width: 3.5ch; } th.address { display: none; } tbody th.from { padding-right: 8px; } td.text { padding-left: 6px; } }
`];
  static override properties = { fault: { attribute: false } };
  declare fault: FaultRow | undefined;

  protected override render(): TemplateResult {
    const { fault } = this;
    const rows = fault === undefined ? [] : hexRows(fault);
    if (fault === undefined || rows.length === 0) return html`<p class="small muted">No memory around it was kept.</p>`;
    const words = damageWords(fault);
    const has = (is: (byte: HexByte) => boolean): boolean => rows.some(({ bytes }) => bytes.some((byte) => byte !== undefined && is(byte)));
    return html`
      ${words === '' ? nothing : html`<p class="small">${words}</p>`}
      <div class="scroll" tabindex="0" role="group" aria-label="Memory around the fault"><table>
        <caption class="visually-hidden">Bytes around the fault, eight in a row. ${words}</caption>
        <thead><tr><th scope="col" class="address">Address</th>${fault.object === 0 ? nothing : html`<th scope="col"><term-hint says="From the beginning of the object on.">From</term-hint></th>`}<th scope="col" colspan="8">Bytes</th><th scope="col"><span class="visually-hidden">As characters</span></th></tr></thead>
        <tbody>${rows.map(row)}</tbody></table></div>
      <p class="row key">
        ${has(({ damaged }) => damaged) ? html`<span><span class="sign damaged">[2a]</span> damaged</span>` : nothing}
        ${has(({ part }) => part === 'object') ? html`<span><span class="sign object"> 2a </span> the object</span>` : nothing}
        ${has(({ part, damaged }) => part === 'guard' && !damaged) ? html`<span><span class="sign guard">·bb·</span> <term-hint says="Bytes around an object that belong to nobody and hold a pattern, so that a write there shows.">guard</term-hint></span>` : nothing}
        ${has(({ part, damaged }) => part === 'other' && !damaged) ? html`<span><span class="sign other"> 2a </span> other memory</span>` : nothing}</p>`;
  }
}

function row({ at, offset, bytes, text }: HexRow): TemplateResult {
  return html`<tr><th scope="row" class="address">${address(at)}</th>${offset === undefined ? nothing : html`<th scope="row" class="from">${signedOffset(offset)}</th>`}
    ${bytes.map((byte) => byte === undefined ? html`<td class="byte"></td>` : html`<td class="byte ${byte.damaged ? 'damaged' : byte.part}">${marked(byte)}</td>`)}
    <td class="text">${bytes.map((byte, index) => byte?.damaged === true ? html`<b>${text[index]}</b>` : text[index])}</td></tr>`;
}

function marked({ byte, part, damaged }: HexByte): string {
  const figure = hexByte(byte);
  if (damaged) return `[${figure}]`;
  return part === 'guard' ? `·${figure}·` : ` ${figure} `;
}

customElements.define('hex-dump', HexDump);
