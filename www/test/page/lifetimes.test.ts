/** Claim: how long objects live is shown by call site out of the log of the real demo, and is what the log says; where the log is empty, a button fills it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { LogEntry } from '../../model/records.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { QUIET, REPORT } from '../fake-audit.ts';
import { faked, told } from './faked.ts';
import { generated, launch, open, show, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** The calls that the page read. */
async function calls(page: Page): Promise<readonly LogEntry[]> {
  const found = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.diagnosis.calls.value);
  assert.ok(found !== undefined && 'list' in found, JSON.stringify(found));
  return found.list.entries;
}

/** Site, and whether it was given back, of each request: looks for the next call with the same address. */
function fates(entries: readonly LogEntry[]): { site: number; life: number | undefined; bytes: number }[] {
  const oldest = [...entries].reverse().filter(({ event }) => event === 'alloc' || event === 'free');
  return oldest.flatMap(({ event, site, size, address, operation }, index) => {
    if (event !== 'alloc') return [];
    const next = oldest.slice(index + 1).find((entry) => entry.address === address);
    return [{ site, bytes: size, life: next === undefined ? undefined : next.operation - operation }];
  });
}

const cells = (page: Page, column: number): Promise<string[]> => texts(page, `lifetimes-table tbody td:nth-child(${column})`);
const whole = (text: string): number => Number(text.replaceAll(',', ''));
const rows = (page: Page): Promise<number[]> => page.locator('lifetimes-table tbody tr').evaluateAll((all) => all.map((row) => Number(row.getAttribute('data-site'))));

/** Compares the table with the calls that the page read, each looked up by itself. */
async function compared(page: Page): Promise<{ held: number; back: number; lost: boolean }> {
  await page.locator('lifetimes-table tbody tr').first().waitFor();
  const entries = await calls(page);
  const known = fates(entries);
  const listed = entries.filter(({ event }) => ['alloc', 'free', 'realloc'].includes(event));
  assert.equal(listed.some(({ event }) => event === 'realloc'), false, 'in a mode that logs calls, a realloc is a request and a free');
  const based = /^Based on ([\d,]+) calls in the log, the last ([\d,]+) operations/.exec(await page.locator('[data-lives="based"]').innerText());
  const operations = listed.map(({ operation }) => operation);
  assert.deepEqual([based?.[1], based?.[2]].map((text) => whole(text ?? '')), [listed.length, Math.max(...operations) - Math.min(...operations) + 1]);
  const sites = await rows(page);
  const shown = sites.map((id) => known.filter(({ site }) => site === id));
  assert.equal(sites.length, Math.min(200, new Set(known.map(({ site }) => site)).size));
  const [back, held] = [(await cells(page, 2)).map(whole), (await cells(page, 3)).map(whole)];
  assert.deepEqual(back, shown.map((all) => all.filter(({ life }) => life !== undefined).length));
  assert.deepEqual(held, shown.map((all) => all.filter(({ life }) => life === undefined).length));
  const temporary = shown.map((all) => all.reduce((sum, { life, bytes }) => sum + (life !== undefined && life <= 100 ? bytes : 0), 0));
  const titles = await page.locator('lifetimes-table tbody td:nth-child(5)').evaluateAll((all) => all.map((cell) => cell.getAttribute('title')));
  assert.deepEqual(titles.map((title) => whole(/^[\d,]+/.exec(title ?? '')?.[0] ?? '')), temporary);
  assert.ok(Math.max(...temporary) > 0 && temporary.every((bytes, index) => bytes <= (temporary[index - 1] ?? Infinity)), 'the most temporary bytes come first');
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return { held: sum(held), back: sum(back), lost: await page.locator('[data-lives="apart"]').count() > 0 };
}

