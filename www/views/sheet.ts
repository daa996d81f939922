/** The sheet that all elements adopt: controls, tables and cards look the same everywhere. Relies on the properties of `style.css`. */
import { css } from 'lit';

export const sheet = css`
:host { display: block; color: var(--text); }
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
h2 { font-size: 15px; font-weight: 650; letter-spacing: .005em; }
h3 { font-size: 13px; font-weight: 650; }
ul, ol { list-style: none; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
.number, td, .mono { font-variant-numeric: tabular-nums; }
.mono { font-family: var(--mono); font-size: .92em; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 16px 18px; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; }
.spread { justify-content: space-between; }
.grow { flex: 1 1 auto; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

button, select, input { font: inherit; font-size: 14px; color: var(--text); }
button, select, input[type="text"], input[type="search"] {
  min-height: 32px; padding: 3px 10px; background: var(--surface); border: 1px solid var(--edge); border-radius: 7px;
}
button { cursor: pointer; }
button:hover:not(:disabled) { background: var(--raised); border-color: var(--text); }
button:disabled { color: var(--muted); border-color: var(--line); cursor: not-allowed; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
button.primary:hover:not(:disabled) { background: var(--accent); border-color: var(--accent); filter: brightness(1.08); }
button.primary:disabled { background: var(--raised); border-color: var(--line); color: var(--muted); }
button.plain { border-color: transparent; background: none; padding: 3px 8px; }
button.link { border: 0; background: none; padding: 0; min-height: 24px; color: var(--accent); text-decoration: underline; text-underline-offset: 3px; }
button[aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); }
label { display: inline-flex; align-items: center; gap: 6px; font-size: 14px; }
input[type="checkbox"] { width: 16px; height: 16px; margin: 0; accent-color: var(--accent); }
::placeholder { color: var(--muted); opacity: 1; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 5px; }

.scroll { overflow-x: auto; overscroll-behavior-x: contain; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { font-weight: 600; text-align: left; color: var(--muted); white-space: nowrap; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.chosen > * { background: var(--accent-soft); }
tr.chosen > :first-child { box-shadow: inset 3px 0 var(--accent); }
tbody tr:last-child > * { border-bottom: 0; }
tfoot td, tfoot th { border-top: 1px solid var(--edge); border-bottom: 0; color: var(--text); font-weight: 600; }

.notice { border-radius: 8px; padding: 9px 12px; font-size: 14px; border: 1px solid transparent; }
.notice.bad { background: var(--bad-soft); color: var(--bad); border-color: var(--bad); }
.notice.good { background: var(--good-soft); color: var(--good); border-color: var(--good); }
.empty { padding: 28px 12px; text-align: center; color: var(--muted); }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; flex: none; border: 1px solid color-mix(in srgb, var(--text) 28%, transparent); }
details > summary { cursor: pointer; font-size: 13.5px; color: var(--muted); width: fit-content; padding: 3px 0; }
@media (prefers-reduced-motion: no-preference) { .ease { transition: flex-grow .2s ease, width .2s ease; } }
`;
