/** Claim: generated files are valid, the same each time, of the size asked for, and can be stopped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate, generateSmall } from './generate.ts';

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

test('small files are of all kinds and no two are the same', async () => {
  const files = await generateSmall(200);
  assert.deepEqual([files[0]?.name, files[1]?.name, files[199]?.name], ['note-001.md', 'note-002.json', 'note-200.json']);
  assert.equal(new Set(files.map(({ content }) => text(content))).size, 200);
  assert.ok(files.every(({ content }) => content.length > 300 && content.length < 1600));
});
