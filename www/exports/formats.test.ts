/** Claim: formats have names of their own, each makes something, and no name of a program gets into a file's name as it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE, MISCHIEF, PLAIN, WHOLE } from '../test/fake-records.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { fileName, FORMATS, formatsOf, sourceOf, tableFormat } from './formats.ts';
import { tablesOf } from './tables.ts';

test('each format makes something of any records, with an end of its own', async () => {
  assert.equal(new Set(FORMATS.map(({ suffix }) => suffix)).size, FORMATS.length);
  for (const records of [WHOLE, PLAIN, MISCHIEF]) {
    for (const format of FORMATS) assert.ok((await format.make(sourceOf(records, new FakeHeap()))).length > 60, format.id);
  }
});

test('what was saved has no objects to show', () => {
  assert.deepEqual(FORMATS.filter((format) => !formatsOf(sourceOf(WHOLE)).includes(format)).map(({ id }) => id), ['heapsnapshot']);
  assert.throws(() => FORMATS.find(({ id }) => id === 'heapsnapshot')?.make(sourceOf(WHOLE)), /no objects/);
});

test('tables are made as both', async () => {
  const [summary] = tablesOf(PLAIN);
  assert.ok(summary !== undefined);
  assert.match(String(await tableFormat(summary, 'csv').make(sourceOf(PLAIN))), /^figure,value\r\n/);
  assert.match(String(await tableFormat(summary, 'json').make(sourceOf(PLAIN))), /"figure": "memoryBytes"/);
  assert.equal(tableFormat(summary, 'csv').suffix, 'summary.csv');
});

test('names of files', () => {
  const [format] = FORMATS;
  assert.ok(format !== undefined);
  assert.equal(fileName(WHOLE, format), 'demo-20261121-120000.dhat.json');
  assert.equal(fileName({ ...WHOLE, program: '' }, format), 'heap-20261121-120000.dhat.json');
  for (const program of [HOSTILE, '../../etc/passwd', 'C:\\x', '\u202egpj.exe', 'x'.repeat(300)]) assert.match(fileName({ ...WHOLE, program }, format), /^[\w-]{1,40}-20261121-120000\.dhat\.json$/);
});
