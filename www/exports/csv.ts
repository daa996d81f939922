/**
 * Tables as CSV after RFC 4180, in UTF-8, with a line of names first. Pure; relies on nothing.
 *
 * Names may come from a hostile dump, and a spreadsheet takes a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a
 * formula. Such a text gets a `'` before it, which spreadsheets take for "this is text". Numbers stay what they are.
 */

export type Cell = string | number | boolean | null;

export interface Table {
  /** Part of a file's name. */
  id: string;
  title: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** Also the wide forms, which some spreadsheets take for the same, and blanks before them, which they skip. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

export function csv(table: Table): string {
  return [table.columns, ...table.rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** The rows of a table as records. */
export function json(table: Table): string {
  return JSON.stringify(table.rows.map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index] ?? null]))), undefined, 1);
}

function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
