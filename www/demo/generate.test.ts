/** Claim: generated files are valid, the same each time, of the size asked for, and can be stopped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from './generate.ts';

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

test('JSON parses and is nearly as large as asked', async () => {
  const bytes = await generate('json', 300_000, () => {});
  assert.ok(bytes.length <= 300_000 && bytes.length > 299_000);
  const parsed: { records: { id: number }[] } = JSON.parse(text(bytes));
  assert.ok(parsed.records.length > 500);
  assert.deepEqual(parsed.records.map(({ id }) => id), parsed.records.map((_, index) => index));
});

test('CSV has as many fields in each line as in its head', async () => {
  const lines = text(await generate('csv', 50_000, () => {})).trimEnd().split('\n');
  for (const line of lines.slice(1)) assert.equal(line.replace(/"[^"]*"/g, 'x').split(',').length, lines[0]?.split(',').length);
});

test('Markdown has its headings in order', async () => {
  const headings = [...text(await generate('markdown', 50_000, () => {})).matchAll(/^## (\d+)\./gm)].map((match) => Number(match[1]));
  assert.deepEqual(headings, headings.map((_, index) => index + 1));
});

test('the same request gives the same bytes, another one others', async () => {
  const [one, same, other] = await Promise.all([generate('json', 40_000, () => {}), generate('json', 40_000, () => {}), generate('json', 40_001, () => {})]);
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

test('progress ends at 1, and a throw in it ends the work', async () => {
  const shares: number[] = [];
  await generate('csv', 4_000_000, (share) => shares.push(share));
  assert.ok(shares.length > 1 && shares.at(-1) === 1);
  assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
  await assert.rejects(generate('csv', 4_000_000, () => { throw new Error('stopped'); }), /stopped/);
});
