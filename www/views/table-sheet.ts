/** The sheet of tables that are sorted by their heads: heads, sums and first column stay in sight. Comes after the common sheet. */
import { css } from 'lit';

export const tableSheet = css`
.scroll { margin: 12px -18px 0; padding: 0 18px; max-height: min(72vh, 860px); overflow: auto; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--surface); padding: 0; box-shadow: inset 0 -1px var(--edge); }
tfoot th, tfoot td { position: sticky; bottom: 0; background: var(--surface); box-shadow: inset 0 1px var(--edge); }
tbody th, tfoot th:first-child, thead th:first-child { position: sticky; left: -18px; background: var(--surface); z-index: 1; color: var(--text); }
thead th:first-child { z-index: 2; }
tbody tr:hover > * { background: var(--raised); }
th, td { padding: 4px 8px; }
thead button { border: 0; border-radius: 0; background: none; min-height: 34px; width: 100%; padding: 3px 8px; font-size: 13px; font-weight: 600; color: var(--muted); text-align: inherit; }
thead button:hover:not(:disabled) { color: var(--text); }
th[aria-sort="ascending"] button, th[aria-sort="descending"] button { color: var(--text); }
.arrow { display: inline-block; width: 1em; text-align: center; }
`;
