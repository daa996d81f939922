/** Claim: the overview's figures belong together, taking samples changes nothing, and pause and interval do what they say. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { generated, launch, open, recorded, sampled, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('samples without work between them are the same: reading changes no counter', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'json', 1);
  const one = await sampled(page);
  for (const tab of ['caches', 'objects', 'arenas', 'map', 'check', 'overview']) {
    await page.locator(`#tab-${tab}`).click();
    if (tab === 'check') await page.getByRole('button', { name: 'Check now' }).click();
    await page.waitForTimeout(300);
  }
  assert.deepEqual(await sampled(page), one);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the parts of the composition are shown, with shares of 100 % in all', async () => {
  const { page } = await open(browser);
  await generated(page, 'csv', 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  const cells = await texts(page, 'composition-bar dl > div');
  assert.equal(cells.length, 9);
  const shares = cells.map((text) => /([\d.]+) %/.exec(text)?.[1] ?? assert.fail(text)).map(Number);
  const sum = shares.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - 100) < 0.6, `${sum} %`);
  const widths = await page.locator('composition-bar .bar > span').evaluateAll((spans) => spans.map((span) => span.getBoundingClientRect().width));
  const bar = widths.reduce((a, b) => a + b, 0);
  const live = (await sampled(page)).composition.live / (await sampled(page)).memoryBytes;
  assert.ok(Math.abs((widths[0] ?? 0) / bar - live) < 0.05, 'the bar is drawn to scale');
  await page.context().close();
});

test('a pause stops samples, also around work; one can be asked for; resuming goes on', async () => {
  const { page } = await open(browser);
  await page.getByLabel('Sampling interval').selectOption('100');
  await page.getByRole('button', { name: 'Pause' }).click();
  const start = await recorded(page);
  await generated(page, 'json', 1);
  await page.waitForTimeout(700);
  assert.equal((await recorded(page)).samples, start.samples);
  await page.getByRole('button', { name: 'Sample once' }).click();
  assert.equal((await recorded(page)).samples, start.samples + 1);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.waitForTimeout(700);
  assert.ok((await recorded(page)).samples > start.samples + 2);
  await page.context().close();
});

test('a longer interval takes fewer samples', async () => {
  const { page } = await open(browser);
  await page.getByLabel('Sampling interval').selectOption('5000');
  const start = await recorded(page);
  await page.waitForTimeout(1000);
  assert.ok((await recorded(page)).samples <= start.samples + 1);
  await page.getByLabel('Sampling interval').selectOption('100');
  await page.waitForTimeout(1000);
  assert.ok((await recorded(page)).samples >= start.samples + 5);
  await page.context().close();
});

test('the chart is drawn, and has its figures as a table', async () => {
  const { page } = await open(browser);
  await generated(page, 'json', 1);
  await page.waitForTimeout(600);
  const inked = await page.locator('time-chart canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) return 0;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
  });
  assert.ok(inked > 1000, `${inked} pixels`);
  await page.getByText('Figures as a table').click();
  const rows = await texts(page, 'time-chart tbody tr');
  assert.ok(rows.length > 2 && rows.every((row) => /\d (B|KiB|MiB)/.test(row)));
  await page.context().close();
});

test('words explain themselves on hover and on focus', async () => {
  const { page } = await open(browser);
  const term = page.locator('composition-bar term-hint', { hasText: 'In magazines' });
  await term.hover();
  assert.ok(await term.locator('[role="tooltip"]').isVisible());
  await page.mouse.move(0, 0);
  assert.ok(!(await term.locator('[role="tooltip"]').isVisible()));
  await term.locator('dfn').focus();
  assert.match(await term.locator('[role="tooltip"]').innerText(), /given back/);
  await page.keyboard.press('Escape');
  assert.ok(!(await term.locator('[role="tooltip"]').isVisible()));
  await page.context().close();
});

test('the check finds no problem in a heap at work', async () => {
  const { page } = await open(browser);
  await generated(page, 'json', 1);
  await page.locator('#tab-check').click();
  await page.getByRole('button', { name: 'Check now' }).click();
  assert.match(await page.locator('check-view .notice').innerText(), /^No problem found in [\d,]+ segments?, [\d,]+ slabs?, [\d,]+ objects? and [\d,]+ caches?\.$/);
  await page.context().close();
});
