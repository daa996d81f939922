/** The sheet of `<heap-inspector>`: the colours and fonts of the page's sheet as defaults of its own, and the looks of a panel. Relies on `style.css`. */
import { css, unsafeCSS } from 'lit';
import page from '../style.css';

/** All custom properties of the page's sheet; what a page sets on the element goes before them. */
const properties = /:root \{([^}]*)\}/.exec(page)?.[1] ?? '';

export const elementSheet = css`
:host { ${unsafeCSS(properties)} display: block; box-sizing: border-box; background: var(--bg); color: var(--text); font: 15px/1.5 var(--sans); text-align: start; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none !important; }
:host([mode="panel"]) {
  position: fixed; inset: auto 16px 16px auto; z-index: 2147483000; width: min(960px, calc(100vw - 32px)); height: min(640px, calc(100vh - 32px));
  display: flex; flex-direction: column; overflow: hidden; resize: both; border: 1px solid var(--edge); border-radius: var(--radius); box-shadow: 0 12px 40px rgb(0 0 0 / .28);
}
:host([mode="panel"][collapsed]) { width: auto; height: auto; resize: none; max-width: calc(100vw - 32px); }
.head { display: flex; align-items: center; gap: 10px; padding: 4px 8px 4px 12px; background: var(--raised); border-bottom: 1px solid var(--line); font-size: 14px; cursor: move; touch-action: none; user-select: none; }
:host([collapsed]) .head { border-bottom: 0; }
.head strong { font-weight: 650; }
.head span { color: var(--muted); font-variant-numeric: tabular-nums; flex: 1 1 auto; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.acts { display: flex; gap: 2px; flex: none; }
.acts button { font: inherit; color: var(--text); min-width: 30px; min-height: 30px; padding: 0 7px; border: 1px solid transparent; border-radius: 7px; background: none; cursor: pointer; }
.acts button:hover { background: var(--surface); border-color: var(--edge); }
.acts button:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.body { min-width: 0; }
.body[hidden] { display: none !important; }
:host([mode="panel"]) .body { flex: 1 1 auto; min-height: 0; overflow: auto; overscroll-behavior: contain; }
`;
