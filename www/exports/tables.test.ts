/** Claim: every table has a cell for each column, and sums of them are what the records say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MISCHIEF, PLAIN, WHOLE } from '../test/fake-records.ts';
import { csv, type Cell, type Table } from './csv.ts';
import { tablesOf } from './tables.ts';

const find = (tables: readonly Table[], id: string): Table => tables.find((table) => table.id === id) ?? assert.fail(`no table ${id}`);
const column = ({ columns, rows }: Table, name: string): Cell[] => {
  assert.ok(columns.includes(name), name);
  return rows.map((row) => row[columns.indexOf(name)] ?? null);
};

test('all tables are there, each as wide as its head', () => {
  const tables = tablesOf(WHOLE);
  assert.deepEqual(tables.map(({ id }) => id), [
    'summary', 'caches', 'object-caches', 'budgets', 'arenas', 'spans', 'sites', 'tags', 'faults', 'log', 'samples', 'growths', 'leaks',
  ]);
  for (const { id, columns, rows } of tables) {
    assert.ok(rows.every((row) => row.length === columns.length), id);
    assert.equal(new Set(columns).size, columns.length, id);
  }
});

test('each number of a cache is there', () => {
  const tables = tablesOf(WHOLE);
  for (const [id, row] of [['caches', WHOLE.now.sample.caches[3]], ['object-caches', WHOLE.now.sample.objectCaches[0]], ['budgets', WHOLE.now.sample.budgets[0]]] as const) {
    assert.ok(row !== undefined);
    const { columns } = find(tables, id);
    for (const [key, value] of Object.entries(row)) if (typeof value === 'number' && key !== 'id' && (id === 'caches' || key !== 'class')) assert.ok(columns.includes(key), `${id}: ${key}`);
  }
});

test('sites have their words and figures', () => {
  const sites = find(tablesOf(WHOLE), 'sites');
  assert.equal(column(sites, 'function')[0], 'demo::csv::Column::push');
  assert.equal(column(sites, 'place')[0], 'src/csv.rs:88:13');
  assert.equal(column(sites, 'tags')[0], 'import › csv');
  assert.match(String(column(sites, 'stack')[0]), /^__rust_alloc < alloc::raw_vec.* < workbench_open$/);
  assert.equal(column(sites, 'offsets')[0], '0x108 0x210 0x2a0 0x510 0x600');
  assert.equal(column(sites, 'liveBytes').reduce<number>((sum, bytes) => sum + Number(bytes), 0), 10_047_488);
});

test('a build without diagnosis has no tables of it', () => {
  assert.deepEqual(tablesOf(PLAIN).map(({ id }) => id), ['summary', 'caches', 'object-caches', 'arenas', 'spans']);
});

test('names of mischief are no formula in any table', () => {
  for (const table of tablesOf(MISCHIEF)) assert.doesNotMatch(csv(table), /(^|[,"]|\r\n)=/, table.id);
});