test('a form of the page turns the log on, and the table is what the log of the demo says', async () => {
  const { page, complaints } = await open(browser);
  await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.recorder?.diagnosis.configure('sample=1k'));
  await generated(page, 'markdown', 1);
  await show(page, 'sites');
  await page.locator('lifetimes-table').getByText('The log has no calls yet').waitFor();
  await page.getByRole('button', { name: 'Show the modes' }).click();
  await page.getByLabel('Text for the module').fill('audit=audit+sites;sample=off');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await page.locator('demo-panel input[type="file"]').setInputFiles({ name: 'small.csv', mimeType: 'text/csv', buffer: Buffer.from('stone,weight\nslate,12\nmarble,7\n') });
  await page.locator('demo-panel .documents li').nth(1).waitFor();
  await show(page, 'sites');
  const small = await compared(page);
  assert.ok(small.back > 50 && small.held > 5 && !small.lost, JSON.stringify(small));
  // More calls than the log has room for: of what it lost, no lifetime is known.
  await page.getByRole('button', { name: /\.json$/ }).first().click();
  await page.locator('demo-panel .documents li').nth(2).waitFor();
  await show(page, 'log');
  await show(page, 'sites');
  const large = await compared(page);
  assert.ok(large.back > 50 && large.lost, JSON.stringify(large));
  const lost = await page.locator('[data-lives="apart"]').innerText();
  const entries = await calls(page);
  const unmade = entries.filter(({ event, address, operation }) => event === 'free' && !entries.some((entry) => entry.event === 'alloc' && entry.address === address && entry.operation < operation));
  assert.ok(lost.startsWith(`No lifetime is known of ${unmade.length.toLocaleString('en-US')} objects whose request is not in the log.`), lost);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('heads sort and turn, a name opens the site, and its details say the same', async () => {
  const { page, complaints } = await faked(browser);
  await show(page, 'sites');
  await page.locator('lifetimes-table tbody tr').first().waitFor();
  for (const [key, column] of [['back', 2], ['held', 3]] as const) {
    await page.locator(`lifetimes-table button[data-column="${key}"]`).click();
    const largest = (await cells(page, column)).map(whole);
    assert.deepEqual(largest, largest.toSorted((a, b) => b - a), key);
    await page.locator(`lifetimes-table button[data-column="${key}"]`).press('Enter');
    assert.deepEqual((await cells(page, column)).map(whole), largest.toSorted((a, b) => a - b), `${key}, turned`);
    assert.equal(await page.locator('lifetimes-table th[aria-sort="ascending"]').count(), 1);
  }
  await page.locator('lifetimes-table button[data-column="name"]').click();
  const names = await texts(page, 'lifetimes-table tbody button');
  assert.deepEqual(names, names.toSorted((a, b) => a.localeCompare(b, 'en')));
  await page.locator('lifetimes-table tbody button', { hasText: 'demo::json::Parser::string' }).click();
  assert.match(await page.locator('site-details h2').innerText(), /^demo::json::Parser::string/);
  const row = page.locator('lifetimes-table tr[data-site="2"] td');
  assert.match(await page.locator('site-details dl').innerText(), new RegExp(`Given back\\s+${await row.nth(0).innerText()} of \\d+ in the log`));
  assert.match(await page.locator('site-details dl').innerText(), /Lives\s+40 ops median, 280 ops nine of ten, 280 ops longest\s+Temporary\s+112.B 32\.6 %/);
  assert.match(await page.locator('[data-lives="based"]').innerText(), /; 1,148 older ones are not\.$/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('an empty log has a button that fills it; one that cannot be read is said in its place only', async () => {
  const { page } = await faked(browser);
  await page.evaluate(() => { if (window.fakeHeap !== undefined) window.fakeHeap.entries = []; });
  await show(page, 'sites');
  await page.getByRole('button', { name: 'Log calls with their sites' }).click();
  assert.deepEqual(await page.evaluate(() => window.fakeHeap?.configured), ['audit=audit+sites']);
  assert.match(await page.locator('lifetimes-table [role="status"]').innerText(), /^Waiting/);
  await page.evaluate(() => { if (window.fakeHeap !== undefined) window.fakeHeap.log = () => { throw new Error('the log at 0x00012340 is damaged'); }; });
  await show(page, 'caches');
  await told(page, { ...REPORT, logs: [{ name: 'transactions', entries: 1211, kept: 62, bytes: 65_536 }] });
  await show(page, 'sites');
  assert.equal(await page.locator('lifetimes-table [role="alert"]').innerText(), 'The log cannot be read: the log at 0x00012340 is damaged');
  await page.locator('site-table tbody tr').first().waitFor();
  await show(page, 'caches');
  await told(page, QUIET);
  await show(page, 'sites');
  await page.getByText('Nobody is on record').waitFor();
  assert.equal(await page.locator('lifetimes-table').count(), 0, 'nothing of lifetimes where nothing is on record');
  await page.context().close();
});
