/** Claim: the verdict agrees with what was done to the program, opens what it rests on, and what is looked at can be searched for and sent on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { InspectorApp } from '../../views/inspector-app.ts';
import type { Verdict } from '../../model/records.ts';
import { generated, launch, open, show, URL_OF_PAGE } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

/** The verdict on the heap as it is now, which the page shows, too. */
async function judged(page: Page): Promise<Verdict> {
  await page.waitForTimeout(1300);
  const verdict = await page.evaluate(() => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    app?.recorder?.take();
    return app?.state?.verdict.value;
  });
  if (verdict === undefined) throw new Error('There is no verdict.');
  await page.waitForTimeout(100);
  const shown = await page.locator('verdict-card .verdict').innerText();
  assert.equal(shown.replace(/\u00a0/g, ' '), verdict.sentence);
  assert.equal(verdict.findings.reduce((sum, { bytes }) => sum + bytes, 0), verdict.memoryBytes);
  return verdict;
}

test('what is open is held, and what was closed was a peak', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'json', 5);
  const held = await judged(page);
  assert.ok(held.cause === 'live' || held.cause === 'growth', held.sentence);
  await page.getByRole('button', { name: /^Close .*json/ }).click();
  await page.getByRole('button', { name: 'Give memory back' }).click();
  const closed = await judged(page);
  assert.equal(closed.cause, 'peak', closed.sentence);
  assert.match(closed.sentence, /^[\d.]+ MiB of [\d.]+ MiB \(\d+ %\) is free in .* it was needed at a peak .*cannot shrink\.$/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('few documents that stay open among many pin pages', async () => {
  const { page } = await open(browser);
  for (let round = 0; round < 4; round += 1) await page.getByRole('button', { name: 'Open 200 small documents' }).click();
  await page.getByRole('button', { name: 'Close most of them' }).click();
  await page.getByRole('button', { name: 'Give memory back' }).click();
  const { findings, pins } = await judged(page);
  const scattered = findings.find(({ cause }) => cause === 'fragmentation')?.bytes ?? 0;
  const waiting = findings.find(({ cause }) => cause === 'hoarding')?.bytes ?? 0;
  assert.ok(scattered > waiting, JSON.stringify(findings.map(({ cause, bytes }) => [cause, bytes])));
  assert.ok(pins.list.every((pinned) => pinned.objects.length >= 1 && pinned.objects.length <= 16));
  await page.context().close();
});

test('evidence opens where it can be looked at', async () => {
  const { page } = await open(browser);
  await generated(page, 'json', 2);
  const { findings } = await judged(page);
  await page.locator('verdict-card summary').first().click();
  const cache = findings.flatMap(({ evidence }) => evidence).find((evidence) => evidence.view === 'caches' && evidence.cache !== undefined);
  assert.ok(cache?.cache !== undefined);
  await page.locator('verdict-card li button', { hasText: cache.sentence.replace(/(\d) (B|KiB|MiB)/g, '$1\u00a0$2') }).first().click();
  assert.equal(await page.locator('#tab-caches').getAttribute('aria-selected'), 'true');
  assert.equal(await page.locator('cache-table input[type="search"], cache-table input[type="text"]').first().inputValue(), cache.cache);
  await page.context().close();
});

test('a search leads to an address, and its link leads there again', async () => {
  const { page } = await open(browser);
  await page.keyboard.press('/');
  await page.keyboard.type('0x100010');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#tab-map').getAttribute('aria-selected'), 'true');
  const link = new URL(page.url());
  assert.equal(link.hash, '#view=map&address=0x00100010');
  const other = await (await browser.newContext()).newPage();
  await other.goto(URL_OF_PAGE + link.hash);
  await other.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.phase.value.kind === 'attached');
  const seen = await other.evaluate(() => {
    const state = document.querySelector<InspectorApp>('inspector-app')?.state;
    return [state?.tab.value, state?.chosen.value];
  });
  assert.deepEqual(seen, ['map', 0x100010]);
  await other.evaluate(() => { location.hash = '#view=nonsense&address=<img>'; });
  await other.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.tab.value === 'overview');
  await other.context().close();
  await page.context().close();
});

test('the search box lists what fits, by keys, and says where nothing does', async () => {
  const { page } = await open(browser);
  await generated(page, 'json', 1);
  const box = page.getByRole('combobox', { name: /^Search/ });
  await box.fill('map');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.locator('search-box li[aria-selected="true"]').count() === 1);
  await box.fill('no such thing');
  assert.match(await page.locator('search-box ul').innerText(), /Nothing is called that/);
  await page.keyboard.press('Escape');
  assert.equal(await box.inputValue(), '');
  await show(page, 'caches');
  assert.match(page.url(), /#view=caches$/);
  await page.context().close();
});
