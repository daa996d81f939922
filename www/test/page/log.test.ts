/** Claim: the log is filtered by all that an entry has, says what is gone, tells what happened to an address, and is saved as a trace. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { ENTRIES } from '../fake-audit.ts';
import { faked } from './faked.ts';
import { launch, show, texts, type Opened } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function opened(): Promise<Opened> {
  const found = await faked(browser);
  await show(found.page, 'log');
  await found.page.locator('log-table tbody tr').first().waitFor();
  return found;
}

const events = (page: Page): Promise<string[]> => texts(page, 'log-table td.event');

test('entries are the newest first, and what was overwritten is said', async () => {
  const { page, complaints } = await opened();
  const sequences = await page.locator('log-table tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-sequence'))));
  assert.deepEqual(sequences, ENTRIES.map(({ sequence }) => sequence));
  assert.equal(await page.locator('log-table .status [role="status"]').innerText(), '70 entries. 1,148 older entries were overwritten.');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('each part of the bar narrows the list, and all of it comes back', async () => {
  const { page } = await opened();
  await page.getByLabel('transactions').uncheck();
  assert.deepEqual(await events(page), ['contents', 'slab gone', 'injected', 'failure', 'slab made']);
  await page.getByLabel('slabs').uncheck();
  assert.deepEqual(await events(page), ['contents', 'injected', 'failure']);
  await page.getByLabel('Event').selectOption('failure');
  assert.deepEqual(await events(page), ['failure']);
  await page.getByRole('button', { name: 'Show all' }).click();
  assert.equal((await events(page)).length, ENTRIES.length);
  await page.getByLabel('Cache').selectOption('tokens');
  assert.deepEqual(await events(page), ['free', 'slab gone']);
  await page.getByLabel('Cache').selectOption({ label: 'none: the front end' });
  assert.ok((await texts(page, 'log-table tbody tr td:nth-child(6)')).every((cache) => cache === '–'));
  await page.getByLabel('Cache').selectOption('');
  await page.getByLabel('First operation').fill('1,312,000');
  await page.getByLabel('First operation').press('Enter');
  await page.getByLabel('Operation after the last').fill('1,312,100');
  await page.getByLabel('Operation after the last').press('Enter');
  assert.deepEqual(await events(page), ['injected', 'failure']);
  await page.getByLabel('Operation after the last').fill('5');
  await page.getByLabel('Operation after the last').press('Enter');
  assert.match(await page.locator('log-table [role="alert"]').innerText(), /No operation is both/);
  await page.context().close();
});

test('an address tells what happened to it, and leads to the map and to the site', async () => {
  const { page } = await opened();
  await page.locator('log-table tbody tr[data-sequence="98"] td button').first().click();
  assert.deepEqual(await texts(page, 'history-list .what'), ['released', 'free', 'contents', 'alloc', 'slab made']);
  assert.match(await page.locator('history-list .contents .kept').first().innerText(), /^GET \/documents\/survey\.csv/);
  assert.match(await page.locator('log-view .about').innerText(), /was last asked for by\s+demo::json::Parser::string/);
  await page.locator('log-view .about button.site').click();
  assert.match(await page.locator('site-details h2').innerText(), /^demo::json::Parser::string/);
  await show(page, 'log');
  await page.locator('log-view form').getByLabel('Address').fill('marble');
  await page.getByRole('button', { name: 'Tell me' }).click();
  assert.match(await page.locator('log-view [role="alert"]').innerText(), /no address/);
  await page.locator('log-view form').getByLabel('Address').fill('0x180044');
  await page.getByRole('button', { name: 'Tell me' }).click();
  assert.equal(await page.locator('log-view [role="alert"]').count(), 0);
  await page.locator('log-view .about button').first().click();
  assert.match(await page.locator('address-panel h3').innerText(), /^0x00180044/);
  assert.match(await page.locator('address-panel .past').innerText(), /alloc of/);
  await page.locator('address-panel').getByRole('button', { name: 'Show in the log' }).click();
  await page.locator('log-view history-list li').first().waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  assert.equal(await page.locator('history-list').count(), 0);
  await page.context().close();
});

test('the log is saved as a trace; where it cannot be, the page says why', async () => {
  const { page, complaints } = await opened();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a trace' }).click();
  const download = await coming;
  assert.equal(download.suggestedFilename(), 'log.trace');
  assert.equal(await readFile(await download.path(), 'utf8'), 'a trace');
  await page.evaluate(() => {
    if (window.fakeHeap !== undefined) window.fakeHeap.trace = () => { throw new Error('there is no log of transactions'); };
  });
  await page.getByRole('button', { name: 'Save as a trace' }).click();
  assert.equal(await page.locator('log-view [role="alert"]').innerText(), 'there is no log of transactions');
  assert.deepEqual(complaints, []);
  await page.context().close();
});
