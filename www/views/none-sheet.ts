/** The sheet of cards that say why there is nothing to see, and how to change that. Comes after the common sheet. */
import { css } from 'lit';

export const noneSheet = css`
.none { padding: 32px 18px; }
.none > * { max-width: 640px; margin-left: auto; margin-right: auto; margin-bottom: 10px; }
.none .row { margin-top: 14px; }
pre { font-family: var(--mono); font-size: 13px; background: var(--raised); border: 1px solid var(--line); border-radius: 7px; padding: 10px 12px; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
code { font-family: var(--mono); font-size: .92em; }
`;
