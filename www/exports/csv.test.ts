/** Claim: a table can be read back from its CSV, and no cell of it is a formula. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE } from '../test/fake-records.ts';
import { csv, json, type Table } from './csv.ts';

/** Reads by the rules of RFC 4180, a character at a time. */
export function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ',' || letter === '\r') {
      row.push(cell);
      cell = '';
      if (letter === '\r') {
        assert.equal(text[at + 1], '\n');
        at += 1;
        rows.push(row);
        row = [];
      }
    } else cell += letter;
  }
  assert.deepEqual([quoted, row, cell], [false, [], '']);
  return rows;
}

const table = (...names: readonly string[]): Table => ({ id: 't', title: 'T', columns: ['name', 'bytes', 'known'], rows: names.map((name) => [name, -5, null]) });

test('plain cells stay plain', () => {
  assert.equal(csv(table('64 B')), 'name,bytes,known\r\n64 B,-5,\r\n');
});

test('commas, quotes and line breaks are quoted', () => {
  const names = ['a,b', 'say "no"', 'two\r\nlines', ' blank before', '"', ''];
  assert.deepEqual(parse(csv(table(...names))).slice(1).map(([name]) => name), names);
});

test('blanks at an end are quoted, because readers take them away', () => {
  assert.equal(csv(table(' blank before')), 'name,bytes,known\r\n" blank before",-5,\r\n');
});

test('no text is a formula', () => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '＝1', '\u200b=1', '\n@x', HOSTILE];
  assert.deepEqual(parse(csv(table(...names))).slice(1).map(([name]) => name), names.map((name) => `'${name}`));
});

test('as JSON a row is a record', () => {
  assert.deepEqual(JSON.parse(json(table('=1'))), [{ name: '=1', bytes: -5, known: null }]);
});
